-- Which address, contact and phone numbers of a vendor its supplier takes: the lowest address, the
-- contact that is primary before others, of his numbers as many as fit.
with addresses as (
    select * from {{ ref('stg_sonar__addresses') }}
),

contacts as (
    select * from {{ ref('stg_sonar__contacts') }}
),

phone_numbers as (
    select * from {{ ref('stg_sonar__phone_numbers') }}
),

vendors as (
    select * from {{ ref('stg_sonar__vendors') }}
),

addresses_in_order as (
    select
        addresses._sonar_key,
        vendors._sonar_key as vendor_key,
        concat_ws(
            ', ',
            addresses.line_1,
            addresses.line_2,
            addresses.city,
            addresses.subdivision,
            addresses.zip_code
        ) as address,
        row_number() over (
            partition by vendors._sonar_key order by addresses.sonar_address_id
        ) as place
    from addresses
    inner join vendors
        on addresses.owner_id = vendors.sonar_vendor_id and addresses.owner_type = 'Vendor'
),

contacts_in_order as (
    select
        contacts._sonar_key,
        vendors._sonar_key as vendor_key,
        contacts.sonar_contact_id,
        contacts.contact_name,
        contacts.email_address,
        row_number() over (
            partition by vendors._sonar_key
            order by contacts.is_primary desc nulls last, contacts.sonar_contact_id
        ) as place
    from contacts
    inner join vendors
        on contacts.owner_id = vendors.sonar_vendor_id and contacts.owner_type = 'Vendor'
),

numbers as (
    select
        phone_numbers._sonar_key,
        contacts_in_order.vendor_key,
        concat_ws(' x', phone_numbers.phone_number, phone_numbers.extension) as phone,
        -- each number but the first has a comma and a blank before it
        sum(length(concat_ws(' x', phone_numbers.phone_number, phone_numbers.extension)) + 2)
            over (
                partition by contacts_in_order.vendor_key
                order by phone_numbers.sonar_phone_number_id
            )
        - 2 as length_so_far,
        phone_numbers.sonar_phone_number_id
    from phone_numbers
    inner join contacts_in_order
        on
            phone_numbers.sonar_contact_id = contacts_in_order.sonar_contact_id
            and contacts_in_order.place = 1
    where phone_numbers.phone_number is not null
),

final as (
    select
        'addresses' as collection,
        _sonar_key,
        vendor_key,
        address as value,
        null::text as email_address,
        1::bigint as place
    from addresses_in_order
    where place = 1
    union all
    select
        'contacts' as collection,
        _sonar_key,
        vendor_key,
        contact_name as value,
        email_address,
        1::bigint as place
    from contacts_in_order
    where place = 1
    union all
    select
        'phone_numbers' as collection,
        _sonar_key,
        vendor_key,
        phone as value,
        null::text as email_address,
        sonar_phone_number_id as place
    from numbers
    where length_so_far <= 64       -- inventory_suppliers.phone
)

select * from final
