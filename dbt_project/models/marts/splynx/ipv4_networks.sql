with networks as (
    select *
    from {{ ref('int_network__ipv4') }}
    where reject_reason is null and exclude_rule is null
),

network_ids as (
    {{ planned_ids('ipv4_networks') }}
),

final as (
    select
        networks._sonar_key,
        network_ids.planned_id as id,
        networks.address::varchar as network,
        networks.mask::bigint as mask,
        networks.title::varchar as title,
        networks.comment::varchar as comment,
        {{ var('default_location_id') }}::bigint as location_id,
        {{ var('default_network_category_id') }}::bigint as network_category,
        networks.network_type::varchar as network_type,
        networks.type_of_usage::varchar as type_of_usage,
        networks.allow_use_network_and_broadcast::varchar as allow_use_network_and_broadcast,
        parent_ids.planned_id as parent,
        parent_ids.planned_id as rootnet,
        networks.used::bigint as used
    from networks
    left join network_ids on networks._sonar_key = network_ids._sonar_key
    left join network_ids as parent_ids on networks.parent_key = parent_ids._sonar_key
)

select * from final
