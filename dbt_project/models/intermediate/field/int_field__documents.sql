-- Everything that becomes a document of a customer: contracts, and files of the customer.
with contracts as (
    select * from {{ ref('int_field__contracts') }}
),

files as (
    select *
    from {{ ref('int_field__files') }}
    where destination = 'customer'
),

final as (
    select
        'contract:' || _sonar_key as _sonar_key,
        customer_key as _customer_key,
        'contract' as document_type,
        title,
        description,
        body,
        null::text as file_name,
        case when is_signed then 'signed' else 'new' end as status,
        is_signed as is_visible,
        signed_at,
        term_in_months,
        expires_on,
        md5('contract:' || sonar_unique_id || coalesce(body, '')) as public_id,
        null::text as author_key,
        created_at,
        updated_at,
        exclude_rule,
        reject_reason
    from contracts
    union all
    select
        'file:' || _sonar_key as _sonar_key,
        customer_key as _customer_key,
        'uploaded' as document_type,
        file_name as title,
        concat_ws('<br>', {{ html_text('description') }}, 'Sonar file ' || _sonar_key)
            as description,
        null::text as body,
        file_name,
        null::text as status,
        false as is_visible,
        null::timestamptz as signed_at,
        null::bigint as term_in_months,
        null::date as expires_on,
        md5('file:' || sonar_unique_id || file_name) as public_id,
        author_key,
        created_at,
        updated_at,
        exclude_rule,
        reject_reason
    from files
)

select * from final
