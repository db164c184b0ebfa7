with sites as (
    select *
    from {{ ref('int_network__sites') }}
    where reject_reason is null and exclude_rule is null
),

site_ids as (
    {{ planned_ids('network_sites') }}
),

final as (
    select
        sites._sonar_key,
        site_ids.planned_id as id,
        sites.title::varchar as title,
        sites.description::text as description,
        sites.address::varchar as address,
        sites.gps::varchar as gps,
        {{ var('default_location_id') }}::bigint as location_id
    from sites
    left join site_ids on sites._sonar_key = site_ids._sonar_key
)

select * from final
