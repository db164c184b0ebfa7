-- Everything that takes a payment back, of the three collections, with its partner: each refund and
-- each void is written as a reversal too, so the n-th one of a payment and an amount stands beside
-- the n-th reversal of that payment and amount.
{% set kinds = [
    ('reversal', 'reversed_payments', 'sonar_reversed_payment_id', 'null'),
    ('refund', 'refunded_payments', 'sonar_refunded_payment_id', 'processor_transaction_id'),
    ('void', 'voided_payments', 'sonar_voided_payment_id', 'processor_transaction_id'),
] %}
with records as (
    {% for kind, collection, id, transaction_id in kinds %}
        select
            'taken_back:{{ kind }}:' || _sonar_key as _sonar_key,
            _sonar_key as record_key,
            '{{ collection }}' as collection,
            '{{ kind }}' as kind,
            {{ id }} as sonar_id,
            sonar_payment_id,
            amount_cents,
            description,
            {{ transaction_id }}::text as processor_transaction_id,
            sonar_user_id,
            created_at
        from {{ ref('stg_sonar__' ~ collection) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

numbered as (
    select
        records.*,
        row_number() over (
            partition by
                records.sonar_payment_id, records.amount_cents, records.kind = 'reversal'
            order by records.kind, records.sonar_id
        ) as place
    from records
),

reversals as (
    select * from numbered where kind = 'reversal'
),

final as (
    select
        numbered._sonar_key,
        numbered.record_key,
        numbered.collection,
        numbered.kind,
        numbered.sonar_id,
        numbered.sonar_payment_id,
        numbered.amount_cents,
        numbered.description,
        numbered.processor_transaction_id,
        numbered.sonar_user_id,
        numbered.created_at,
        reversals._sonar_key as paired_with
    from numbered
    left join reversals
        on
            numbered.kind <> 'reversal'
            and numbered.sonar_payment_id = reversals.sonar_payment_id
            and numbered.amount_cents = reversals.amount_cents
            and numbered.place = reversals.place
)

select * from final
