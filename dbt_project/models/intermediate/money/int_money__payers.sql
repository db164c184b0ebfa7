-- What pays what: the rows of invoice_payers. A discount that is no credit note pays by its
-- transactions; where it has several, a credit is parted among them.
with applications as (
    select *
    from {{ ref('int_money__applications') }}
    where exclude_rule is null and reject_reason is null
),

discount_lines as (
    select * from {{ ref('int_money__discount_lines') }}
),

taken_back as (
    select *
    from {{ ref('int_money__taken_back') }}
    where exclude_rule is null and reject_reason is null and merge_rule is null
),

whole as (
    select
        applications.*,
        1::bigint as piece,
        case when payer_kind = 'payment' then 'payment' else 'credit_note' end as payer_type,
        payer_key as paying_key,
        amount_cents as piece_cents
    from applications
    where payer_kind = 'payment' or is_credit_note
),

-- Each credit takes its stretch of the discount's money, in order of the credits.
stretches as (
    select
        applications.*,
        sum(amount_cents) over (
            partition by payer_key
            order by sonar_credit_id
            rows between unbounded preceding and current row
        ) as to_cents
    from applications
    where payer_kind = 'discount' and not is_credit_note
),

parted as (
    select
        stretches._sonar_key,
        discount_lines._sonar_key as paying_key,
        row_number() over (
            partition by stretches.sonar_credit_id order by discount_lines.pos
        ) as piece,
        least(stretches.to_cents, discount_lines.to_cents)
        - greatest(stretches.to_cents - stretches.amount_cents, discount_lines.from_cents)
            as piece_cents
    from stretches
    inner join discount_lines
        on
            stretches.payer_key = discount_lines.discount_key
            and stretches.to_cents - stretches.amount_cents < discount_lines.to_cents
            and stretches.to_cents > discount_lines.from_cents
),

pieces as (
    select
        _sonar_key,
        piece,
        payer_type,
        paying_key,
        piece_cents
    from whole
    union all
    select
        _sonar_key,
        piece,
        'transaction' as payer_type,
        paying_key,
        piece_cents
    from parted
),

-- Money that goes to another account leaves its own by a transaction, and pays there by another.
final as (
    select
        applications._sonar_key
        || case when applications.is_transfer then ':transfer' else '' end
        || case when pieces.piece > 1 then ':' || pieces.piece else '' end as _sonar_key,
        case
            when applications.is_transfer then applications.payer_customer_key
            else applications.invoice_customer_key
        end as _customer_key,
        applications._sonar_key as credit_key,
        pieces.payer_type,
        pieces.paying_key,
        case when not applications.is_transfer then applications.sonar_invoice_id end
            as sonar_invoice_id,
        case when applications.is_transfer then 'transfer_debit:' || applications._sonar_key end
            as transaction_key,
        pieces.piece_cents::bigint as amount_cents,
        null::text as exclude_rule,
        null::text as reject_reason
    from pieces
    inner join applications on pieces._sonar_key = applications._sonar_key
    union all
    select
        _sonar_key,
        invoice_customer_key as _customer_key,
        _sonar_key as credit_key,
        'transaction' as payer_type,
        'transfer_credit:' || _sonar_key as paying_key,
        sonar_invoice_id,
        null as transaction_key,
        amount_cents,
        null as exclude_rule,
        null as reject_reason
    from applications
    where is_transfer
    union all
    -- What was taken back is paid by the payment that it was taken from.
    select
        _sonar_key,
        _customer_key,
        null as credit_key,
        'payment' as payer_type,
        payment_key as paying_key,
        null as sonar_invoice_id,
        _sonar_key as transaction_key,
        amount_cents,
        null as exclude_rule,
        null as reject_reason
    from taken_back
)

select * from final
