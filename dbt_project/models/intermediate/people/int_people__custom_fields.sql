-- Each added field with the additional field of customers that it becomes.
with custom_fields as (
    select * from {{ ref('stg_sonar__custom_fields') }}
),

options as (
    select
        custom_fields._sonar_key,
        string_agg(options.value, ',' order by options.place) as select_values,
        bool_or(position(',' in options.value) > 0) as has_comma
    from custom_fields
    cross join
        jsonb_array_elements_text(custom_fields.enum_options)
        with ordinality as options (value, place)
    group by custom_fields._sonar_key
),

-- Splynx separates choices by commas: a choice with a comma in it leaves the field a plain text.
final as (
    select
        custom_fields._sonar_key,
        custom_fields.sonar_custom_field_id,
        'sonar_cf_' || custom_fields.sonar_custom_field_id as name,
        custom_fields.field_name as title,
        custom_fields.field_type,
        case
            when custom_fields.field_type = 'BOOLEAN' then 'boolean'
            when custom_fields.field_type = 'DATE' then 'date'
            when custom_fields.field_type <> 'TEXT' then null
            when options.has_comma is false then 'select'
            else 'string'
        end as splynx_type,
        case
            when custom_fields.field_type = 'TEXT' and options.has_comma is false
                then options.select_values
        end as select_values,
        case
            when custom_fields.owner_type <> 'Account' then 'field_owner_not_mapped'
        end as exclude_rule,
        case
            when custom_fields.owner_type <> 'Account' then null
            when custom_fields.field_name is null then 'missing_title'
            when length(custom_fields.field_name) > 128 then 'title_too_long'
            when
                custom_fields.field_type is null
                or custom_fields.field_type not in ('BOOLEAN', 'DATE', 'TEXT')
                then 'unmapped_field_type'
            when octet_length(options.select_values) > 65535 then 'options_too_long'
        end as reject_reason
    from custom_fields
    left join options on custom_fields._sonar_key = options._sonar_key
)

select * from final
