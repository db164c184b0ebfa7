-- Whom Splynx would block in its first seven days, and when Sonar would. Splynx's side is read from
-- the marts: an active customer with an unpaid recurring invoice is blocked `blocking_period` days
-- after the day until which it had to be paid.
with cutover as (
    select cutover_date from {{ ref('int_services__cutover') }}
),

invoices as (
    select *
    from {{ ref('invoices') }}
    where status = 'not_paid' and type = 'recurring' and deleted = '0'
),

stated as (
    select * from {{ ref('stg_sonar__invoices') }}
),

terms as (
    select
        sonar_account_id,
        grace_days,
        deactivation_days
    from {{ ref('int_customers__billing_parameters') }}
    where exclude_rule is null and reject_reason is null
),

unpaid as (
    select
        customers._sonar_key,
        customers._customer_key,
        customers.id as customer_id,
        invoices.number as invoice_number,
        invoices.due,
        invoices.date_till,
        billing.blocking_period,
        billing.deposit,
        invoices.date_till + billing.blocking_period::integer as splynx_block_date,
        stated.due_date as sonar_due_date,
        coalesce(terms.grace_days, 0) as sonar_grace_days,
        stated.due_date + coalesce(terms.grace_days, 0) as sonar_delinquency_date,
        stated.due_date + coalesce(terms.grace_days, 0) + terms.deactivation_days
            as sonar_switch_date,
        cutover.cutover_date
    from invoices
    inner join {{ ref('customers') }} as customers on invoices.customer_id = customers.id
    inner join {{ ref('customer_billing') }} as billing on customers.id = billing.customer_id
    left join stated on invoices._sonar_key = stated._sonar_key
    left join terms on stated.sonar_account_id = terms.sonar_account_id
    cross join cutover
    where customers.status = 'active'
),

-- A customer is blocked for the invoice that is the first to be late.
ranked as (
    select
        unpaid.*,
        count(*) over (partition by unpaid.customer_id) as late_invoices,
        sum(unpaid.due) over (partition by unpaid.customer_id) as late_amount,
        row_number() over (
            partition by unpaid.customer_id
            order by unpaid.splynx_block_date, unpaid.invoice_number
        ) as place
    from unpaid
    where unpaid.splynx_block_date <= unpaid.cutover_date + 7
),

final as (
    select
        _sonar_key,
        _customer_key,
        customer_id,
        invoice_number,
        late_invoices,
        (late_amount * {{ 10 ** var('money_decimals') }})::bigint as late_cents,
        date_till as splynx_due_date,
        blocking_period as splynx_blocking_days,
        splynx_block_date,
        greatest(splynx_block_date, cutover_date) as splynx_blocks_on,
        sonar_due_date,
        sonar_grace_days,
        sonar_delinquency_date,
        sonar_switch_date,
        case
            when deposit >= 0 then 'balance_is_not_owed'
            when splynx_block_date < cutover_date then 'late_before_the_cutover'
            else 'late_in_the_first_week'
        end as reason,
        case
            when splynx_block_date < sonar_delinquency_date then 'earlier_than_in_sonar'
            when splynx_block_date > sonar_delinquency_date then 'later_than_in_sonar'
            when sonar_switch_date is null then 'sonar_only_marks_it'
            else 'same_day'
        end as difference
    from ranked
    where place = 1
)

select * from final
