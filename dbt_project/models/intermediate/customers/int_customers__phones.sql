-- The numbers of each contact in one text: those that go on, and those that do not fit.
with phone_numbers as (
    select *
    from {{ ref('int_customers__phone_numbers') }}
    where reject_reason is null and phone is not null
),

final as (
    select
        sonar_contact_id,
        string_agg(phone, ',' order by sonar_phone_number_id)
            filter (where exclude_rule is null) as phones,
        string_agg(phone, ',' order by sonar_phone_number_id)
            filter (where exclude_rule = 'phone_does_not_fit') as other_phones
    from phone_numbers
    group by sonar_contact_id
)

select * from final
