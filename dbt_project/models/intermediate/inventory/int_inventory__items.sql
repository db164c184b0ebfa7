-- Every piece of equipment with what its row will hold: serial number, barcode and notes come from
-- its fields.
with items as (
    select * from {{ ref('int_inventory__screened') }}
),

records as (
    select * from {{ ref('stg_sonar__inventory_items') }}
),

addresses as (
    select * from {{ ref('int_customers__addresses') }}
),

field_data as (
    select * from {{ ref('int_inventory__field_data') }}
),

taken_barcodes as (
    select value
    from {{ ref('int_crosswalk__taken_keys') }}
    where entity = 'inventory_items' and column_name = 'barcode'
),

numbers as (
    select
        item_key,
        max(value) filter (where place = 'serial') as serial_number,
        max(value) filter (where place = 'mac') as mac
    from field_data
    group by item_key
),

-- What has no column in Splynx, a line each.
lines as (
    select
        item_key,
        0 as part,
        sonar_inventory_model_field_id as first_place,
        sonar_inventory_field_data_id as second_place,
        coalesce(field_name, 'Field ' || sonar_inventory_model_field_id) || ': ' || value as line
    from field_data
    where place = 'notes'
    union all
    select
        items._sonar_key as item_key,
        1 as part,
        facts.place as first_place,
        0 as second_place,
        facts.line
    from items
    inner join records on items._sonar_key = records._sonar_key
    left join addresses
        on
            items.sonar_address_id = addresses.sonar_address_id
            and items.place = 'free_address'
    cross join lateral (
        values
        (1, 'Part of item ' || records.parent_inventory_item_id),
        (2, 'Segment of item ' || records.segment_parent_id),
        (3, 'Quantity: ' || records.quantity),
        (4, 'Account service: ' || records.sonar_account_service_id),
        (5, case when items.place = 'assignee' then 'Held by assignee ' || items.owner_id end),
        (
            6,
            case
                when items.place = 'free_address'
                    then concat_ws(
                        ': ',
                        'At address ' || items.sonar_address_id,
                        nullif(concat_ws(', ', addresses.street, addresses.city), '')
                    )
            end
        ),
        (7, 'Metadata: ' || records.metadata)
    ) as facts (place, line)
    where facts.line is not null
),

notes as (
    select
        item_key,
        string_agg(line, E'\n' order by part, first_place, second_place) as notes
    from lines
    group by item_key
),

identified as (
    select
        items.*,
        numbers.serial_number,
        coalesce(numbers.mac, 'SONAR-' || items.sonar_inventory_item_id) as barcode,
        notes.notes
    from items
    left join numbers on items._sonar_key = numbers.item_key
    left join notes on items._sonar_key = notes.item_key
),

final as (
    select
        identified._sonar_key,
        identified.sonar_inventory_item_id,
        identified.product_key,
        identified.place,
        identified.item_status,
        identified.mark,
        identified.customer_key,
        identified.admin_key,
        identified.stock_key,
        identified.serial_number,
        identified.barcode,
        identified.notes,
        {{ money('coalesce(identified.purchase_price_cents, 0)') }}::numeric(19, 4) as cost_price,
        identified.exclude_rule,
        case
            when identified.exclude_rule is not null then null
            when identified.reject_reason is not null then identified.reject_reason
            when octet_length(identified.notes) > 65535 then 'notes_too_long'
            when taken_barcodes.value is not null then 'barcode_taken'
        end as reject_reason
    from identified
    left join taken_barcodes on lower(identified.barcode) = taken_barcodes.value
)

select * from final
