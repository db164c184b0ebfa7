-- Every reversal, refund and void of a payment: the same money once, and what keeps it back.
with takings as (
    select * from {{ ref('int_money__takings') }}
),

payments as (
    select * from {{ ref('int_money__payments') }}
),

-- What the reversal of a pair was: a refund or a void.
partners as (
    select
        paired_with,
        min(kind) as kind,
        min(processor_transaction_id) as processor_transaction_id
    from takings
    where paired_with is not null
    group by paired_with
),

joined as (
    select
        takings.*,
        payments._customer_key,
        payments.payment_key,
        payments.sonar_account_id,
        payments.amount_cents as payment_cents,
        payments.splynx_payment_type,
        payments.receipt_number as payment_receipt_number,
        coalesce(payments.is_counted, false) as is_payment_counted,
        payments.exclude_rule as payment_rule,
        payments.reject_reason as payment_reason,
        coalesce(partners.kind, takings.kind) as meaning,
        coalesce(
            partners.processor_transaction_id, takings.processor_transaction_id
        ) as transaction_text
    from takings
    left join payments on takings.sonar_payment_id = payments.sonar_payment_id
    left join partners on takings._sonar_key = partners.paired_with
),

judged as (
    select
        joined.*,
        case
            when joined.payment_key is null then 'payment_missing'
            when joined.payment_reason is not null then 'payment_rejected'
            when not joined.is_payment_counted then null
            when joined.amount_cents <= 0 then 'nonpositive_amount'
        end as own_reason
    from joined
),

-- No more can be taken back than was paid: what goes beyond it, in order of time, is named.
summed as (
    select
        judged.*,
        sum(judged.amount_cents) over (
            partition by
                judged.sonar_payment_id,
                judged.own_reason is null
                and judged.is_payment_counted
                and judged.paired_with is null
            order by judged.created_at, judged.kind, judged.sonar_id
            rows between unbounded preceding and current row
        ) as running_cents
    from judged
),

-- What stands, and of a pair what its reversal comes to: the two are one thing.
decided as (
    select
        summed.*,
        coalesce(reversals.running_cents, summed.running_cents)
        > summed.payment_cents as is_too_much
    from summed
    left join summed as reversals on summed.paired_with = reversals._sonar_key
),

final as (
    select
        _sonar_key,
        record_key,
        collection,
        kind,
        _customer_key,
        payment_key,
        sonar_payment_id,
        sonar_account_id,
        amount_cents,
        paired_with,
        {{ local_date('created_at') }} as date,
        {{ local_time('created_at') }} as created_local_at,
        splynx_payment_type,
        '{{ var("receipt_number_prefix") }}'
        || case kind when 'reversal' then 'R' when 'refund' then 'F' else 'V' end
        || sonar_id as receipt_number,
        case meaning
            when 'refund' then 'Refund of payment '
            when 'void' then 'Void of payment '
            else 'Reversal of payment '
        end || payment_receipt_number as title,
        nullif(concat_ws('; ', description, 'transaction ' || transaction_text), '') as words,
        sonar_user_id::text as author_key,
        own_reason is null
        and is_payment_counted
        and paired_with is null
        and not is_too_much as is_counted,
        case
            when own_reason is not null then null
            when not is_payment_counted then 'payment_not_loaded'
            {% if var('money_method') == 'opening_balance' -%}
            when not is_too_much then 'opening_balance'
            {%- endif %}
        end as exclude_rule,
        case
            when own_reason is not null then own_reason
            when is_payment_counted and is_too_much then 'taken_back_exceeds_payment'
        end as reject_reason,
        case
            when own_reason is not null or not is_payment_counted or is_too_much then null
            {% if var('money_method') == 'history' -%}
            when paired_with is not null then 'into_payments'
            {%- endif %}
        end as merge_rule
    from decided
)

select * from final
