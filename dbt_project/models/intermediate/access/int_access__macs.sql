-- Every hardware address of an account, whatever record holds it, with the service that it goes to or
-- what keeps it back. Values of fields that are no addresses are the inventory's to judge. A field of
-- plain text is nothing that the network of Sonar reads, whatever its name.
{% set fits = 28 %}{# 28 addresses of 17 characters and their commas are 503 of 512 #}
with uninventoried as (
    select
        'uninventoried_mac_addresses' as collection,
        macs._sonar_key,
        1 as source_rank,
        macs.sonar_mac_address_id as source_id,
        macs.sonar_account_id,
        macs.sonar_account_service_id,
        {{ mac_address('macs.mac_address') }} as mac,
        assignments.owner_id is not null as has_address
    from {{ ref('stg_sonar__uninventoried_mac_addresses') }} as macs
    left join (
        select distinct owner_id
        from {{ ref('stg_sonar__ip_assignments') }}
        where owner_type = 'UninventoriedMacAddress'
    ) as assignments on macs.sonar_mac_address_id = assignments.owner_id
),

in_inventory as (
    select
        'inventory_model_field_data' as collection,
        field_data._sonar_key,
        2 as source_rank,
        field_data.sonar_inventory_field_data_id as source_id,
        addresses.owner_id as sonar_account_id,
        items.sonar_account_service_id,
        {{ mac_address('field_data.field_value') }} as mac,
        assignments.owner_id is not null as has_address
    from {{ ref('stg_sonar__inventory_model_field_data') }} as field_data
    inner join {{ ref('stg_sonar__inventory_model_fields') }} as fields
        on
            field_data.sonar_inventory_model_field_id = fields.sonar_inventory_model_field_id
            and fields.field_type = 'MAC_ADDRESS'
    inner join {{ ref('stg_sonar__inventory_items') }} as items
        on
            field_data.sonar_inventory_item_id = items.sonar_inventory_item_id
            and items.owner_type = 'Address'
            and items.item_status is distinct from 'LOST'
    inner join {{ ref('stg_sonar__addresses') }} as addresses
        on items.owner_id = addresses.sonar_address_id and addresses.owner_type = 'Account'
    left join (
        select distinct owner_id
        from {{ ref('stg_sonar__ip_assignments') }}
        where owner_type = 'InventoryModelFieldData'
    ) as assignments on field_data.sonar_inventory_field_data_id = assignments.owner_id
),

macs as (
    select * from uninventoried
    union all
    select * from in_inventory where mac is not null
),

customers as (
    select * from {{ ref('int_customers__screened') }}
),

services as (
    select
        _sonar_key,
        sonar_account_service_id,
        sonar_account_id
    from {{ ref('int_services__internet') }}
    where exclude_rule is null and reject_reason is null
),

accounts as (
    select
        sonar_account_id,
        count(*) as services,
        min(sonar_account_service_id) as first_service_id
    from services
    group by sonar_account_id
),

judged as (
    select
        macs.*,
        customers._sonar_key as customer_key,
        accounts.services,
        named.sonar_account_service_id is not null as is_named,
        coalesce(named.sonar_account_service_id, accounts.first_service_id)::text as service_key,
        customers.exclude_rule,
        case
            when customers._sonar_key is null then 'account_missing'
            when customers.exclude_rule is not null then null
            when customers.reject_reason is not null then 'customer_rejected'
            when macs.mac is null then 'not_a_mac'
            when accounts.sonar_account_id is null then 'no_internet_service'
        end as own_reason
    from macs
    left join customers on macs.sonar_account_id = customers.sonar_account_id
    left join accounts on macs.sonar_account_id = accounts.sonar_account_id
    left join services as named
        on
            macs.sonar_account_service_id = named.sonar_account_service_id
            and macs.sonar_account_id = named.sonar_account_id
),

-- Whose address it is, where several accounts have it: whoever it works for now.
claimed as (
    select
        judged.*,
        first_value(judged.sonar_account_id) over same_mac as holder_id,
        first_value(judged.collection || ' ' || judged._sonar_key) over same_mac as holder,
        row_number() over same_mac as claim
    from judged
    where judged.exclude_rule is null and judged.own_reason is null
    window same_mac as (
        partition by judged.mac
        order by judged.has_address desc, judged.source_rank, judged.source_id
    )
),

placed as (
    select
        claimed.collection,
        claimed._sonar_key,
        row_number() over (
            partition by claimed.service_key order by claimed.source_rank, claimed.source_id
        ) as place
    from claimed
    where claimed.claim = 1
),

final as (
    select
        judged.collection,
        judged._sonar_key,
        judged.source_rank,
        judged.source_id,
        judged.sonar_account_id,
        judged.customer_key as _customer_key,
        judged.mac,
        judged.service_key,
        not judged.is_named and judged.services > 1 as is_bound_by_rule,
        placed.place,
        claimed.claim > 1 and claimed.holder_id = judged.sonar_account_id as is_repeated,
        case when claimed.holder_id <> judged.sonar_account_id then claimed.holder end as other_key,
        judged.exclude_rule,
        case
            when judged.own_reason is not null then judged.own_reason
            when claimed.holder_id <> judged.sonar_account_id then 'duplicate_mac'
            when placed.place > {{ fits }} then 'macs_too_long'
        end as reject_reason
    from judged
    left join claimed
        on judged.collection = claimed.collection and judged._sonar_key = claimed._sonar_key
    left join placed
        on judged.collection = placed.collection and judged._sonar_key = placed._sonar_key
)

select * from final
