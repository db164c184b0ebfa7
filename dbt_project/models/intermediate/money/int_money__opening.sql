-- What is open on each account by kind, as the opening balance would carry it: one line for each age
-- of what is due on the day of the cut-over, one for what is left of payments, one for what is left
-- of discounts.
with cutover as (
    select cutover_date from {{ ref('int_services__cutover') }}
),

due as (
    select
        positions._customer_key,
        positions.sonar_account_id,
        case
            when cutover.cutover_date - positions.due_date >= 90 then 'due_90'
            when cutover.cutover_date - positions.due_date >= 60 then 'due_60'
            when cutover.cutover_date - positions.due_date >= 30 then 'due_30'
            else 'due_0'
        end as kind,
        positions.due_date,
        positions.due_cents
    from {{ ref('int_money__invoice_positions') }} as positions
    cross join cutover
    where positions.due_cents > 0
),

unapplied as (
    select
        positions._customer_key,
        positions.sonar_account_id,
        'unapplied_' || positions.payer_kind || 's' as kind,
        sum(positions.unapplied_cents) as cents
    from {{ ref('int_money__payer_positions') }} as positions
    where positions.unapplied_cents > 0
    group by positions._customer_key, positions.sonar_account_id, positions.payer_kind
),

lines as (
    select
        _customer_key,
        sonar_account_id,
        kind,
        'debit' as type,
        min(due_date) as date,
        count(*) as documents,
        sum(due_cents)::bigint as cents
    from due
    group by _customer_key, sonar_account_id, kind
    union all
    select
        unapplied._customer_key,
        unapplied.sonar_account_id,
        unapplied.kind,
        'credit' as type,
        cutover.cutover_date as date,
        null as documents,
        unapplied.cents::bigint as cents
    from unapplied
    cross join cutover
),

final as (
    select
        'opening:' || sonar_account_id || ':' || kind as _sonar_key,
        _customer_key,
        sonar_account_id,
        kind,
        type,
        date,
        cents,
        case kind
            when 'due_0' then 'Opening balance: due or up to 29 days late'
            when 'due_30' then 'Opening balance: 30 to 59 days late'
            when 'due_60' then 'Opening balance: 60 to 89 days late'
            when 'due_90' then 'Opening balance: 90 days late or more'
            when 'unapplied_payments' then 'Opening balance: payments not used yet'
            else 'Opening balance: discounts not used yet'
        end as description,
        'Sonar invoices: ' || documents as comment
    from lines
)

select * from final
