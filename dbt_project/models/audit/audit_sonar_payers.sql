-- Every payment and every discount as Sonar states it, beside what its records come to.
with taxes as (
    select
        sonar_owner_id,
        sum(amount_cents) as cents
    from {{ ref('stg_sonar__tax_transactions') }}
    where owner_type = 'Discount'
    group by sonar_owner_id
),

taken as (
    select
        sonar_payment_id,
        sum(amount_cents) as cents
    from {{ ref('audit_sonar_takings') }}
    where stands
    group by sonar_payment_id
),

applied as (
    select
        payer_type,
        sonar_payer_id,
        sum(amount_cents) as cents
    from {{ ref('stg_sonar__credits') }}
    where not is_void
    group by payer_type, sonar_payer_id
),

payers as (
    select
        'payments' as collection,
        payments._sonar_key,
        'Payment' as payer_type,
        payments.sonar_payment_id as sonar_payer_id,
        payments.sonar_account_id,
        payments.is_successful as is_usable,
        payments.amount_cents,
        0 as tax_cents,
        coalesce(taken.cents, 0) as taken_back_cents,
        payments.stated_remaining_cents
    from {{ ref('stg_sonar__payments') }} as payments
    left join taken on payments.sonar_payment_id = taken.sonar_payment_id
    union all
    select
        'discounts' as collection,
        discounts._sonar_key,
        'Discount' as payer_type,
        discounts.sonar_discount_id as sonar_payer_id,
        discounts.sonar_account_id,
        not discounts.is_reversed as is_usable,
        discounts.amount_cents,
        coalesce(taxes.cents, 0) as tax_cents,
        0 as taken_back_cents,
        discounts.stated_remaining_cents
    from {{ ref('stg_sonar__discounts') }} as discounts
    left join taxes on discounts.sonar_discount_id = taxes.sonar_owner_id
),

final as (
    select
        payers.collection,
        payers._sonar_key,
        payers.payer_type,
        payers.sonar_payer_id,
        payers.sonar_account_id,
        payers.is_usable,
        payers.amount_cents,
        payers.tax_cents::bigint as tax_cents,
        payers.taken_back_cents::bigint as taken_back_cents,
        coalesce(applied.cents, 0)::bigint as applied_cents,
        (
            payers.amount_cents
            + payers.tax_cents
            - payers.taken_back_cents
            - coalesce(applied.cents, 0)
        )::bigint as remaining_cents,
        payers.stated_remaining_cents
    from payers
    left join applied
        on
            payers.payer_type = applied.payer_type
            and payers.sonar_payer_id = applied.sonar_payer_id
)

select * from final
