-- What became of the records behind sites, networks and routers.
with own_rows as (
    {{ outcomes_of_own_rows('network_sites', 'int_network__sites', 'network_sites') }}
    union all
    {{ outcomes_of_own_rows('inline_devices', 'int_network__routers', 'routers') }}
),

marts_of_networks as (
    {% for mart in ['ipv4_networks', 'ipv6_networks'] %}
        select
            _sonar_key,
            '{{ mart }}' as mart
        from {{ ref(mart) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

networks as (
    select
        networks.collection,
        networks.record_key as _sonar_key,
        networks.collection as entity,
        case
            when networks.reject_reason is not null then 'rejected'
            when marts_of_networks.mart is not null and networks.merge_rule is not null
                then 'merged'
            when marts_of_networks.mart is not null then 'mart'
        end as outcome,
        coalesce(networks.reject_reason, networks.merge_rule) as reason,
        null::text as _customer_key
    from {{ ref('int_network__networks') }} as networks
    left join marts_of_networks on networks.network_key = marts_of_networks._sonar_key
),

pools as (
    select
        'ip_pools' as collection,
        pools._sonar_key,
        'ip_pools' as entity,
        case
            when pools.reject_reason is not null then 'rejected'
            when marts_of_networks.mart is not null then 'merged'
        end as outcome,
        coalesce(pools.reject_reason, 'into_' || marts_of_networks.mart) as reason,
        null::text as _customer_key
    from {{ ref('int_network__pools') }} as pools
    left join marts_of_networks on pools.network_key = marts_of_networks._sonar_key
),

final as (
    select * from own_rows where outcome is not null
    union all
    select * from networks where outcome is not null
    union all
    select * from pools where outcome is not null
)

select * from final
