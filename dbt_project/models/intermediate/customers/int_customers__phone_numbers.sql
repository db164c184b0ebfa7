-- Of the numbers of the contact that goes on, the lowest id goes on.
with phone_numbers as (
    select * from {{ ref('stg_sonar__phone_numbers') }}
),

contacts as (
    select * from {{ ref('int_customers__contacts') }}
),

owned as (
    select
        phone_numbers._sonar_key,
        phone_numbers.sonar_phone_number_id,
        contacts.sonar_contact_id,
        contacts.sonar_account_id,
        nullif(
            concat_ws(' x', phone_numbers.phone_number, phone_numbers.extension), ''
        ) as phone,
        contacts.exclude_rule as contact_rule,
        contacts.reject_reason as contact_reason,
        row_number() over (
            partition by contacts.sonar_contact_id
            order by phone_numbers.sonar_phone_number_id
        ) as place
    from phone_numbers
    left join contacts on phone_numbers.sonar_contact_id = contacts.sonar_contact_id
),

final as (
    select
        owned._sonar_key,
        owned.sonar_phone_number_id,
        owned.sonar_contact_id,
        owned.sonar_account_id,
        owned.phone,
        case
            when owned.contact_rule is not null then owned.contact_rule
            when owned.contact_reason is not null or owned.sonar_contact_id is null then null
            when owned.place > 1 then 'secondary_phone'
        end as exclude_rule,
        case
            when owned.sonar_contact_id is null then 'contact_missing'
            else owned.contact_reason
        end as reject_reason
    from owned
)

select * from final
