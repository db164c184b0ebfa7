-- Logins, titles and labels that a row which is not ours uses in the target, with its id; of
-- several rows the lowest.
with business_keys as (
    select * from {{ ref('stg_splynx__business_keys') }}
),

fixed as (
    select * from {{ ref('int_crosswalk__fixed') }}
),

final as (
    select
        business_keys.table_name as entity,
        business_keys.column_name,
        business_keys.value,
        min(business_keys.id) as id
    from business_keys
    where
        business_keys.value <> ''
        and not exists (
            select 1
            from fixed
            where fixed.entity = business_keys.table_name and fixed.target_id = business_keys.id
        )
    group by business_keys.table_name, business_keys.column_name, business_keys.value
)

select * from final
