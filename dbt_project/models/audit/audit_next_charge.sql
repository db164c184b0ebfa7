-- The next charge of every service in Sonar and the first one in Splynx, side by side. Sonar's side
-- is read from what it says, Splynx's side from the marts alone, by the formula that its manual
-- describes: charged on the billing day, in advance, for `period` months; a start between two
-- billing days is charged by the day up to the next one.
with account_services as (
    select * from {{ ref('stg_sonar__account_services') }}
),

services as (
    select * from {{ ref('stg_sonar__services') }}
),

accounts as (
    select * from {{ ref('stg_sonar__accounts') }}
),

frequencies as (
    select
        sonar_service_id,
        min(billing_frequency_months) as months
    from (
        select sonar_service_id, billing_frequency_months
        from {{ ref('stg_sonar__data_service_details') }}
        union all
        select sonar_service_id, billing_frequency_months
        from {{ ref('stg_sonar__voice_service_details') }}
        union all
        select sonar_service_id, billing_frequency_months
        from {{ ref('stg_sonar__recurring_service_details') }}
        union all
        select sonar_service_id, billing_frequency_months
        from {{ ref('stg_sonar__expiring_service_details') }}
    ) as details
    group by sonar_service_id
),

account_months as (
    select distinct on (sonar_account_id)
        sonar_account_id,
        months_to_bill as months
    from {{ ref('stg_sonar__account_billing_parameters') }}
    order by sonar_account_id, sonar_billing_parameter_id
),

lines as (
    select
        lines.sonar_account_service_id,
        sum(
            lines.quantity * coalesce(lines.price_override_cents, parameters.price_cents)
        ) as cents
    from {{ ref('stg_sonar__account_voice_service_details') }} as lines
    left join {{ ref('stg_sonar__voice_service_generic_parameters') }} as parameters
        on lines.sonar_voice_parameter_id = parameters.sonar_voice_parameter_id
    group by lines.sonar_account_service_id
),

outcomes as (
    select
        _sonar_key,
        entity,
        outcome,
        reason,
        _customer_key
    from {{ ref('audit_services_outcomes') }}
    where collection = 'account_services'
),

cutover as (
    select cutover_date from {{ ref('int_services__cutover') }}
),

-- What Sonar charges next, and from when to when.
in_sonar as (
    select
        account_services._sonar_key,
        account_services.sonar_account_id,
        services.application,
        services.service_type,
        coalesce(account_services.next_bill_date, accounts.next_bill_date) as next_date,
        case
            when frequencies.months > 1 then frequencies.months
            else coalesce(account_months.months, 1)
        end as months,
        case
            when coalesce(account_services.next_bill_date, accounts.next_bill_date) is null then 0
            when frequencies.months > 1 then 1
            else coalesce(account_months.months, 1)
        end as times,
        account_services.quantity * (
            coalesce(account_services.price_override_cents, services.amount_cents, 0)
            + case
                when services.service_type = 'VOICE' and services.application = 'DEBIT'
                    then coalesce(lines.cents, 0)
                else 0
            end
        ) as cents
    from account_services
    left join services on account_services.sonar_service_id = services.sonar_service_id
    left join accounts on account_services.sonar_account_id = accounts.sonar_account_id
    left join frequencies on account_services.sonar_service_id = frequencies.sonar_service_id
    left join account_months
        on account_services.sonar_account_id = account_months.sonar_account_id
    left join lines
        on account_services.sonar_account_service_id = lines.sonar_account_service_id
),

borne_credits as (
    select
        credits.host_key,
        sum(in_sonar.cents * in_sonar.times) as cents
    from {{ ref('int_services__credits') }} as credits
    inner join in_sonar on credits._sonar_key = in_sonar._sonar_key
    where credits.host_key is not null
    group by credits.host_key
),

rows_of_splynx as (
    {% for kind in ['internet', 'voice', 'custom'] %}
        select
            _sonar_key,
            _customer_key,
            'services_{{ kind }}' as splynx_table,
            id,
            customer_id,
            bundle_service_id,
            quantity,
            unit_price,
            start_date,
            end_date,
            status,
            period::integer as period,
            case when discount = '1' then discount_value else 0 end as discount,
            discount_end_date
        from {{ ref('services_' ~ kind) }}
        union all
    {% endfor %}
    select
        _sonar_key,
        _customer_key,
        'services_bundle' as splynx_table,
        id,
        customer_id,
        null::bigint as bundle_service_id,
        1 as quantity,
        unit_price,
        start_date,
        end_date,
        status,
        period::integer as period,
        0 as discount,
        null::date as discount_end_date
    from {{ ref('services_bundle') }}
),

