-- What became of each live record. "Mart" is read from the mart itself, so that a row which was
-- decided on and did not arrive has no outcome here.
with own_rows as (
    {{ outcomes_of_own_rows(
        'accounts', 'int_customers__screened', 'customers', 'screened._sonar_key'
    ) }}
    union all
    {{ outcomes_of_own_rows('services', 'int_services__tariffs_screened', 'tariffs_internet') }}
    union all
    {{ outcomes_of_own_rows(
        'account_services',
        'int_services__screened',
        'services_internet',
        'screened._customer_key',
    ) }}
),

merged_rows as (
    {% for collection, screened, mart in [
        ('account_billing_parameters', 'int_customers__billing_parameters', 'customer_billing'),
        ('addresses', 'int_customers__addresses', 'customers'),
        ('contacts', 'int_customers__contacts', 'customers'),
        ('phone_numbers', 'int_customers__phone_numbers', 'customers'),
    ] %}
        {{ outcomes_of_merged_rows(
            collection,
            screened,
            'sonar_account_id',
            'int_customers__screened',
            mart,
            'customer_rejected',
            'owners._sonar_key',
        ) }}
        union all
    {% endfor %}
    {{ outcomes_of_merged_rows(
        'data_service_details',
        'int_services__data_details',
        'sonar_service_id',
        'int_services__tariffs_screened',
        'tariffs_internet',
        'tariff_rejected',
    ) }}
),

code_lists as (
    {% for collection, outcome, reason in [
        ('account_statuses', 'merged', 'lookup'),
        ('account_types', 'merged', 'lookup'),
        ('account_groups', 'excluded', 'labels_not_mapped'),
        ('companies', 'excluded', 'one_partner_by_setting'),
        ('system_setting', 'excluded', 'setting_of_sonar'),
    ] %}
        {{ outcomes_of_code_list(
            collection, dict(mapped_collections())[collection], outcome, reason
        ) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

final as (
    select * from own_rows where outcome is not null
    union all
    select * from merged_rows where outcome is not null
    union all
    select * from code_lists
)

select * from final
