-- Every assignment of an address with the one whose it is, along the way from the record that it hangs
-- on: an account, a network site, or nobody (a device in stock, in a vehicle, at a free address).
with assignments as (
    select
        'ip_assignments' as collection,
        _sonar_key,
        1 as source_rank,
        sonar_ip_assignment_id as source_id,
        owner_type,
        owner_id,
        sonar_account_service_id,
        sonar_ip_pool_id,
        is_dynamic,
        description,
        reference,
        {{ ip_network('address') }} as address
    from {{ ref('stg_sonar__ip_assignments') }}
    union all
    select
        'account_ip_assignments' as collection,
        _sonar_key,
        2 as source_rank,
        null as source_id,
        'Account' as owner_type,
        sonar_account_id as owner_id,
        null as sonar_account_service_id,
        null as sonar_ip_pool_id,
        false as is_dynamic,
        null as description,
        null as reference,
        {{ ip_network('address') }} as address
    from {{ ref('stg_sonar__account_ip_assignments') }}
),

radius_accounts as (
    select * from {{ ref('stg_sonar__radius_accounts') }}
),

macs as (
    select * from {{ ref('stg_sonar__uninventoried_mac_addresses') }}
),

field_data as (
    select * from {{ ref('stg_sonar__inventory_model_field_data') }}
),

items as (
    select * from {{ ref('stg_sonar__inventory_items') }}
),

addresses as (
    select * from {{ ref('stg_sonar__addresses') }}
),

sites as (
    select * from {{ ref('stg_sonar__network_sites') }}
),

-- A device stands at an address, at a site or elsewhere; its addresses go where it stands.
standing as (
    select
        items.sonar_inventory_item_id,
        items.sonar_account_service_id,
        case
            when items.owner_type = 'Address' and addresses.sonar_address_id is null
                then 'owner_missing'
            when items.owner_type = 'Address' and addresses.owner_type = 'Account' then 'account'
            when items.owner_type = 'Address' and addresses.owner_type = 'NetworkSite' then 'site'
            when items.owner_type = 'NetworkSite' and sites.sonar_network_site_id is null
                then 'owner_missing'
            when items.owner_type = 'NetworkSite' then 'site'
            else 'nobody'
        end as holder,
        case when items.owner_type = 'Address' then addresses.owner_id else items.owner_id end
            as holder_id
    from items
    left join addresses
        on items.owner_type = 'Address' and items.owner_id = addresses.sonar_address_id
    left join sites
        on items.owner_type = 'NetworkSite' and items.owner_id = sites.sonar_network_site_id
),

-- A mask on an address of a host says which network it is in; the address is the host's.
normal as (
    select
        collection,
        _sonar_key,
        source_rank,
        source_id,
        owner_type,
        owner_id,
        sonar_account_service_id,
        sonar_ip_pool_id,
        is_dynamic,
        description,
        reference,
        case
            when host(address) <> host(network(address)) then host(address)::inet
            else network(address)::inet
        end as address
    from assignments
),

found as (
    select
        normal.*,
        radius_accounts.sonar_radius_account_id,
        standing.sonar_inventory_item_id,
        case normal.owner_type
            when 'Account' then 'account'
            when 'RadiusAccount'
                then case
                    when radius_accounts.sonar_radius_account_id is null then 'owner_missing'
                    else 'account'
                end
            when 'UninventoriedMacAddress'
                then case
                    when macs.sonar_mac_address_id is null then 'owner_missing' else 'account'
                end
            when 'NetworkSite'
                then case
                    when sites.sonar_network_site_id is null then 'owner_missing' else 'site'
                end
            else coalesce(standing.holder, 'owner_missing')
        end as holder,
        case normal.owner_type
            when 'Account' then normal.owner_id
            when 'NetworkSite' then normal.owner_id
            when 'RadiusAccount' then radius_accounts.sonar_account_id
            when 'UninventoriedMacAddress' then macs.sonar_account_id
            else standing.holder_id
        end as holder_id,
        coalesce(
            radius_accounts.sonar_account_service_id,
            macs.sonar_account_service_id,
            standing.sonar_account_service_id
        ) as owner_service_id
    from normal
    left join radius_accounts
        on
            normal.owner_type = 'RadiusAccount'
            and normal.owner_id = radius_accounts.sonar_radius_account_id
    left join macs
        on
            normal.owner_type = 'UninventoriedMacAddress'
            and normal.owner_id = macs.sonar_mac_address_id
    left join field_data
        on
            normal.owner_type = 'InventoryModelFieldData'
            and normal.owner_id = field_data.sonar_inventory_field_data_id
    left join standing
        on
            standing.sonar_inventory_item_id = case normal.owner_type
                when 'InventoryItem' then normal.owner_id
                when 'InventoryModelFieldData' then field_data.sonar_inventory_item_id
            end
    left join sites
        on normal.owner_type = 'NetworkSite' and normal.owner_id = sites.sonar_network_site_id
),

final as (
    select
        collection,
        _sonar_key,
        source_rank,
        source_id,
        owner_type as path,
        holder,
        case when holder = 'account' then holder_id end as sonar_account_id,
        case when holder = 'site' then holder_id end as sonar_network_site_id,
        sonar_inventory_item_id,
        sonar_radius_account_id,
        sonar_account_service_id,
        owner_service_id,
        address,
        family(address) as address_family,
        masklen(address) = case family(address) when 4 then 32 else 128 end as is_host,
        is_dynamic,
        sonar_ip_pool_id,
        description,
        reference
    from found
)

select * from final
