-- Every place that becomes a stock: warehouses and places in them, vehicles, sites that hold
-- equipment, and one for what stands at addresses of nobody.
with inventory_locations as (
    select * from {{ ref('stg_sonar__inventory_locations') }}
),

internal_locations as (
    select * from {{ ref('stg_sonar__internal_locations') }}
),

vehicles as (
    select * from {{ ref('stg_sonar__vehicles') }}
),

network_sites as (
    select * from {{ ref('stg_sonar__network_sites') }}
),

map_owners as (
    select * from {{ ref('map_inventory_owners') }}
),

used as (
    select distinct stock_key
    from {{ ref('int_inventory__places') }}
    where place in ('network_site', 'free_address')
),

-- A shelf is told by its warehouse too, where both fit.
named_internal_locations as (
    select
        internal_locations._sonar_key,
        internal_locations.sonar_internal_location_id,
        internal_locations.location_name,
        internal_locations.location_name
        || coalesce(' (' || inventory_locations.location_name || ')', '') as long_name
    from internal_locations
    left join inventory_locations
        on
            internal_locations.sonar_inventory_location_id
            = inventory_locations.sonar_inventory_location_id
),

places as (
    select
        'inventory_location:' || sonar_inventory_location_id as _sonar_key,
        'inventory_location' as place,
        'inventory_locations' as collection,
        _sonar_key as record_key,
        location_name as stock_name
    from inventory_locations
    union all
    select
        'internal_location:' || sonar_internal_location_id as _sonar_key,
        'internal_location' as place,
        'internal_locations' as collection,
        _sonar_key as record_key,
        case when length(long_name) > 128 then location_name else long_name end as stock_name
    from named_internal_locations
    union all
    select
        'vehicle:' || sonar_vehicle_id as _sonar_key,
        'vehicle' as place,
        'vehicles' as collection,
        _sonar_key as record_key,
        vehicle_name as stock_name
    from vehicles
    union all
    select
        used.stock_key as _sonar_key,
        'network_site' as place,
        null::text as collection,
        network_sites._sonar_key as record_key,
        network_sites.site_name as stock_name
    from used
    inner join network_sites
        on used.stock_key = 'network_site:' || network_sites.sonar_network_site_id
    union all
    select
        used.stock_key as _sonar_key,
        'free_address' as place,
        null::text as collection,
        null::text as record_key,
        'At addresses without a customer' as stock_name
    from used
    where used.stock_key = 'free_addresses'
),

final as (
    select
        places._sonar_key,
        places.place,
        places.collection,
        places.record_key,
        places.stock_name,
        map_owners.stock_type,
        null::text as exclude_rule,
        case
            when places.stock_name is null then 'missing_name'
            when length(places.stock_name) > 128 then 'name_too_long'      -- inventory_stocks.name
            when map_owners.stock_type is null then 'unmapped_owner'
        end as reject_reason
    from places
    left join map_owners on places.place = map_owners.place
)

select * from final
