-- The additional fields of plans and services; all of them are the migration's.
with fields as (
    select *
    from (values
        ('tariffs_internet', 1, 'sonar_id', 'Sonar id', 'string'),
        ('tariffs_custom', 1, 'sonar_id', 'Sonar id', 'string'),
        ('services_internet', 1, 'sonar_id', 'Sonar id', 'string'),
        ('services_internet', 2, 'sonar_start_date', 'Start in Sonar', 'date'),
        ('services_voice', 1, 'sonar_id', 'Sonar id', 'string'),
        ('services_voice', 2, 'sonar_start_date', 'Start in Sonar', 'date'),
        ('services_voice', 3, 'sonar_phone_numbers', 'Phone numbers in Sonar', 'string'),
        ('services_voice', 4, 'sonar_lines', 'Lines and extras in Sonar', 'string'),
        ('services_custom', 1, 'sonar_id', 'Sonar id', 'string'),
        ('services_custom', 2, 'sonar_start_date', 'Start in Sonar', 'date')
    ) as fields (splynx_table, place, name, title, splynx_type)
),

final as (
    select
        name as _sonar_key,
        splynx_table,
        name,
        title,
        splynx_type,
        place as position,
        null::text as exclude_rule,
        null::text as reject_reason
    from fields
)

select * from final