-- The billing days around the start of each service.
with_days as (
    select
        rows_of_splynx.*,
        rows_of_splynx.status = 'active'
        and customers.status in ('active', 'blocked') as is_billed,
        case
            when extract(day from rows_of_splynx.start_date) <= customer_billing.billing_date
                then date_trunc('month', rows_of_splynx.start_date)
            else date_trunc('month', rows_of_splynx.start_date) + interval '1 month'
        end::date
        + (customer_billing.billing_date - 1)::integer as billing_day
    from rows_of_splynx
    inner join {{ ref('customers') }} as customers
        on rows_of_splynx.customer_id = customers.id
    inner join {{ ref('customer_billing') }} as customer_billing
        on customers.id = customer_billing.customer_id
),

with_cycles as (
    select
        with_days.*,
        with_days.billing_day = with_days.start_date as starts_on_billing_day,
        (with_days.billing_day - interval '1 month')::date as cycle_start,
        case
            when with_days.billing_day = with_days.start_date
                then (with_days.start_date + make_interval(months => with_days.period))::date - 1
            else with_days.billing_day - 1
        end as whole_to
    from with_days
),

measured as (
    select
        with_cycles.*,
        least(with_cycles.whole_to, coalesce(with_cycles.end_date, with_cycles.whole_to))
            as covers_to,
        case
            when not with_cycles.starts_on_billing_day then
                (with_cycles.billing_day - with_cycles.start_date)::numeric
                / (with_cycles.billing_day - with_cycles.cycle_start)
            else least(
                with_cycles.period,
                extract(year from age(with_cycles.end_date + 1, with_cycles.start_date)) * 12
                + extract(month from age(with_cycles.end_date + 1, with_cycles.start_date))
            )
        end as months_charged,
        least(
            with_cycles.period,
            extract(year from age(with_cycles.discount_end_date + 1, with_cycles.start_date)) * 12
            + extract(month from age(with_cycles.discount_end_date + 1, with_cycles.start_date))
        ) as months_discounted
    from with_cycles
),

in_splynx as (
    select
        measured._sonar_key,
        measured._customer_key,
        measured.splynx_table,
        measured.id,
        measured.customer_id,
        measured.bundle_service_id,
        measured.is_billed,
        measured.starts_on_billing_day,
        measured.covers_to < measured.whole_to as ends_within_period,
        case when measured.is_billed then measured.billing_day end as charge_date,
        case when measured.is_billed then measured.start_date end as covers_from,
        case when measured.is_billed then measured.covers_to end as covers_to,
        case
            when measured.is_billed then (
                100 * round(measured.unit_price * measured.quantity * measured.months_charged, 2)
            )::bigint
            else 0
        end as cents,
        case
            when measured.is_billed then (
                100 * round(
                    measured.discount
                    * least(measured.months_charged, measured.months_discounted), 2
                )
            )::bigint
            else 0
        end as discount_cents
    from measured
),

bundled as (
    select
        bundles.id as bundle_service_id,
        min(in_sonar.next_date) as next_date,
        min(in_sonar.months) as months,
        sum(in_sonar.cents * in_sonar.times) as cents,
        bundles.unit_price > 0 as bears_price
    from rows_of_splynx as members
    inner join in_sonar on members._sonar_key = in_sonar._sonar_key
    inner join {{ ref('services_bundle') }} as bundles on members.bundle_service_id = bundles.id
    where members.splynx_table <> 'services_bundle'
    group by bundles.id, bundles.unit_price
),

