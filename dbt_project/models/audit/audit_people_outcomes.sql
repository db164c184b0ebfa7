-- What became of the records behind customers, staff, partners and labels.
with own_rows as (
    {{ outcomes_of_own_rows(
        'accounts', 'int_customers__screened', 'customers', 'screened._sonar_key'
    ) }}
    union all
    {{ outcomes_of_own_rows(
        'companies', 'int_people__companies', 'partners', merge_rule='screened.merge_rule'
    ) }}
    union all
    {{ outcomes_of_own_rows(
        'users', 'int_people__users', 'admins', merge_rule='screened.merge_rule'
    ) }}
    union all
    {{ outcomes_of_own_rows(
        'account_groups',
        'int_people__account_groups',
        'labels',
        merge_rule='screened.merge_rule'
    ) }}
    union all
    {{ outcomes_of_own_rows(
        'custom_fields',
        'int_people__custom_fields',
        'customers_fields',
        entity='custom_fields',
    ) }}
    union all
    {{ outcomes_of_own_rows(
        'custom_field_data',
        'int_customers__field_values',
        'customers_values',
        'screened.customer_key',
        entity='custom_field_data',
        mart_key='screened.value_key',
    ) }}
    union all
    {{ outcomes_of_own_rows(
        'notes',
        'int_customers__staff_notes',
        'customer_notes',
        'screened.customer_key',
        entity='notes',
        mart_key="'note:' || screened._sonar_key",
    ) }}
    union all
    {{ outcomes_of_own_rows(
        'call_logs',
        'int_customers__call_logs',
        'customer_notes',
        'screened.customer_key',
        entity='call_logs',
        mart_key="'call_log:' || screened._sonar_key",
    ) }}
),

merged_rows as (
    {{ outcomes_of_merged_rows(
        'account_billing_parameters',
        'int_customers__billing_parameters',
        'sonar_account_id',
        'int_customers__screened',
        'customer_billing',
        'customer_rejected',
        'owners._sonar_key',
    ) }}
),

-- The main ones are part of the customer's row, the others are notes; a number goes with its
-- contact. What is of nobody here may have gone into a mart of another area.
main_and_other_rows as (
    {% for collection, screened, is_main, note_key, as_note in [
        (
            'addresses',
            'int_customers__addresses',
            'screened.is_main',
            "'address:' || screened._sonar_key",
            'mart',
        ),
        (
            'contacts',
            'int_customers__contacts',
            'screened.is_main',
            "'contact:' || screened._sonar_key",
            'mart',
        ),
        (
            'phone_numbers',
            'int_customers__phone_numbers',
            'screened.is_of_main_contact',
            "'contact:' || screened.sonar_contact_id",
            'merged',
        ),
    ] %}
        select
            '{{ collection }}' as collection,
            screened._sonar_key,
            '{{ collection }}' as entity,
            case
                when foreign_records._sonar_key is not null then 'merged'
                when owners.exclude_rule is not null then 'excluded'
                when owners.reject_reason is not null then 'rejected'
                when screened.exclude_rule is not null then 'excluded'
                when screened.reject_reason is not null then 'rejected'
                when {{ is_main }} and customers._sonar_key is not null then 'merged'
                when not {{ is_main }} and notes._sonar_key is not null then '{{ as_note }}'
            end as outcome,
            case
                when foreign_records._sonar_key is not null then foreign_records.reason
                when owners.exclude_rule is not null then owners.exclude_rule
                when owners.reject_reason is not null then 'customer_rejected'
                when screened.exclude_rule is not null then screened.exclude_rule
                when screened.reject_reason is not null then screened.reject_reason
                when {{ is_main }} then 'into_customers'
                {% if as_note == 'merged' %}else 'into_customer_notes'{% endif %}
            end as reason,
            owners._sonar_key as _customer_key
        from {{ ref(screened) }} as screened
        left join {{ ref('int_customers__screened') }} as owners
            on screened.sonar_account_id = owners.sonar_account_id
        left join {{ ref('customers') }} as customers on owners._sonar_key = customers._sonar_key
        left join {{ ref('customer_notes') }} as notes
            on {{ note_key }} = notes._sonar_key
        left join {{ ref('audit_foreign_records') }} as foreign_records
            on
                screened._sonar_key = foreign_records._sonar_key
                and foreign_records.collection = '{{ collection }}'
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

roles as (
    select
        'roles' as collection,
        _sonar_key,
        'roles' as entity,
        case
            when exclude_rule is not null then 'excluded'
            when reject_reason is not null then 'rejected'
            else 'merged'
        end as outcome,
        coalesce(exclude_rule, reject_reason, merge_rule) as reason,
        null::text as _customer_key
    from {{ ref('int_people__roles') }}
),

code_lists as (
    {% for collection, outcome, reason in [
        ('account_statuses', 'merged', 'lookup'),
        ('account_types', 'merged', 'lookup'),
        ('system_setting', 'excluded', 'setting_of_sonar'),
    ] %}
        {{ outcomes_of_code_list(
            collection, dict(mapped_collections())[collection], outcome, reason
        ) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

final as (
    select *
    from own_rows
    where outcome is not null and reason is distinct from 'note_of_job'     -- another area says it
    union all
    select * from merged_rows where outcome is not null
    union all
    select * from main_and_other_rows where outcome is not null
    union all
    select * from roles
    union all
    select * from code_lists
)

select * from final
