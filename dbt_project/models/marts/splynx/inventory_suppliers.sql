with suppliers as (
    select *
    from {{ ref('int_inventory__suppliers') }}
    where reject_reason is null and exclude_rule is null
),

supplier_ids as (
    {{ planned_ids('inventory_suppliers') }}
),

final as (
    select
        suppliers._sonar_key,
        supplier_ids.planned_id as id,
        suppliers.vendor_name::varchar as name,
        suppliers.address::varchar as address,
        suppliers.contact_name::varchar as contact_name,
        suppliers.email_address::varchar as email,
        suppliers.phone::varchar as phone,
        '0'::varchar as tax_included,
        '0'::varchar as deleted
    from suppliers
    left join supplier_ids on suppliers._sonar_key = supplier_ids._sonar_key
)

select * from final
