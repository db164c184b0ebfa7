-- The equipment at sites that has an address of its own.
with items as (
    select *
    from {{ ref('stg_sonar__inventory_items') }}
    where owner_type = 'NetworkSite' and item_status is distinct from 'LOST'
),

sites as (
    select *
    from {{ ref('int_network__sites') }}
    where reject_reason is null and exclude_rule is null
),

models as (
    select * from {{ ref('stg_sonar__inventory_models') }}
),

field_data as (
    select * from {{ ref('stg_sonar__inventory_model_field_data') }}
),

assignments as (
    select
        sonar_ip_assignment_id,
        owner_type,
        owner_id,
        {{ ip_network('address') }} as address
    from {{ ref('stg_sonar__ip_assignments') }}
),

-- With a mask and a host part it is the address of a device, too (D-152).
hosts as (
    select *
    from assignments
    where
        masklen(address) = case family(address) when 4 then 32 else 128 end
        or host(address) <> host(network(address))
),

-- An assignment names the item, or one of its fields, which is its MAC. Which one is the first is
-- a yes or no: of `place = 1` Postgres would expect one in two hundred, and then compare every item
-- with every address.
addresses as (
    select
        coalesce(field_data.sonar_inventory_item_id, hosts.owner_id)
            as sonar_inventory_item_id,
        hosts.address,
        row_number() over (
            partition by coalesce(field_data.sonar_inventory_item_id, hosts.owner_id)
            order by hosts.sonar_ip_assignment_id
        ) = 1 as is_first
    from hosts
    left join field_data
        on
            hosts.owner_type = 'InventoryModelFieldData'
            and hosts.owner_id = field_data.sonar_inventory_field_data_id
    where
        hosts.owner_type = 'InventoryItem'
        or field_data.sonar_inventory_item_id is not null
),

named as (
    select
        items._sonar_key,
        items.sonar_inventory_item_id,
        sites._sonar_key as site_key,
        sites.company_id,
        host(addresses.address) as ip,
        case
            when length(models.product_name) <= 64 then models.product_name
            when length(models.model_number) <= 64 then models.model_number
            else 'Device'
        end as model
    from items
    inner join sites on items.owner_id = sites.sonar_network_site_id
    inner join addresses
        on
            items.sonar_inventory_item_id = addresses.sonar_inventory_item_id
            and addresses.is_first
    left join models on items.sonar_inventory_model_id = models.sonar_inventory_model_id
),

final as (
    select
        _sonar_key,
        sonar_inventory_item_id,
        site_key,
        company_id,
        ip,
        model,
        case
            -- monitoring.title
            when length(model || ' ' || sonar_inventory_item_id) <= 64
                then model || ' ' || sonar_inventory_item_id
            else 'Device ' || sonar_inventory_item_id
        end as title,
        null::text as exclude_rule,
        null::text as reject_reason
    from named
)

select * from final
