with stocks as (
    select *
    from {{ ref('int_inventory__stocks') }}
    where reject_reason is null and exclude_rule is null
),

stock_ids as (
    {{ planned_ids('inventory_stocks') }}
),

final as (
    select
        stocks._sonar_key,
        stock_ids.planned_id as id,
        stocks.stock_name::varchar as name,
        stocks.stock_type::bigint as type,
        '0'::varchar as is_base,
        '0'::varchar as deleted
    from stocks
    left join stock_ids on stocks._sonar_key = stock_ids._sonar_key
)

select * from final
