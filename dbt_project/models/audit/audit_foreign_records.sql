-- Addresses, contacts and phone numbers that are not of accounts and yet arrived: another area took
-- them into a mart of its own.
with final as (
    select
        records.collection,
        records._sonar_key,
        'into_inventory_suppliers' as reason
    from {{ ref('int_inventory__supplier_records') }} as records
    inner join {{ ref('inventory_suppliers') }} as suppliers
        on records.vendor_key = suppliers._sonar_key
    union all
    select
        'addresses' as collection,
        sites.address_key as _sonar_key,
        'into_network_sites' as reason
    from {{ ref('int_network__sites') }} as sites
    inner join {{ ref('network_sites') }} as network_sites
        on sites._sonar_key = network_sites._sonar_key
    where sites.address_key is not null
)

select * from final
