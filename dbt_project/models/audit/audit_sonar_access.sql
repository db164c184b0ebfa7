-- With what each account is known in the network of Sonar: user names, hardware addresses, addresses.
-- Read from the records alone, by other code than the models that move them.
with radius_accounts as (
    select * from {{ ref('stg_sonar__radius_accounts') }}
),

macs as (
    select * from {{ ref('stg_sonar__uninventoried_mac_addresses') }}
),

devices as (
    select
        items.sonar_inventory_item_id,
        addresses.owner_id as sonar_account_id,
        items.sonar_account_service_id,
        items.item_status
    from {{ ref('stg_sonar__inventory_items') }} as items
    inner join {{ ref('stg_sonar__addresses') }} as addresses
        on
            items.owner_type = 'Address'
            and items.owner_id = addresses.sonar_address_id
            and addresses.owner_type = 'Account'
),

fields_of_devices as (
    select
        field_data._sonar_key,
        field_data.sonar_inventory_field_data_id,
        devices.sonar_account_id,
        devices.sonar_account_service_id,
        devices.item_status,
        fields.field_type,
        lower(regexp_replace(field_data.field_value, '[^0-9A-Za-z]', '', 'g')) as value
    from {{ ref('stg_sonar__inventory_model_field_data') }} as field_data
    inner join devices on field_data.sonar_inventory_item_id = devices.sonar_inventory_item_id
    left join {{ ref('stg_sonar__inventory_model_fields') }} as fields
        on field_data.sonar_inventory_model_field_id = fields.sonar_inventory_model_field_id
),

owners as (
    select
        'RadiusAccount' as owner_type,
        sonar_radius_account_id as owner_id,
        sonar_account_id,
        sonar_account_service_id
    from radius_accounts
    union all
    select
        'UninventoriedMacAddress' as owner_type,
        sonar_mac_address_id as owner_id,
        sonar_account_id,
        sonar_account_service_id
    from macs
    union all
    select
        'InventoryItem' as owner_type,
        sonar_inventory_item_id as owner_id,
        sonar_account_id,
        sonar_account_service_id
    from devices
    union all
    select
        'InventoryModelFieldData' as owner_type,
        sonar_inventory_field_data_id as owner_id,
        sonar_account_id,
        sonar_account_service_id
    from fields_of_devices
    union all
    select
        'Account' as owner_type,
        sonar_account_id as owner_id,
        sonar_account_id,
        null as sonar_account_service_id
    from {{ ref('stg_sonar__accounts') }}
),

of_logins as (
    select
        'login' as kind,
        'radius_accounts' as collection,
        _sonar_key,
        sonar_account_id,
        sonar_account_service_id,
        lower(username) as value,
        false as is_dynamic,
        null::bigint as sonar_ip_pool_id
    from radius_accounts
    where username is not null
),

of_macs as (
    select
        'mac' as kind,
        'uninventoried_mac_addresses' as collection,
        _sonar_key,
        sonar_account_id,
        sonar_account_service_id,
        lower(regexp_replace(mac_address, '[^0-9A-Za-z]', '', 'g')) as value,
        false as is_dynamic,
        null::bigint as sonar_ip_pool_id
    from macs
    where mac_address is not null
    union all
    select
        'mac' as kind,
        'inventory_model_field_data' as collection,
        _sonar_key,
        sonar_account_id,
        sonar_account_service_id,
        value,
        false as is_dynamic,
        null as sonar_ip_pool_id
    from fields_of_devices
    where
        field_type = 'MAC_ADDRESS'
        and item_status is distinct from 'LOST'
        and value ~ '^[0-9a-f]{12}$'
),

of_addresses as (
    select
        'address' as kind,
        'ip_assignments' as collection,
        assignments._sonar_key,
        owners.sonar_account_id,
        coalesce(assignments.sonar_account_service_id, owners.sonar_account_service_id)
            as sonar_account_service_id,
        lower(assignments.address) as value,
        assignments.is_dynamic,
        assignments.sonar_ip_pool_id
    from {{ ref('stg_sonar__ip_assignments') }} as assignments
    inner join owners
        on
            assignments.owner_type = owners.owner_type
            and assignments.owner_id = owners.owner_id
    union all
    select
        'address' as kind,
        'account_ip_assignments' as collection,
        pairs._sonar_key,
        pairs.sonar_account_id,
        null as sonar_account_service_id,
        lower(pairs.address) as value,
        false as is_dynamic,
        null as sonar_ip_pool_id
    from {{ ref('stg_sonar__account_ip_assignments') }} as pairs
    -- The flat list repeats dynamic ones without saying that they are.
    where not exists (
        select 1
        from {{ ref('stg_sonar__ip_assignments') }} as assignments
        inner join owners
            on
                assignments.owner_type = owners.owner_type
                and assignments.owner_id = owners.owner_id
        where
            assignments.is_dynamic
            and owners.sonar_account_id = pairs.sonar_account_id
            and assignments.address = pairs.address
    )
),

final as (
    select * from of_logins
    union all
    select * from of_macs
    union all
    select * from of_addresses
)

select * from final
