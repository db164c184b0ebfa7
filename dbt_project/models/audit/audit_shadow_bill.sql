-- The next bill of each loaded customer, line by line: as Sonar would write it, and as Splynx will
-- write its first one from the marts. Services come from audit_next_charge; charges to come from the
-- records and from the transactions that wait for the next invoice; Sonar's tax is what its last bill
-- of the same service bore, because zones, exemptions and tax services are told nowhere else.
{% set cents = 10 ** var('money_decimals') %}
with charges as (
    select * from {{ ref('audit_next_charge') }}
),

customers as (
    select
        _sonar_key as _customer_key,
        id,
        status
    from {{ ref('customers') }}
),

-- A bill is of one day. What was left over from bills before it goes with the first one.
days as (
    select
        charges._customer_key,
        min(charges.sonar_date) as sonar_date,
        min(charges.splynx_date) as splynx_date
    from charges
    group by charges._customer_key
),

-- In a bundle that bears the price of its members, Sonar's charge is compared with the bundle's.
services as (
    select
        charges.splynx_table,
        charges._sonar_key,
        charges._customer_key,
        charges.cause,
        charges.sonar_date = days.sonar_date
        or (charges.splynx_table = 'services_bundle' and charges.sonar_date is not null)
        or charges.cause in ('one_time_charge', 'one_time_credit') as is_on_sonar_bill,
        charges.splynx_date = days.splynx_date as is_on_splynx_bill,
        charges.splynx_cents - charges.splynx_discount_cents
        - charges.cents_apart
        + charges.sonar_discount_cents as sonar_cents,
        charges.sonar_discount_cents,
        charges.splynx_cents,
        charges.splynx_discount_cents
    from charges
    inner join days on charges._customer_key = days._customer_key
),

service_lines as (
    select
        'service' as kind,
        services.splynx_table || ':' || services._sonar_key as line_key,
        services._customer_key,
        case when services.is_on_sonar_bill then services.sonar_cents else 0 end as sonar_cents,
        case when services.is_on_splynx_bill then services.splynx_cents else 0 end as splynx_cents,
        case
            when services.cause not in ('same', 'in_price_of_bundle') then services.cause
            when services.is_on_sonar_bill is distinct from services.is_on_splynx_bill
                then 'on_another_day'
            else services.cause
        end as cause
    from services
    union all
    select
        'discount' as kind,
        services.splynx_table || ':' || services._sonar_key as line_key,
        services._customer_key,
        case when services.is_on_sonar_bill then -services.sonar_discount_cents else 0 end
            as sonar_cents,
        case when services.is_on_splynx_bill then -services.splynx_discount_cents else 0 end
            as splynx_cents,
        case
            when services.cause not in ('same', 'in_price_of_bundle') then services.cause
            when services.is_on_sonar_bill is distinct from services.is_on_splynx_bill
                then 'on_another_day'
            else services.cause
        end as cause
    from services
    where services.sonar_discount_cents <> 0 or services.splynx_discount_cents <> 0
),

pending as (
    select
        legs.collection,
        legs._sonar_key,
        legs.sonar_account_id::text as _customer_key,
        legs.cents
    from {{ ref('audit_sonar_legs') }} as legs
    where legs.is_pending
),

pending_debits as (
    select
        coalesce(taxes.sonar_owner_id::text, pending._sonar_key) as debit_key,
        pending._customer_key,
        sum(pending.cents) filter (where pending.collection = 'debits') as net_cents,
        sum(pending.cents) filter (where pending.collection = 'tax_transactions') as tax_cents
    from pending
    left join {{ ref('stg_sonar__tax_transactions') }} as taxes
        on pending.collection = 'tax_transactions' and pending._sonar_key = taxes._sonar_key
    group by coalesce(taxes.sonar_owner_id::text, pending._sonar_key), pending._customer_key
),

future as (
    select
        coalesce(taxes.sonar_owner_id::text, split_part(transactions._sonar_key, ':', 2))
            as debit_key,
        transactions._customer_key,
        sum(transactions.price * transactions.quantity)
            filter (where transactions._sonar_key like 'debit:%') * {{ cents }} as net_cents,
        sum(transactions.total) * {{ cents }} as total_cents
    from {{ ref('billing_transactions') }} as transactions
    left join {{ ref('stg_sonar__tax_transactions') }} as taxes
        on transactions._sonar_key = 'tax:' || taxes._sonar_key
    where transactions.to_invoice = '1' and transactions.invoice_id is null
    group by
        coalesce(taxes.sonar_owner_id::text, split_part(transactions._sonar_key, ':', 2)),
        transactions._customer_key
),

outcomes as (
    select
        _sonar_key,
        outcome
    from {{ ref('audit_money_outcomes') }}
    where collection = 'debits'
),

pending_lines as (
    select
        lines.kind,
        'debits:' || pending_debits.debit_key as line_key,
        pending_debits._customer_key,
        lines.sonar_cents,
        case when customers.status in ('active', 'blocked') then lines.splynx_cents else 0 end
            as splynx_cents,
        case
            when customers.status not in ('active', 'blocked') then 'not_billed_in_splynx'
            when future.debit_key is not null then 'same'
            when outcomes.outcome in ('rejected', 'excluded') then 'not_loaded'
        end as cause
    from pending_debits
    inner join customers on pending_debits._customer_key = customers._customer_key
    left join future on pending_debits.debit_key = future.debit_key
    left join outcomes on pending_debits.debit_key = outcomes._sonar_key
    cross join lateral (
        values
        ('pending', coalesce(pending_debits.net_cents, 0), coalesce(future.net_cents, 0)),
        (
            'tax',
            coalesce(pending_debits.tax_cents, 0),
            coalesce(future.total_cents, 0) - coalesce(future.net_cents, 0)
        )
    ) as lines (kind, sonar_cents, splynx_cents)
    where lines.kind = 'pending' or lines.sonar_cents <> 0 or lines.splynx_cents <> 0
),

