with routers as (
    select *
    from {{ ref('int_network__routers') }}
    where reject_reason is null and exclude_rule is null
),

router_ids as (
    {{ planned_ids('routers') }}
),

final as (
    select
        routers._sonar_key,
        router_ids.planned_id as id,
        routers.title::varchar as title,
        routers.model::varchar as model,
        routers.nas_type::bigint as nas_type,
        {{ var('default_location_id') }}::bigint as location_id,
        null::varchar as address,
        routers.ip::varchar as ip,
        null::varchar as radius_secret,
        routers.ip::varchar as nas_ip,
        'none'::varchar as authorization_method,
        'none'::varchar as accounting_method
    from routers
    left join router_ids on routers._sonar_key = router_ids._sonar_key
)

select * from final
