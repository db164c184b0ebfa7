-- Every charge with what its transaction and its line on the invoice will hold, and what keeps it
-- back. The tax goes into the line where Splynx would count the same cents from a percentage.
with debits as (
    select * from {{ ref('stg_sonar__debits') }}
),

charges as (
    select * from {{ ref('int_money__charges') }}
),

invoices as (
    select * from {{ ref('int_money__invoices') }}
),

folded as (
    select * from {{ ref('int_money__folded_taxes') }}
),

plans as (
    select *
    from {{ ref('int_services__one_time_plans') }}
    where exclude_rule is null and reject_reason is null
),

services as (
    select
        sonar_account_id,
        sonar_service_id,
        min(_sonar_key) as service_key,
        min(replace(splynx_table, 'services_', '')) as service_type
    from {{ ref('int_services__completed') }}
    where exclude_rule is null and reject_reason is null
    group by sonar_account_id, sonar_service_id
    having count(*) = 1
),

joined as (
    select
        charges._sonar_key,
        charges._customer_key,
        charges.sonar_debit_id,
        charges.sonar_account_id,
        charges.sonar_invoice_id,
        charges.sonar_service_id,
        charges.charge_type,
        charges.amount_cents,
        charges.tax_cents,
        folded.tax_key as folded_tax_key,
        folded.rate as folded_rate,
        folded.tax_transaction_key as folded_row_key,
        coalesce(invoices.is_void, false) as is_on_void_invoice,
        coalesce(invoices.invoice_date, {{ local_date('debits.created_at') }}) as date,
        debits.quantity,
        coalesce(
            debits.quantity >= 1
            and charges.amount_cents * {{ 10 ** (4 - var('money_decimals')) }}
            % nullif(debits.quantity, 0) = 0,
            false
        ) as is_divisible,
        coalesce(
            debits.description, debits.service_name, 'Debit ' || debits.sonar_debit_id
        ) as words,
        concat_ws(
            '; ',
            'GL ' || nullif(
                concat_ws(
                    ' ', debits.general_ledger_code, debits.general_ledger_code_description
                ), ''
            ),
            'linked to Sonar debit ' || debits.linked_sonar_debit_id,
            'reversed in Sonar on ' || {{ local_date('debits.reversed_at') }},
            'minutes ' || debits.minutes,
            'quantity from ' || debits.quantity_prorated_from
            || ' to ' || debits.quantity_prorated_to
        ) as remarks,
        case
            when debits.prorated_from <= debits.prorated_to then debits.prorated_from
            when debits.prorated_from is not null and debits.prorated_to is not null then null
            when charges.charge_type in ('ONETIME', 'ADJUSTMENT', 'OVERAGE') then null
            when debits.number_of_months >= 1 then invoices.invoice_date
        end as period_from,
        case
            when debits.prorated_from <= debits.prorated_to then debits.prorated_to
            when debits.prorated_from is not null and debits.prorated_to is not null then null
            when charges.charge_type in ('ONETIME', 'ADJUSTMENT', 'OVERAGE') then null
            when debits.number_of_months >= 1
                then
                    (
                        invoices.invoice_date
                        + make_interval(months => debits.number_of_months)
                        - interval '1 day'
                    )::date
        end as period_to,
        coalesce(
            services.service_type,
            case
                when charges.charge_type = 'VOICE' then 'voice'
                when charges.charge_type in ('RECURRING', 'EXPIRING') then 'custom'
                when charges.charge_type in ('ONETIME', 'ADJUSTMENT') then 'one_time'
                else 'internet'
            end
        ) as service_type,
        case
            when services.service_key is not null then services.service_key
            when charges.charge_type in ('ONETIME', 'ADJUSTMENT') then plans._sonar_key
        end as service_key,
        case when debits.sonar_user_id is null then 'auto' else 'manual' end as source,
        charges.exclude_rule,
        case
            when charges.exclude_rule is not null then null
            when charges.reject_reason is not null then charges.reject_reason
            when invoices.reject_reason is not null then 'invoice_rejected'
        end as reject_reason
    from charges
    inner join debits on charges.sonar_debit_id = debits.sonar_debit_id
    left join invoices on charges.sonar_invoice_id = invoices.sonar_invoice_id
    left join folded on charges.sonar_debit_id = folded.sonar_debit_id
    left join services
        on
            charges.sonar_account_id = services.sonar_account_id
            and charges.sonar_service_id = services.sonar_service_id
    left join plans on charges.sonar_service_id = plans.sonar_service_id
),

-- What does not divide is one piece; how many there were stays in the text. Materialized: the
-- expressions above would else be worked out again for each column that reads them.
worded as materialized (
    select
        joined.*,
        case
            when joined.is_divisible or joined.quantity = 1 or joined.quantity is null then ''
            else ' (x' || joined.quantity || ')'
        end as suffix
    from joined
),

final as (
    select
        _sonar_key,
        _customer_key,
        sonar_debit_id,
        sonar_account_id,
        sonar_invoice_id,
        amount_cents,
        tax_cents,
        amount_cents + case when folded_tax_key is not null then tax_cents else 0 end
            as total_cents,
        folded_tax_key,
        folded_rate,
        folded_row_key,
        is_on_void_invoice,
        case when is_divisible then quantity else 1 end as quantity,
        round(
            {{ money('amount_cents') }} / case when is_divisible then quantity else 1 end, 4
        ) as unit_price,
        left(words, 255 - length(suffix)) || suffix as description,
        left(
            concat_ws('; ', nullif(substr(words, 256 - length(suffix)), ''), nullif(remarks, '')),
            512
        ) as comment,
        length(
            concat_ws('; ', nullif(substr(words, 256 - length(suffix)), ''), nullif(remarks, ''))
        ) > 512 as is_text_cut,
        {{ var('charge_category') }} as category,
        date,
        period_from,
        period_to,
        charge_type,
        service_type,
        service_key,
        source,
        exclude_rule is null and reject_reason is null as is_counted,
        exclude_rule is null and reject_reason is null and sonar_invoice_id is null as is_future,
        case
            when exclude_rule is not null then exclude_rule
            when reject_reason is not null then null
            {% if var('money_method') == 'opening_balance' -%}
            when sonar_invoice_id is not null then 'opening_balance'
            {%- endif %}
        end as exclude_rule,
        reject_reason
    from worded
)

select * from final