-- What the last bill of each service bore in tax.
last_taxed as (
    select distinct on (debits.sonar_account_id, debits.sonar_service_id)
        debits.sonar_account_id,
        debits.sonar_service_id,
        debits.amount_cents,
        coalesce(taxes.cents, 0) as tax_cents
    from {{ ref('stg_sonar__debits') }} as debits
    inner join {{ ref('stg_sonar__invoices') }} as invoices
        on debits.sonar_invoice_id = invoices.sonar_invoice_id
    left join (
        select
            sonar_owner_id,
            sum(amount_cents) as cents
        from {{ ref('stg_sonar__tax_transactions') }}
        where owner_type = 'Debit'
        group by sonar_owner_id
    ) as taxes on debits.sonar_debit_id = taxes.sonar_owner_id
    where not invoices.is_void and debits.amount_cents > 0
    order by
        debits.sonar_account_id,
        debits.sonar_service_id,
        invoices.invoice_date desc,
        debits.sonar_debit_id desc
),

tariff_rates as (
    {% for kind in ['internet', 'voice', 'custom'] %}
        select
            'services_{{ kind }}' as splynx_table,
            services._sonar_key,
            tariffs.vat_percent as rate
        from {{ ref('services_' ~ kind) }} as services
        inner join {{ ref('tariffs_' ~ kind) }} as tariffs on services.tariff_id = tariffs.id
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

decisions as (
    select
        _sonar_key,
        splynx_table = 'customers' as is_of_customer,
        min(decision_needed) as decision_needed
    from {{ ref('audit_tax_decisions') }}
    group by _sonar_key, splynx_table = 'customers'
),

taxed as (
    select
        services.splynx_table,
        services._sonar_key,
        services._customer_key,
        services.cause,
        case
            when services.is_on_sonar_bill and last_taxed.amount_cents > 0
                then round(
                    (services.sonar_cents - services.sonar_discount_cents)
                    * last_taxed.tax_cents::numeric / last_taxed.amount_cents
                )
            else 0
        end as sonar_cents,
        case
            when services.is_on_splynx_bill
                then round(
                    (services.splynx_cents - services.splynx_discount_cents)
                    * coalesce(tariff_rates.rate, 0) / 100
                )
            else 0
        end as splynx_cents,
        services.is_on_sonar_bill is distinct from services.is_on_splynx_bill as is_on_one_bill,
        last_taxed.amount_cents is null as was_never_billed,
        services.splynx_cents - services.splynx_discount_cents
        <> services.sonar_cents - services.sonar_discount_cents as is_line_apart,
        of_customers.decision_needed as customer_decision,
        of_plans.decision_needed as plan_decision
    from services
    inner join {{ ref('stg_sonar__account_services') }} as account_services
        on services._sonar_key = account_services._sonar_key
    left join last_taxed
        on
            account_services.sonar_account_id = last_taxed.sonar_account_id
            and account_services.sonar_service_id = last_taxed.sonar_service_id
    left join tariff_rates
        on
            services.splynx_table = tariff_rates.splynx_table
            and services._sonar_key = tariff_rates._sonar_key
    left join decisions as of_customers
        on of_customers.is_of_customer and services._customer_key = of_customers._sonar_key
    left join decisions as of_plans
        on
            not of_plans.is_of_customer
            and account_services.sonar_service_id::text = of_plans._sonar_key
    where services.splynx_table in ('services_internet', 'services_voice', 'services_custom')
),

tax_lines as (
    select
        'tax' as kind,
        splynx_table || ':' || _sonar_key as line_key,
        _customer_key,
        sonar_cents,
        splynx_cents,
        case
            when sonar_cents = splynx_cents then 'same'
            when is_on_one_bill then 'on_another_day'
            when customer_decision is not null then customer_decision
            when plan_decision is not null then plan_decision
            when was_never_billed then 'never_billed_before'
            when is_line_apart then 'tax_of_another_amount'
            when sonar_cents = 0 then 'last_bill_bore_no_tax'
            when splynx_cents = 0 then 'plan_bears_no_tax'
            else 'last_bill_bore_another_tax'
        end as cause
    from taxed
    where sonar_cents <> 0 or splynx_cents <> 0
),

lines as (
    select * from service_lines
    union all
    select * from pending_lines
    union all
    select * from tax_lines
),

final as (
    select
        lines.kind || ':' || lines.line_key as _sonar_key,
        lines._customer_key,
        customers.id as splynx_customer_id,
        lines.kind,
        days.sonar_date,
        days.splynx_date,
        lines.sonar_cents::bigint as sonar_cents,
        lines.splynx_cents::bigint as splynx_cents,
        (lines.splynx_cents - lines.sonar_cents)::bigint as difference_cents,
        case
            when lines.sonar_cents = lines.splynx_cents then 'same'
            when lines.cause = 'same' then 'unexplained'
            else coalesce(lines.cause, 'unexplained')
        end as cause
    from lines
    inner join customers on lines._customer_key = customers._customer_key
    left join days on lines._customer_key = days._customer_key
)

select * from final
