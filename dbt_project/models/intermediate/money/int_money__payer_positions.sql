-- Of each payment and each discount that counts: what was taken back, what pays invoices, what is
-- left, and what Sonar says is left.
with taken_back as (
    select
        payment_key,
        sum(amount_cents) as cents
    from {{ ref('int_money__taken_back') }}
    where is_counted
    group by payment_key
),

applied as (
    select
        payer_key,
        sum(amount_cents) as cents
    from {{ ref('int_money__applications') }}
    where is_counted
    group by payer_key
),

payers as (
    select
        payment_key as _sonar_key,
        _customer_key,
        sonar_account_id,
        'payment' as payer_kind,
        amount_cents,
        stated_remaining_cents as stated_unapplied_cents
    from {{ ref('int_money__payments') }}
    where is_counted
    union all
    select
        discount_key as _sonar_key,
        _customer_key,
        sonar_account_id,
        'discount' as payer_kind,
        usable_cents as amount_cents,
        stated_remaining_cents as stated_unapplied_cents
    from {{ ref('int_money__discounts') }}
    where is_counted
),

final as (
    select
        payers._sonar_key,
        payers._customer_key,
        payers.sonar_account_id,
        payers.payer_kind,
        payers.amount_cents::bigint as amount_cents,
        coalesce(taken_back.cents, 0)::bigint as taken_back_cents,
        coalesce(applied.cents, 0)::bigint as applied_cents,
        (
            payers.amount_cents - coalesce(taken_back.cents, 0) - coalesce(applied.cents, 0)
        )::bigint as unapplied_cents,
        payers.stated_unapplied_cents
    from payers
    left join taken_back on payers._sonar_key = taken_back.payment_key
    left join applied on payers._sonar_key = applied.payer_key
)

select * from final
