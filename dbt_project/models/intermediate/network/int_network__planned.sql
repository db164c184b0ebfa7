-- What needs an id in the tables of sites, networks, routers and monitoring. Two collections make
-- networks, so these always get new ids.
{% set tables = [
    ('network_sites', 'sites', 'sonar_network_site_id'),
    ('ipv4_networks', 'ipv4', 'null::bigint'),
    ('ipv4_networks_ip', 'ipv4_addresses', 'null::bigint'),
    ('ipv6_networks', 'ipv6', 'null::bigint'),
    ('ipv6_networks_ip', 'ipv6_addresses', 'null::bigint'),
    ('routers', 'routers', 'sonar_inline_device_id'),
    ('monitoring', 'monitoring', 'sonar_inventory_item_id'),
] %}
{% for table, model, sonar_id in tables %}
select
    '{{ table }}' as entity,
    _sonar_key,
    {{ sonar_id }} as sonar_id,
    null::bigint as matched_id
from {{ ref('int_network__' ~ model) }}
where exclude_rule is null and reject_reason is null
{% if not loop.last %}union all{% endif %}
{% endfor %}
