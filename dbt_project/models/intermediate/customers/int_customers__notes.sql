-- Everything that becomes a note of a customer: notes, calls, and the contacts and addresses for
-- which a customer has no column.
with staff_notes as (
    select * from {{ ref('int_customers__staff_notes') }}
),

call_logs as (
    select * from {{ ref('int_customers__call_logs') }}
),

contacts as (
    select *
    from {{ ref('int_customers__contacts') }}
    where not is_main and exclude_rule is null and reject_reason is null
),

addresses as (
    select *
    from {{ ref('int_customers__addresses') }}
    where not is_main and exclude_rule is null and reject_reason is null
),

phones as (
    select * from {{ ref('int_customers__phones') }}
),

customers as (
    select * from {{ ref('int_customers__screened') }}
),

users as (
    select * from {{ ref('int_people__users') }}
    where exclude_rule is null and reject_reason is null
),

rows as (
    select
        'note:' || _sonar_key as _sonar_key,
        customer_key as _customer_key,
        'comment' as note_type,
        title,
        message,
        is_pinned,
        sonar_user_id,
        created_at,
        exclude_rule,
        reject_reason
    from staff_notes
    union all
    select
        'call_log:' || _sonar_key as _sonar_key,
        customer_key as _customer_key,
        'call' as note_type,
        title,
        message,
        false as is_pinned,
        sonar_user_id,
        created_at,
        exclude_rule,
        reject_reason
    from call_logs
    union all
    select
        'contact:' || contacts._sonar_key as _sonar_key,
        customers._sonar_key as _customer_key,
        'customer' as note_type,
        'Contact in Sonar' as title,
        concat_ws(
            '<br>',
            'Name: ' || {{ html_text('contacts.contact_name') }},
            'Role: ' || {{ html_text('contacts.contact_role') }},
            'E-mail: ' || {{ html_text('contacts.email_address') }},
            'Phones: ' || phones.phones
        ) as message,
        false as is_pinned,
        null::bigint as sonar_user_id,
        contacts.created_at,
        customers.exclude_rule,
        case when customers.reject_reason is not null then 'customer_rejected' end as reject_reason
    from contacts
    inner join customers on contacts.sonar_account_id = customers.sonar_account_id
    left join phones on contacts.sonar_contact_id = phones.sonar_contact_id
    union all
    select
        'address:' || addresses._sonar_key as _sonar_key,
        customers._sonar_key as _customer_key,
        'customer' as note_type,
        'Address in Sonar' as title,
        concat_ws(
            '<br>',
            'Type: ' || lower(addresses.address_type),
            'Street: ' || {{ html_text('addresses.street') }},
            'City: ' || {{ html_text('addresses.city') }},
            'State: ' || addresses.subdivision,
            'Zip code: ' || {{ html_text('addresses.zip_code') }},
            'Country: ' || addresses.country,
            'Position: ' || addresses.gps
        ) as message,
        false as is_pinned,
        null::bigint as sonar_user_id,
        addresses.created_at,
        customers.exclude_rule,
        case when customers.reject_reason is not null then 'customer_rejected' end as reject_reason
    from addresses
    inner join customers on addresses.sonar_account_id = customers.sonar_account_id
),

final as (
    select
        rows._sonar_key,
        rows._customer_key,
        rows.note_type,
        rows.title,
        rows.message,
        rows.is_pinned,
        coalesce(users._sonar_key, 'default') as author_key,
        {{ local_time('rows.created_at') }} as noted_at,
        rows.exclude_rule,
        rows.reject_reason
    from rows
    left join users on rows.sonar_user_id = users.sonar_user_id
)

select * from final
