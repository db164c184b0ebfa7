with invoices as (
    select *
    from {{ ref('int_money__invoices') }}
    where exclude_rule is null and reject_reason is null
),

positions as (
    select * from {{ ref('int_money__invoice_positions') }}
),

invoice_ids as (
    {{ planned_ids('invoices') }}
),

customer_ids as (
    {{ planned_ids('customers') }}
),

payment_ids as (
    {{ planned_ids('payments') }}
),

joined as (
    select
        invoices.*,
        case
            when invoices.is_void then 0
            else coalesce(positions.due_cents, invoices.total_cents)
        end as due_cents,
        positions.last_payment_key,
        positions.last_payment_date
    from invoices
    left join positions on invoices.sonar_invoice_id = positions.sonar_invoice_id
),

final as (
    select
        joined._sonar_key,
        joined._customer_key,
        invoice_ids.planned_id as id,
        customer_ids.planned_id as customer_id,
        joined.number::varchar as number,
        joined.invoice_date as date_created,
        joined.created_local_at as real_create_datetime,
        joined.updated_date as date_updated,
        case
            when joined.due_cents = 0 and not joined.is_void then joined.last_payment_date
        end as date_payment,
        joined.due_date as date_till,
        {{ money('joined.total_cents') }}::numeric(19,4) as total,
        {{ money('joined.due_cents') }}::numeric(19,4) as due,
        case
            when joined.is_void then 'deleted'
            when joined.due_cents = 0 then 'paid'
            else 'not_paid'
        end::varchar as status,
        case
            when joined.due_cents = 0 and not joined.is_void then payment_ids.planned_id
        end as payment_id,
        '1'::varchar as is_sent,
        '0'::varchar as payd_from_deposit,
        '1'::varchar as use_transactions,
        joined.note::text as note,
        joined.memo::text as memo,
        'system'::varchar as added_by,
        case when joined.is_void then '1' else '0' end::varchar as deleted,
        case when joined.is_recurring then 'recurring' else 'one_time' end::varchar as type
    from joined
    left join invoice_ids on joined._sonar_key = invoice_ids._sonar_key
    left join customer_ids on joined._customer_key = customer_ids._sonar_key
    left join payment_ids on joined.last_payment_key = payment_ids._sonar_key
)

select * from final
