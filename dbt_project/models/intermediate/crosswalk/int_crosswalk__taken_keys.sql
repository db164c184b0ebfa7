-- Logins and titles that a row which is not ours uses in the target.
with business_keys as (
    select * from {{ ref('stg_splynx__business_keys') }}
),

fixed as (
    select * from {{ ref('int_crosswalk__fixed') }}
),

final as (
    select distinct
        business_keys.table_name as entity,
        business_keys.column_name,
        business_keys.value
    from business_keys
    where
        business_keys.value <> ''
        and not exists (
            select 1
            from fixed
            where fixed.entity = business_keys.table_name and fixed.target_id = business_keys.id
        )
)

select * from final
