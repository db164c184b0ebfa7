-- The additional fields of customers: ours, then the ones that the tenant added.
with custom_fields as (
    select * from {{ ref('int_people__custom_fields') }}
),

ours as (
    select
        name as _sonar_key,
        name,
        title,
        'string' as splynx_type,
        null::text as select_values,
        place
    from (values
        (1, 'sonar_id', 'Sonar id'),
        (2, 'sonar_bill_day', 'Bill day in Sonar'),
        (3, 'sonar_other_phones', 'More phone numbers')
    ) as fields (place, name, title)
),

rows as (
    select
        _sonar_key,
        name,
        title,
        splynx_type,
        select_values,
        place,
        null::text as exclude_rule,
        null::text as reject_reason
    from ours
    union all
    select
        _sonar_key,
        name,
        title,
        splynx_type,
        select_values,
        1000 + sonar_custom_field_id as place,
        exclude_rule,
        reject_reason
    from custom_fields
),

final as (
    select
        rows._sonar_key,
        rows.name,
        rows.title,
        rows.splynx_type,
        rows.select_values,
        row_number() over (
            partition by coalesce(rows.exclude_rule, rows.reject_reason) is null
            order by rows.place
        ) as position,
        rows.exclude_rule,
        rows.reject_reason
    from rows
)

select * from final
