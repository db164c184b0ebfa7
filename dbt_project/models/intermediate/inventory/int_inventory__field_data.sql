-- What each field of each piece of equipment becomes: its serial number, its MAC address, or a line
-- of its notes. A number is kept once: by the lowest piece of equipment that goes on.
with field_data as (
    select * from {{ ref('stg_sonar__inventory_model_field_data') }}
),

fields as (
    select * from {{ ref('stg_sonar__inventory_model_fields') }}
),

items as (
    select * from {{ ref('int_inventory__screened') }}
),

taken_barcodes as (
    select value
    from {{ ref('int_crosswalk__taken_keys') }}
    where entity = 'inventory_items' and column_name = 'barcode'
),

joined as (
    select
        field_data._sonar_key,
        field_data.sonar_inventory_field_data_id,
        field_data.sonar_inventory_item_id,
        field_data.sonar_inventory_model_field_id,
        fields.field_name,
        fields.is_primary,
        fields._sonar_key is null as is_field_missing,
        coalesce(fields.is_secret, false) as is_secret,
        items._sonar_key as item_key,
        items.customer_key,
        items.exclude_rule as item_rule,
        items.reject_reason as item_reason,
        case when not fields.is_secret then field_data.field_value end as value,
        case
            when fields.field_type = 'MAC_ADDRESS' or fields.field_name ilike '%mac%' then 'mac'
            when fields.field_name ilike '%serial%' then 'serial'
            else 'other'
        end as field_kind
    from field_data
    left join fields
        on
            field_data.sonar_inventory_model_field_id = fields.sonar_inventory_model_field_id
    left join items on field_data.sonar_inventory_item_id = items.sonar_inventory_item_id
),

judged as (
    select
        joined.*,
        case
            when joined.item_key is null or joined.is_field_missing then null
            when joined.item_rule is not null then joined.item_rule
            when joined.item_reason is not null then null
            when joined.is_secret then 'secret_field'
            when joined.value is null then 'blank_value'
        end as exclude_rule,
        case
            when joined.item_key is null then 'item_missing'
            when joined.is_field_missing then 'field_missing'
            when joined.item_reason is not null then 'item_rejected'
        end as own_reason
    from joined
),

-- The number that a field holds, as it is compared: a MAC address in one spelling, a serial number
-- without regard to case. What is neither is text.
numbered as (
    select
        judged.*,
        case
            when judged.exclude_rule is not null or judged.own_reason is not null then null
            when judged.field_kind = 'mac' then {{ mac_address('judged.value') }}
            when judged.field_kind = 'serial' and length(judged.value) <= 128   -- serial_number
                then judged.value
        end as number
    from judged
),

claimed as (
    select
        numbered.*,
        numbered.field_kind = 'mac' and taken_barcodes.value is not null as is_taken,
        first_value(numbered.item_key) over (
            partition by numbered.field_kind, lower(numbered.number)
            order by
                numbered.sonar_inventory_item_id,
                numbered.is_primary desc nulls last,
                numbered.sonar_inventory_model_field_id,
                numbered.sonar_inventory_field_data_id
        ) as keeper_key,
        row_number() over (
            partition by numbered.field_kind, lower(numbered.number)
            order by
                numbered.sonar_inventory_item_id,
                numbered.is_primary desc nulls last,
                numbered.sonar_inventory_model_field_id,
                numbered.sonar_inventory_field_data_id
        ) as claim
    from numbered
    left join taken_barcodes on lower(numbered.number) = taken_barcodes.value
),

kept as (
    select
        claimed.*,
        coalesce(
            claimed.own_reason,
            case
                when claimed.number is null then null
                when claimed.is_taken then 'mac_taken'
                when claimed.keeper_key <> claimed.item_key and claimed.field_kind = 'mac'
                    then 'duplicate_mac'
                when claimed.keeper_key <> claimed.item_key then 'duplicate_serial'
            end
        ) as reject_reason
    from claimed
),

-- One number of each kind has a column of its own; others of the same piece are lines.
final as (
    select
        kept._sonar_key,
        kept.item_key,
        kept.customer_key,
        kept.sonar_inventory_field_data_id,
        kept.sonar_inventory_model_field_id,
        kept.field_name,
        kept.field_kind,
        coalesce(kept.number, kept.value) as value,
        case
            when kept.exclude_rule is not null or kept.reject_reason is not null then null
            when kept.number is null then 'notes'
            when kept.claim > 1 then 'same_number'
            when
                row_number() over (
                    partition by
                        kept.item_key,
                        kept.field_kind,
                        kept.number is null or kept.claim > 1 or kept.reject_reason is not null
                    order by
                        kept.is_primary desc nulls last,
                        kept.sonar_inventory_model_field_id,
                        kept.sonar_inventory_field_data_id
                ) = 1
                then kept.field_kind
            else 'notes'
        end as place,
        case
            when kept.reject_reason in ('duplicate_mac', 'duplicate_serial') then kept.keeper_key
        end as keeper_key,
        kept.exclude_rule,
        kept.reject_reason
    from kept
)

select * from final
