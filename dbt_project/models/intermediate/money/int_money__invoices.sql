-- Every invoice with what its lines come to, and what keeps it back. What is paid of it is decided
-- elsewhere (int_money__invoice_positions).
with invoices as (
    select * from {{ ref('stg_sonar__invoices') }}
),

customers as (
    select * from {{ ref('int_customers__screened') }}
),

charges as (
    select
        sonar_invoice_id,
        sum(amount_cents + tax_cents)
            filter (where exclude_rule is null and reject_reason is null) as total_cents,
        sum(tax_cents)
            filter (where exclude_rule is null and reject_reason is null) as tax_cents,
        sum(amount_cents + stated_tax_cents) as all_lines_cents,
        bool_or(charge_type not in ('ONETIME', 'ADJUSTMENT'))
            filter (where exclude_rule is null and reject_reason is null) as is_recurring
    from {{ ref('int_money__charges') }}
    where
        sonar_invoice_id is not null
        and reject_reason is distinct from 'invoice_of_other_account'
    group by sonar_invoice_id
),

joined as (
    select
        invoices.*,
        customers._sonar_key as customer_key,
        customers.exclude_rule as customer_rule,
        case
            when customers.exclude_rule is not null then null
            when customers._sonar_key is null then 'account_missing'
            when customers.reject_reason is not null then 'customer_rejected'
            when charges.all_lines_cents < 0 then 'negative_total'
        end as reject_reason,
        coalesce(charges.total_cents, 0)::bigint as total_cents,
        coalesce(charges.tax_cents, 0)::bigint as tax_cents,
        coalesce(charges.is_recurring, false) as is_recurring
    from invoices
    left join customers on invoices.sonar_account_id = customers.sonar_account_id
    left join charges on invoices.sonar_invoice_id = charges.sonar_invoice_id
),

final as (
    select
        _sonar_key,
        customer_key as _customer_key,
        sonar_invoice_id,
        sonar_account_id,
        is_void,
        is_recurring,
        invoice_date,
        due_date,
        '{{ var("invoice_number_prefix") }}' || sonar_invoice_id as number,
        total_cents,
        tax_cents,
        stated_debits_cents + stated_taxes_cents as stated_total_cents,
        stated_due_cents,
        -- 65,535 bytes fit, and a character has four at most
        case when octet_length(message) > 65535 then left(message, 16000) else message end
            as note,
        'Parent invoice in Sonar: ' || parent_sonar_invoice_id as memo,
        {{ local_time('created_at') }} as created_local_at,
        {{ local_date('updated_at') }} as updated_date,
        customer_rule is null and reject_reason is null as is_counted,
        case
            when customer_rule is not null then customer_rule
            when reject_reason is not null then null
            {% if var('money_method') == 'opening_balance' -%}
            else 'opening_balance'
            {%- endif %}
        end as exclude_rule,
        reject_reason
    from joined
)

select * from final
