{% macro networks_of_family(family) -%}
    with networks as (
        select *
        from {{ ref('int_network__merged') }}
        where family = {{ family }}
    ),

    in_use as (
        select
            network_key,
            count(*) {% if family == 4 %}filter (where is_used) {% endif %}as addresses
            {%- if family == 4 %},
            bool_or(is_edge and is_used) as are_edges_used
            {%- endif %}
        from {{ ref('int_network__ipv' ~ family ~ '_addresses') }}
        group by network_key
    ),

    -- A network of networks has what they have.
    in_use_below as (
        select
            networks.parent_key,
            sum(in_use.addresses) as addresses
        from networks
        inner join in_use on networks._sonar_key = in_use.network_key
        group by networks.parent_key
    ),

    final as (
        select
            networks._sonar_key,
            networks.address,
            networks.mask,
            networks.parent_key,
            networks.network_type,
            networks.type_of_usage,
            coalesce(in_use.addresses, in_use_below.addresses, 0) as used,
            {% if family == 4 -%}
                case
                    when networks.mask >= 31 or coalesce(in_use.are_edges_used, false) then '1'
                    else '0'
                end as allow_use_network_and_broadcast,
            {%- endif %}
            case
                when length(networks.network_name) <= 64 then networks.network_name
                else networks.cidr::text
            end as title,
            case when length(networks.network_name) > 64 then networks.network_name end as comment,
            null::text as exclude_rule,
            null::text as reject_reason
        from networks
        left join in_use on networks._sonar_key = in_use.network_key
        left join in_use_below on networks._sonar_key = in_use_below.parent_key
    )

    select * from final
{%- endmacro %}
