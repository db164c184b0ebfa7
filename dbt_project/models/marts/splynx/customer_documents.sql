with documents as (
    select *
    from {{ ref('int_field__documents') }}
    where exclude_rule is null and reject_reason is null
),

document_ids as (
    {{ planned_ids('customer_documents') }}
),

customer_ids as (
    {{ planned_ids('customers') }}
),

admin_ids as (
    {{ planned_ids('admins') }}
),

final as (
    select
        documents._sonar_key,
        documents._customer_key,
        document_ids.planned_id as id,
        documents.public_id::varchar as hash_id,
        case when documents.author_key is null then 'system' else 'admin' end::varchar as added_by,
        admin_ids.planned_id as added_by_id,
        customer_ids.planned_id as customer_id,
        documents.document_type::varchar as type,
        documents.title::varchar as title,
        {{ local_time('documents.created_at') }} as created_at,
        {{ local_time('documents.updated_at') }} as updated_at,
        documents.description::text as description,
        case when documents.is_visible then '1' else '0' end::varchar as visible_by_customer,
        documents.file_name::varchar as filename_original,
        null::varchar as filename_uploaded,
        documents.body::text as code,
        {{ local_time('documents.signed_at') }} as sign_date,
        documents.term_in_months as terms_month,
        documents.expires_on as end_of_term,
        documents.status::varchar as status
    from documents
    left join document_ids on documents._sonar_key = document_ids._sonar_key
    left join customer_ids on documents._customer_key = customer_ids._sonar_key
    left join admin_ids on coalesce(documents.author_key, 'default') = admin_ids._sonar_key
)

select * from final
