-- Every vendor with what its supplier will hold.
with vendors as (
    select * from {{ ref('stg_sonar__vendors') }}
),

records as (
    select
        vendor_key,
        nullif(max(value) filter (where collection = 'addresses'), '') as address,
        max(value) filter (where collection = 'contacts') as contact_name,
        max(email_address) filter (where collection = 'contacts') as email_address,
        string_agg(value, ', ' order by place) filter (where collection = 'phone_numbers') as phone
    from {{ ref('int_inventory__supplier_records') }}
    group by vendor_key
),

final as (
    select
        vendors._sonar_key,
        vendors.sonar_vendor_id,
        vendors.vendor_name,
        records.address,
        records.contact_name,
        records.email_address,
        records.phone,
        case when vendors.is_archived then 'vendor_archived' end as exclude_rule,
        case
            when vendors.is_archived then null
            when vendors.vendor_name is null then 'missing_name'
            when length(vendors.vendor_name) > 128 then 'name_too_long'   -- inventory_suppliers.name
            when length(records.address) > 256 then 'address_too_long'
            when length(records.contact_name) > 128 then 'contact_name_too_long'
            when length(records.email_address) > 128 then 'email_too_long'
        end as reject_reason
    from vendors
    left join records on vendors._sonar_key = records.vendor_key
)

select * from final
