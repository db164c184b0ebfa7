-- Texts of addresses that do not fit into Splynx and were cut, without the texts.
with cuts as (
    {% for table in ['ipv4_networks_ip', 'ipv6_networks_ip'] %}
        {% set model = 'int_network__' ~ table | replace('networks_ip', 'addresses') %}
        {% for column in ['title', 'comment'] %}
            select
                '{{ table }}' as splynx_table,
                _sonar_key,
                '{{ column }}' as column_name,
                binding_key,
                length(whole_{{ column }}) as characters,
                length(whole_{{ column }}) - length({{ column }}) as characters_lost
            from {{ ref(model) }}
            where length(whole_{{ column }}) > length({{ column }})
            {% if not loop.last %}union all{% endif %}
        {% endfor %}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

final as (
    select * from cuts
)

select * from final
