-- The charges whose only tax Splynx would count to the same cents from a percentage.
with charges as (
    select * from {{ ref('int_money__charges') }}
),

owner_taxes as (
    select *
    from {{ ref('int_money__owner_taxes') }}
    where owner = 'debit' and tax_rows = 1
),

taxes as (
    select *
    from {{ ref('int_services__taxes') }}
    where exclude_rule is null and reject_reason is null
),

final as (
    select distinct on (charges.sonar_debit_id)
        charges._sonar_key,
        charges.sonar_debit_id,
        owner_taxes.first_tax_key as tax_transaction_key,
        taxes.tax_key,
        taxes.rate
    from charges
    inner join owner_taxes on charges.sonar_debit_id = owner_taxes.sonar_owner_id
    inner join taxes on owner_taxes.tax_name = lower(taxes.tax_name)
    where
        owner_taxes.amount_taxed_cents = charges.amount_cents
        and round(charges.amount_cents * taxes.rate / 100) = owner_taxes.tax_cents
    order by charges.sonar_debit_id, taxes.sonar_tax_id
)

select * from final
