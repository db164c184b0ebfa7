-- Why the position of an account in Splynx is not what Sonar states: one row for each account and
-- cause, and what it comes to. Every part is counted from the records, not from the difference, so
-- what no cause explains stays visible in audit_money_position.
{% set loaded = "coalesce(outcomes.outcome in ('mart', 'merged'), false)
        or coalesce(outcomes.reason = 'opening_balance', false)" %}
with customers as (
    select
        sonar_account_id,
        case
            when exclude_rule is not null then 'customer_excluded'
            when reject_reason is not null then 'customer_rejected'
        end as cause
    from {{ ref('int_customers__screened') }}
),

outcomes as (
    select
        collection,
        _sonar_key,
        outcome,
        reason
    from {{ ref('audit_money_outcomes') }}
),

legs as (
    select * from {{ ref('audit_sonar_legs') }}
),

-- Records that did not go on, by name. A record that is lost has no outcome and explains nothing.
of_records as (
    select
        legs.sonar_account_id,
        legs.is_pending,
        'record_' || outcomes.outcome as cause,
        outcomes.reason,
        -legs.cents as cents
    from legs
    inner join outcomes
        on legs.collection = outcomes.collection and legs._sonar_key = outcomes._sonar_key
    where not ({{ loaded }})
),

of_invoices as (
    select
        sonar_account_id,
        false as is_pending,
        'invoice_disagrees_with_its_records' as cause,
        null::text as reason,
        due_cents - stated_due_cents as cents
    from {{ ref('audit_sonar_invoices') }}
    where not is_void
),

of_payers as (
    select
        sonar_account_id,
        false as is_pending,
        case collection
            when 'payments' then 'payment_disagrees_with_its_records'
            else 'discount_disagrees_with_its_records'
        end as cause,
        null::text as reason,
        stated_remaining_cents - remaining_cents as cents
    from {{ ref('audit_sonar_payers') }}
    where is_usable
),

-- Money of accounts that are not loaded stays behind as a whole, as Sonar states it.
left_behind as (
    select
        sonar_account_id,
        false as is_pending,
        -stated_due_cents as cents
    from {{ ref('audit_sonar_invoices') }}
    where not is_void
    union all
    select
        sonar_account_id,
        false as is_pending,
        stated_remaining_cents as cents
    from {{ ref('audit_sonar_payers') }}
    where is_usable
    union all
    select
        sonar_account_id,
        true as is_pending,
        -cents as cents
    from legs
    where is_pending
),

parts as (
    select
        of_loaded.sonar_account_id,
        of_loaded.is_pending,
        of_loaded.cause,
        of_loaded.reason,
        of_loaded.cents
    from (
        select * from of_records
        union all
        select * from of_invoices
        union all
        select * from of_payers
    ) as of_loaded
    inner join customers
        on of_loaded.sonar_account_id = customers.sonar_account_id and customers.cause is null
    union all
    select
        left_behind.sonar_account_id,
        left_behind.is_pending,
        case
            when customers.sonar_account_id is null then 'account_missing'
            else customers.cause
        end as cause,
        null as reason,
        left_behind.cents
    from left_behind
    left join customers on left_behind.sonar_account_id = customers.sonar_account_id
    where customers.sonar_account_id is null or customers.cause is not null
),

final as (
    select
        sonar_account_id::text as _customer_key,
        sonar_account_id,
        is_pending,
        cause,
        coalesce(reason, '') as reason,
        count(*) as records,
        sum(cents)::bigint as cents
    from parts
    where cents <> 0
    group by sonar_account_id, is_pending, cause, coalesce(reason, '')
)

select * from final
