-- Every payment with what its row will hold, and what keeps it back.
with payments as (
    select * from {{ ref('stg_sonar__payments') }}
),

customers as (
    select * from {{ ref('int_customers__screened') }}
),

types as (
    select * from {{ ref('map_payment_types') }}
),

cards as (
    select * from {{ ref('stg_sonar__credit_cards') }}
),

bank_accounts as (
    select * from {{ ref('stg_sonar__bank_accounts') }}
),

joined as (
    select
        payments.*,
        customers._sonar_key as customer_key,
        customers.exclude_rule as customer_rule,
        customers.reject_reason as customer_reason,
        types.splynx_payment_type,
        types.field_1 as meant_for_1,
        types.field_2 as meant_for_2,
        coalesce(cards.masked_number, bank_accounts.masked_number) as masked_number
    from payments
    left join customers on payments.sonar_account_id = customers.sonar_account_id
    left join types on payments.payment_type = types.payment_type
    left join cards on payments.sonar_credit_card_id = cards.sonar_credit_card_id
    left join bank_accounts
        on payments.sonar_bank_account_id = bank_accounts.sonar_bank_account_id
),

excluding as (
    select
        joined.*,
        case
            when joined.customer_rule is not null then joined.customer_rule
            when joined.customer_key is null or joined.customer_reason is not null then null
            when joined.is_successful then
                case when joined.amount_cents = 0 then 'payment_of_nothing' end
            when joined.payment_status = 'PENDING' then 'payment_pending'
            else 'payment_not_successful'
        end as own_rule
    from joined
),

judged as (
    select
        excluding.*,
        case
            when excluding.own_rule is not null then null
            when excluding.customer_key is null then 'account_missing'
            when excluding.customer_reason is not null then 'customer_rejected'
            when excluding.amount_cents < 0 then 'negative_amount'
            when excluding.splynx_payment_type is null then 'unmapped_payment_type'
        end as reject_reason
    from excluding
),

-- The fields of a payment have captions of their own in Splynx; what has no field is named.
worded as (
    select
        judged.*,
        {% for field in ['1', '2'] %}
            case judged.meant_for_{{ field }}
                when 'masked_number' then judged.masked_number
                when 'transaction_id' then judged.processor_transaction_id
                when 'reference' then judged.reference
            end as field_{{ field }},
        {% endfor %}
        nullif(concat_ws(
            '; ',
            judged.description,
            {% for text, column in [
                ('reference', 'reference'), ('transaction_id', 'processor_transaction_id')
            ] %}
                case
                    when
                        coalesce(judged.meant_for_1, '') <> '{{ text }}'
                        and coalesce(judged.meant_for_2, '') <> '{{ text }}'
                        then '{{ text | replace("_id", "") }} ' || judged.{{ column }}
                end{% if not loop.last %},{% endif %}
            {% endfor %}
        ), '') as words
    from judged
),

final as (
    select
        _sonar_key,
        customer_key as _customer_key,
        'payment:' || _sonar_key as payment_key,
        sonar_payment_id,
        sonar_account_id,
        amount_cents,
        stated_remaining_cents,
        {{ local_date('paid_at') }} as date,
        {{ local_time('created_at') }} as created_local_at,
        splynx_payment_type,
        '{{ var("receipt_number_prefix") }}' || sonar_payment_id as receipt_number,
        -- what a column has no room for goes into the note as a whole
        case when length(field_1) <= 512 then field_1 end as field_1,
        case when length(field_2) <= 512 then field_2 end as field_2,
        case when length(words) <= 256 then words end as comment,
        nullif(concat_ws(
            E'\n',
            case when length(words) > 256 then words end,
            case when length(field_1) > 512 then field_1 end,
            case when length(field_2) > 512 then field_2 end
        ), '') as note,
        sonar_user_id::text as author_key,
        own_rule is null and reject_reason is null as is_counted,
        case
            when own_rule is not null then own_rule
            {% if var('money_method') == 'opening_balance' -%}
            when reject_reason is null then 'opening_balance'
            {%- endif %}
        end as exclude_rule,
        reject_reason
    from worded
)

select * from final
