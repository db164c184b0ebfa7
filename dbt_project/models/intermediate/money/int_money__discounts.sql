-- Every discount with what its transaction will hold, and what keeps it back. One that undoes a
-- charge which is on a loaded invoice becomes a credit note.
with discounts as (
    select * from {{ ref('stg_sonar__discounts') }}
),

customers as (
    select * from {{ ref('int_customers__screened') }}
),

taxes as (
    select *
    from {{ ref('int_money__owner_taxes') }}
    where owner = 'discount'
),

debits as (
    select *
    from {{ ref('int_money__debits') }}
    where is_counted and not is_on_void_invoice and not is_future
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
        discounts.*,
        customers._sonar_key as customer_key,
        customers.exclude_rule as customer_rule,
        customers.reject_reason as customer_reason,
        coalesce(taxes.tax_cents, 0) as tax_cents,
        debits.sonar_invoice_id as undone_invoice_id,
        services.service_key,
        coalesce(
            services.service_type,
            case
                when discounts.charge_type = 'VOICE' then 'voice'
                when discounts.charge_type in ('RECURRING', 'EXPIRING') then 'custom'
                when discounts.charge_type in ('ONETIME', 'ADJUSTMENT') then 'one_time'
                else 'internet'
            end
        ) as service_type,
        coalesce(
            discounts.description,
            discounts.service_name,
            'Discount ' || discounts.sonar_discount_id
        ) as words,
        nullif(concat_ws(
            '; ',
            'GL ' || nullif(
                concat_ws(
                    ' ', discounts.general_ledger_code, discounts.general_ledger_code_description
                ), ''
            ),
            'undoes Sonar debit ' || discounts.sonar_debit_id,
            'minutes ' || discounts.minutes,
            'quantity ' || nullif(discounts.quantity, 1)
        ), '') as remarks
    from discounts
    left join customers on discounts.sonar_account_id = customers.sonar_account_id
    left join taxes on discounts.sonar_discount_id = taxes.sonar_owner_id
    left join debits
        on
            discounts.sonar_debit_id = debits.sonar_debit_id
            and discounts.sonar_account_id = debits.sonar_account_id
    left join services
        on
            discounts.sonar_account_id = services.sonar_account_id
            and discounts.sonar_service_id = services.sonar_service_id
),

judged as (
    select
        joined.*,
        case
            when joined.customer_rule is not null then null
            when joined.customer_key is null then 'account_missing'
            when joined.customer_reason is not null then 'customer_rejected'
            when joined.amount_cents < 0 then 'negative_amount'
        end as reject_reason
    from joined
),

excluding as (
    select
        judged.*,
        case
            when judged.customer_rule is not null then judged.customer_rule
            when judged.reject_reason is not null then null
            when judged.is_reversed then 'discount_reversed'
            when judged.amount_cents = 0 then 'discount_of_nothing'
        end as own_rule
    from judged
),

final as (
    select
        _sonar_key,
        customer_key as _customer_key,
        'discount:' || _sonar_key as discount_key,
        sonar_discount_id,
        sonar_account_id,
        sonar_debit_id,
        amount_cents,
        tax_cents,
        amount_cents + tax_cents as usable_cents,
        stated_remaining_cents,
        undone_invoice_id is not null
        and own_rule is null
        and reject_reason is null as is_credit_note,
        case
            when own_rule is null and reject_reason is null then undone_invoice_id
        end as credit_note_invoice_id,
        '{{ var("credit_note_number_prefix") }}' || sonar_discount_id as number,
        {{ local_date('created_at') }} as date,
        {{ local_time('created_at') }} as created_local_at,
        case when prorated_from <= prorated_to then prorated_from end as period_from,
        case when prorated_from <= prorated_to then prorated_to end as period_to,
        left(words, 255) as description,
        left(concat_ws('; ', nullif(substr(words, 256), ''), remarks), 512) as comment,
        length(concat_ws('; ', nullif(substr(words, 256), ''), remarks)) > 512 as is_text_cut,
        service_type,
        service_key,
        case when sonar_user_id is null then 'auto' else 'manual' end as source,
        sonar_user_id::text as author_key,
        own_rule is null and reject_reason is null as is_counted,
        case
            when own_rule is not null then own_rule
            {% if var('money_method') == 'opening_balance' -%}
            when reject_reason is null then 'opening_balance'
            {%- endif %}
        end as exclude_rule,
        reject_reason
    from excluding
)

select * from final
