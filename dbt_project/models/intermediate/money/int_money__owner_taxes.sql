-- What the tax rows of each charge and of each discount come to. Rows below zero are rejected and
-- those of nothing are left out (int_money__taxes), so neither is in tax_cents.
with tax_transactions as (
    select * from {{ ref('stg_sonar__tax_transactions') }}
),

final as (
    select
        lower(owner_type) as owner,
        sonar_owner_id,
        coalesce(sum(amount_cents) filter (where amount_cents > 0), 0)::bigint as tax_cents,
        coalesce(sum(amount_cents), 0)::bigint as stated_tax_cents,
        count(*) filter (where amount_cents > 0) as tax_rows,
        -- what the only row says, where there is only one
        min(_sonar_key) filter (where amount_cents > 0) as first_tax_key,
        min(lower(description)) filter (where amount_cents > 0) as tax_name,
        min(amount_taxed_cents) filter (where amount_cents > 0) as amount_taxed_cents
    from tax_transactions
    where owner_type in ('Debit', 'Discount')
    group by owner_type, sonar_owner_id
)

select * from final
