-- Where each piece of equipment is: with a customer, with a user, or in a stock. `stock_key` is the
-- stock that it lies in; what is with people lies in the default one, because Splynx wants one.
with items as (
    select * from {{ ref('stg_sonar__inventory_items') }}
),

addresses as (
    select * from {{ ref('stg_sonar__addresses') }}
),

-- The owner of an address is the owner of what stands there.
owned as (
    select
        items._sonar_key,
        items.sonar_inventory_item_id,
        items.owner_type,
        items.owner_id,
        addresses.sonar_address_id,
        case
            when items.owner_type <> 'Address' or addresses.sonar_address_id is null then null
            when
                addresses.owner_id is not null
                and addresses.owner_type in ('Account', 'NetworkSite', 'InventoryLocation')
                then addresses.owner_type
            else 'nobody'
        end as address_of,
        addresses.owner_id as address_owner_id
    from items
    left join addresses
        on items.owner_id = addresses.sonar_address_id and items.owner_type = 'Address'
),

placed as (
    select
        owned._sonar_key,
        owned.sonar_inventory_item_id,
        owned.owner_type,
        owned.owner_id,
        owned.sonar_address_id,
        owned.address_owner_id,
        case
            when owned.address_of = 'Account' then 'customer'
            when owned.address_of = 'nobody' then 'free_address'
            when owned.owner_type = 'NetworkSite' or owned.address_of = 'NetworkSite'
                then 'network_site'
            when
                owned.owner_type = 'InventoryLocation'
                or owned.address_of = 'InventoryLocation'
                then 'inventory_location'
            when owned.owner_type = 'InternalLocation' then 'internal_location'
            when owned.owner_type = 'Vehicle' then 'vehicle'
            when owned.owner_type = 'User' then 'user'
            when owned.owner_type = 'GenericInventoryAssignee' then 'assignee'
            when owned.owner_type = 'Address' then 'missing_address'
        end as place
    from owned
),

final as (
    select
        placed._sonar_key,
        placed.sonar_inventory_item_id,
        placed.owner_type,
        placed.owner_id,
        placed.place,
        placed.sonar_address_id,
        case when placed.place = 'customer' then placed.address_owner_id end as sonar_account_id,
        case when placed.place = 'user' then placed.owner_id end as sonar_user_id,
        case
            when placed.place in ('customer', 'user', 'assignee') then 'default'
            when placed.place = 'free_address' then 'free_addresses'
            when placed.place in ('network_site', 'inventory_location')
                then
                    placed.place || ':'
                    || case
                        when placed.owner_type = 'Address' then placed.address_owner_id
                        else placed.owner_id
                    end
            when placed.place in ('internal_location', 'vehicle')
                then placed.place || ':' || placed.owner_id
        end as stock_key
    from placed
)

select * from final
