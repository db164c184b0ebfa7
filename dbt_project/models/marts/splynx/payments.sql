with receipts as (
    select *
    from {{ ref('int_money__receipts') }}
    where exclude_rule is null and reject_reason is null
),

payment_ids as (
    {{ planned_ids('payments') }}
),

transaction_ids as (
    {{ planned_ids('billing_transactions') }}
),

customer_ids as (
    {{ planned_ids('customers') }}
),

admin_ids as (
    {{ planned_ids('admins') }}
),

final as (
    select
        receipts._sonar_key,
        receipts._customer_key,
        payment_ids.planned_id as id,
        customer_ids.planned_id as customer_id,
        transaction_ids.planned_id as transaction_id,
        receipts.splynx_payment_type::bigint as payment_type,
        receipts.receipt_number::varchar as receipt_number,
        receipts.date,
        receipts.created_local_at as real_create_datetime,
        {{ money('receipts.amount_cents') }}::numeric(19, 4) as amount,
        {{ money('receipts.remind_cents') }}::numeric(19, 4) as remind_amount,
        receipts.comment::varchar as comment,
        receipts.field_1::varchar as field_1,
        receipts.field_2::varchar as field_2,
        null::varchar as field_3,
        null::varchar as field_4,
        null::varchar as field_5,
        receipts.note::text as note,
        null::text as memo,
        case when admin_ids.planned_id is null then 'system' else 'admin' end::varchar
            as added_by,
        admin_ids.planned_id as added_by_id
    from receipts
    left join payment_ids on receipts._sonar_key = payment_ids._sonar_key
    left join transaction_ids on receipts._sonar_key = transaction_ids._sonar_key
    left join customer_ids on receipts._customer_key = customer_ids._sonar_key
    left join admin_ids on receipts.author_key = admin_ids._sonar_key
)

select * from final
