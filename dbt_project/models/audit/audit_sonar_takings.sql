-- Everything that takes money out of a payment, and whether it stands: a refund and a void are
-- written as a reversal too, so of each payment and amount as many stand as the longer list has.
with records as (
    select
        'reversed_payments' as collection,
        _sonar_key,
        sonar_reversed_payment_id as sonar_id,
        sonar_payment_id,
        amount_cents
    from {{ ref('stg_sonar__reversed_payments') }}
    union all
    select
        'refunded_payments' as collection,
        _sonar_key,
        sonar_refunded_payment_id as sonar_id,
        sonar_payment_id,
        amount_cents
    from {{ ref('stg_sonar__refunded_payments') }}
    union all
    select
        'voided_payments' as collection,
        _sonar_key,
        sonar_voided_payment_id as sonar_id,
        sonar_payment_id,
        amount_cents
    from {{ ref('stg_sonar__voided_payments') }}
),

counted as (
    select
        records.*,
        count(*) filter (where records.collection = 'reversed_payments')
            over (partition by records.sonar_payment_id, records.amount_cents) as reversals,
        row_number() over (
            partition by
                records.sonar_payment_id,
                records.amount_cents,
                records.collection = 'reversed_payments'
            order by records.collection, records.sonar_id
        ) as place
    from records
),

final as (
    select
        collection,
        _sonar_key,
        sonar_payment_id,
        amount_cents,
        collection = 'reversed_payments' or place > reversals as stands
    from counted
)

select * from final