-- What arrived, the packages that were sold, and what Sonar charges for and did not arrive.
together as (
    select
        in_splynx.splynx_table,
        in_splynx._sonar_key,
        in_splynx._customer_key,
        in_splynx.id,
        in_splynx.customer_id,
        null::text as outcome_reason,
        in_sonar.next_date,
        in_sonar.months,
        in_sonar.cents * in_sonar.times as sonar_cents,
        coalesce(borne_credits.cents, 0) as sonar_discount_cents,
        in_splynx.is_billed,
        in_splynx.starts_on_billing_day,
        in_splynx.ends_within_period,
        coalesce(bundled.bears_price, false) as is_in_bundle_price,
        in_splynx.charge_date,
        in_splynx.covers_from,
        in_splynx.covers_to,
        in_splynx.cents as splynx_cents,
        in_splynx.discount_cents as splynx_discount_cents,
        case
            when coalesce(bundled.bears_price, false) then 0
            else in_sonar.cents * in_sonar.times
        end as compared_cents
    from in_splynx
    inner join in_sonar on in_splynx._sonar_key = in_sonar._sonar_key
    left join borne_credits on in_splynx._sonar_key = borne_credits.host_key
    left join bundled on in_splynx.bundle_service_id = bundled.bundle_service_id
    where in_splynx.splynx_table <> 'services_bundle'
    union all
    select
        in_splynx.splynx_table,
        in_splynx._sonar_key,
        in_splynx._customer_key,
        in_splynx.id,
        in_splynx.customer_id,
        null::text as outcome_reason,
        bundled.next_date,
        bundled.months,
        0 as sonar_cents,
        0 as sonar_discount_cents,
        in_splynx.is_billed,
        in_splynx.starts_on_billing_day,
        in_splynx.ends_within_period,
        false as is_in_bundle_price,
        in_splynx.charge_date,
        in_splynx.covers_from,
        in_splynx.covers_to,
        in_splynx.cents as splynx_cents,
        0 as splynx_discount_cents,
        case when bundled.bears_price then bundled.cents else 0 end as compared_cents
    from in_splynx
    left join bundled on in_splynx.id = bundled.bundle_service_id
    where in_splynx.splynx_table = 'services_bundle'
    union all
    select
        outcomes.entity as splynx_table,
        outcomes._sonar_key,
        outcomes._customer_key,
        null::bigint as id,
        null::bigint as customer_id,
        case
            when outcomes.reason in ('one_time_charge', 'one_time_credit') then outcomes.reason
            else 'not_loaded'
        end as outcome_reason,
        in_sonar.next_date,
        in_sonar.months,
        case when in_sonar.application = 'CREDIT' then -1 else 1 end
        * in_sonar.cents
        * case when outcomes.outcome = 'excluded' then 1 else in_sonar.times end
            as sonar_cents,
        0 as sonar_discount_cents,
        false as is_billed,
        null::boolean as starts_on_billing_day,
        null::boolean as ends_within_period,
        false as is_in_bundle_price,
        null::date as charge_date,
        null::date as covers_from,
        null::date as covers_to,
        0 as splynx_cents,
        0 as splynx_discount_cents,
        case when in_sonar.application = 'CREDIT' then -1 else 1 end
        * in_sonar.cents
        * case when outcomes.outcome = 'excluded' then 1 else in_sonar.times end
            as compared_cents
    from outcomes
    inner join in_sonar on outcomes._sonar_key = in_sonar._sonar_key
    where
        outcomes._customer_key is not null
        and (
            outcomes.reason in ('one_time_charge', 'one_time_credit')
            or (outcomes.outcome = 'rejected' and in_sonar.next_date is not null)
        )
),

compared as (
    select
        together.*,
        together.charge_date - together.next_date as days_apart,
        (together.splynx_cents - together.splynx_discount_cents)
        - (together.compared_cents - together.sonar_discount_cents) as cents_apart
    from together
),

final as (
    select
        compared.splynx_table,
        compared._sonar_key,
        compared._customer_key,
        compared.id as splynx_id,
        compared.customer_id as splynx_customer_id,
        compared.next_date as sonar_date,
        case
            when compared.next_date is not null and compared.outcome_reason is null
                then (compared.next_date + make_interval(months => compared.months))::date - 1
        end as sonar_covers_to,
        compared.sonar_cents,
        compared.sonar_discount_cents,
        compared.charge_date as splynx_date,
        compared.covers_from as splynx_covers_from,
        compared.covers_to as splynx_covers_to,
        compared.splynx_cents,
        compared.splynx_discount_cents,
        compared.days_apart,
        compared.cents_apart,
        case
            when compared.outcome_reason is not null then compared.outcome_reason
            when compared.next_date is null and not compared.is_billed then 'not_billed'
            when compared.next_date is null then 'no_date_in_sonar'
            when not compared.is_billed then 'not_billed_in_splynx'
            when compared.is_in_bundle_price and compared.splynx_cents = 0
                then 'in_price_of_bundle'
            when
                compared.days_apart = 0
                and compared.cents_apart = 0
                and not compared.ends_within_period
                then 'same'
            when not compared.starts_on_billing_day then 'start_between_billing_days'
            when compared.ends_within_period then 'ends_within_period'
            else 'unexplained'
        end as cause,
        coalesce(
            compared.next_date < (select cutover.cutover_date from cutover), false
        ) as is_overdue
    from compared
)

select * from final
