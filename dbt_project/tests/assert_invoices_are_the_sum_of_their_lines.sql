-- As Splynx adds up: quantity times price with its percent, to the cent; deleted lines with their
-- deleted invoice. An invoice without lines is one of nothing.
with items as (
    select
        invoice_id,
        sum(round(quantity * price * (1 + tax / 100), {{ var('money_decimals') }})) as lines_total,
        count(*) filter (where deleted = '0') as live_lines,
        count(*) filter (where deleted = '1') as deleted_lines
    from {{ ref('invoices_items') }}
    group by invoice_id
),

final as (
    select
        invoices._sonar_key,
        invoices.total,
        coalesce(items.lines_total, 0) as lines_total
    from {{ ref('invoices') }} as invoices
    left join items on invoices.id = items.invoice_id
    where
        invoices.total <> coalesce(items.lines_total, 0)
        or (invoices.deleted = '0' and items.deleted_lines > 0)
        or (invoices.deleted = '1' and items.live_lines > 0)
)

select * from final
