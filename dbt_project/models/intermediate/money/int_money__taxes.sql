-- Every tax of a charge or of a discount: part of the charge's line, or a line of its own, or what
-- keeps it back.
with tax_transactions as (
    select * from {{ ref('stg_sonar__tax_transactions') }}
),

debits as (
    select * from {{ ref('int_money__debits') }}
),

discounts as (
    select * from {{ ref('int_money__discounts') }}
),

owners as (
    select
        'Debit' as owner_type,
        sonar_debit_id as sonar_owner_id,
        _customer_key,
        sonar_invoice_id,
        folded_row_key,
        is_future,
        is_on_void_invoice,
        date,
        service_type,
        source,
        is_counted,
        exclude_rule,
        reject_reason
    from debits
    union all
    select
        'Discount' as owner_type,
        sonar_discount_id as sonar_owner_id,
        _customer_key,
        null as sonar_invoice_id,
        null as folded_row_key,
        false as is_future,
        false as is_on_void_invoice,
        date,
        service_type,
        source,
        is_counted,
        exclude_rule,
        reject_reason
    from discounts
),

joined as (
    select
        tax_transactions._sonar_key,
        owners._customer_key,
        tax_transactions.sonar_tax_transaction_id,
        lower(tax_transactions.owner_type) as owner,
        tax_transactions.sonar_owner_id,
        owners.sonar_invoice_id,
        tax_transactions.amount_cents,
        coalesce(tax_transactions._sonar_key = owners.folded_row_key, false) as is_folded,
        coalesce(owners.is_future, false) as is_future,
        coalesce(owners.is_on_void_invoice, false) as is_on_void_invoice,
        coalesce(tax_transactions.description, 'Tax') as words,
        owners.date,
        owners.service_type,
        owners.source,
        coalesce(owners.is_counted, false) as is_owner_counted,
        owners.exclude_rule as owner_rule,
        case
            when owners.sonar_owner_id is null then 'owner_missing'
            when owners.reject_reason is not null then 'owner_rejected'
            when tax_transactions.amount_cents < 0 then 'negative_amount'
        end as reject_reason
    from tax_transactions
    left join owners
        on
            tax_transactions.sonar_owner_id = owners.sonar_owner_id
            and tax_transactions.owner_type = owners.owner_type
),

final as (
    select
        _sonar_key,
        _customer_key,
        sonar_tax_transaction_id,
        owner,
        sonar_owner_id,
        sonar_invoice_id,
        amount_cents,
        is_folded and reject_reason is null as is_folded,
        is_future,
        is_on_void_invoice,
        left(words, 255) as description,
        left(substr(words, 256), 512) as comment,
        length(words) > 255 + 512 as is_text_cut,
        {{ var('charge_category') }} as category,
        date,
        service_type,
        source,
        is_owner_counted and reject_reason is null and amount_cents <> 0 as is_counted,
        case
            when reject_reason is not null or owner_rule is not null or amount_cents = 0 then null
            when is_folded then 'tax_in_line'
        end as merge_rule,
        case
            when reject_reason is not null then null
            when owner_rule is not null and not is_owner_counted then 'owner_excluded'
            when amount_cents = 0 then 'tax_of_nothing'
            -- only the opening balance excludes an owner that counts
            else owner_rule
        end as exclude_rule,
        reject_reason
    from joined
)

select * from final
