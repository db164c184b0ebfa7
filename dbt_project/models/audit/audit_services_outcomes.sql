-- What became of the records behind plans, services and taxes.
{% set plans = [
    ('tariffs_internet', 'internet_plans'),
    ('tariffs_voice', 'voice_plans'),
    ('tariffs_custom', 'custom_plans'),
    ('tariffs_one_time', 'one_time_plans'),
] %}
{% set services = ['internet', 'voice', 'custom'] %}

with own_rows as (
    {% for mart, screened in plans %}
        {{ outcomes_of_own_rows('services', 'int_services__' ~ screened, mart) }}
        union all
    {% endfor %}
    {% for kind in services %}
        {{ outcomes_of_own_rows(
            'account_services',
            'int_services__' ~ kind,
            'services_' ~ kind,
            'screened._customer_key',
        ) }}
        union all
    {% endfor %}
    {{ outcomes_of_own_rows('packages', 'int_services__packages', 'bundle') }}
    union all
    {{ outcomes_of_own_rows(
        'taxes', 'int_services__taxes', 'tax', merge_rule='screened.merge_rule'
    ) }}
),

plans as (
    {% for mart, screened in plans %}
        select
            screened.sonar_service_id,
            screened.service_type,
            screened.exclude_rule,
            screened.reject_reason,
            case when mart._sonar_key is not null then 'into_{{ mart }}' end as place
        from {{ ref('int_services__' ~ screened) }} as screened
        left join {{ ref(mart) }} as mart on screened._sonar_key = mart._sonar_key
        union all
    {% endfor %}
    select
        screened.sonar_service_id,
        screened.service_type,
        screened.exclude_rule,
        screened.reject_reason,
        screened.merge_rule as place
    from {{ ref('int_services__tariffs_screened') }} as screened
    where screened.splynx_table is null
),

other_services as (
    select
        'services' as collection,
        _sonar_key,
        'services' as entity,
        case
            when exclude_rule is not null then 'excluded'
            when reject_reason is not null then 'rejected'
            when merge_rule is not null then 'merged'
        end as outcome,
        coalesce(exclude_rule, reject_reason, merge_rule) as reason,
        null::text as _customer_key
    from {{ ref('int_services__tariffs_screened') }}
    where splynx_table is null
),

details as (
    select
        details.collection,
        details._sonar_key,
        details.collection as entity,
        case
            when details.reject_reason is not null then 'rejected'
            when plans.exclude_rule is not null then 'excluded'
            when plans.reject_reason is not null then 'rejected'
            when details.exclude_rule is not null then 'excluded'
            when plans.service_type = 'ADJUSTMENT' then 'excluded'
            when plans.place is not null then 'merged'
        end as outcome,
        case
            when details.reject_reason is not null then details.reject_reason
            when plans.exclude_rule is not null then plans.exclude_rule
            when plans.reject_reason is not null then 'tariff_rejected'
            when details.exclude_rule is not null then details.exclude_rule
            when plans.service_type = 'ADJUSTMENT' then 'adjustment_limit_not_mapped'
            else plans.place
        end as reason,
        null::text as _customer_key,
        details.detail_id
    from {{ ref('int_services__details') }} as details
    left join plans on details.sonar_service_id = plans.sonar_service_id
),

-- What can be added to a voice plan goes with its detail.
voice_parameters as (
    select
        'voice_service_generic_parameters' as collection,
        parameters._sonar_key,
        'voice_service_generic_parameters' as entity,
        case when details._sonar_key is null then 'rejected' else details.outcome end as outcome,
        case when details._sonar_key is null then 'detail_missing' else details.reason end
            as reason,
        null::text as _customer_key
    from {{ ref('stg_sonar__voice_service_generic_parameters') }} as parameters
    left join details
        on
            parameters.sonar_voice_service_detail_id = details.detail_id
            and details.collection = 'voice_service_details'
),

package_members as (
    select
        'package_services' as collection,
        members._sonar_key,
        'package_services' as entity,
        case
            when bundles._sonar_key is not null then 'merged'
            when packages.sonar_package_id is null or packages.reject_reason is not null
                then 'rejected'
        end as outcome,
        case
            when packages.sonar_package_id is null then 'package_missing'
            when packages.reject_reason is not null then 'package_rejected'
            else 'into_bundle'
        end as reason,
        null::text as _customer_key
    from {{ ref('int_services__package_members') }} as members
    left join {{ ref('int_services__packages') }} as packages
        on members.sonar_package_id = packages.sonar_package_id
    left join {{ ref('bundle') }} as bundles on packages._sonar_key = bundles._sonar_key
),

marts_of_services as (
    {% for kind in services %}
        select
            _sonar_key,
            id,
            '{{ kind }}' as kind,
            discount
        from {{ ref('services_' ~ kind) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- Credits are merged where the service that bears them has arrived with a discount.
other_account_services as (
    select
        'account_services' as collection,
        services._sonar_key,
        'account_services' as entity,
        case
            when services.exclude_rule is not null then 'excluded'
            when coalesce(credits.reject_reason, services.reject_reason) is not null
                then 'rejected'
            when hosts.discount = '1' then 'merged'
        end as outcome,
        coalesce(
            services.exclude_rule,
            credits.reject_reason,
            services.reject_reason,
            'into_services_' || hosts.kind
        ) as reason,
        services._customer_key
    from {{ ref('int_services__screened') }} as services
    left join {{ ref('int_services__credits') }} as credits
        on services._sonar_key = credits._sonar_key
    left join marts_of_services as hosts on credits.host_key = hosts._sonar_key
    where services.splynx_table is null
),

voice_lines as (
    select
        'account_voice_service_details' as collection,
        lines._sonar_key,
        'account_voice_service_details' as entity,
        case
            when lines.reject_reason = 'account_service_missing' then 'rejected'
            when owners.exclude_rule is not null then 'excluded'
            when services._sonar_key is null then 'rejected'
            when lines.reject_reason is not null then 'rejected'
            else 'merged'
        end as outcome,
        case
            when lines.reject_reason = 'account_service_missing' then lines.reject_reason
            when owners.exclude_rule is not null then owners.exclude_rule
            when services._sonar_key is null then 'service_rejected'
            when lines.reject_reason is not null then lines.reject_reason
            else 'into_services_voice'
        end as reason,
        owners._customer_key
    from {{ ref('int_services__voice_lines') }} as lines
    left join {{ ref('int_services__screened') }} as owners
        on lines.account_service_key = owners._sonar_key
    left join {{ ref('services_voice') }} as services on owners._sonar_key = services._sonar_key
),

numbers_in_fields as (
    select services._sonar_key
    from {{ ref('services_voice_values') }} as field_values
    inner join {{ ref('services_voice') }} as services on field_values.id = services.id
    where field_values.name = 'sonar_phone_numbers'
),

did_assignments as (
    select
        'did_assignments' as collection,
        numbers._sonar_key,
        'did_assignments' as entity,
        numbers.did_key,
        case
            when numbers.exclude_rule is not null then 'excluded'
            when numbers.reject_reason is not null then 'rejected'
            when numbers_in_fields._sonar_key is not null then 'merged'
        end as outcome,
        coalesce(
            numbers.exclude_rule, numbers.reject_reason, 'into_services_voice_values'
        ) as reason,
        numbers._customer_key
    from {{ ref('int_services__numbers') }} as numbers
    left join numbers_in_fields on numbers.service_key = numbers_in_fields._sonar_key
),

assigned as (
    select
        did_key,
        bool_or(outcome = 'merged') as is_merged,
        bool_and(outcome = 'excluded') as is_excluded,
        min(reason) filter (where outcome = 'excluded') as exclude_rule
    from did_assignments
    where outcome is not null
    group by did_key
),

dids as (
    select
        'dids' as collection,
        dids._sonar_key,
        'dids' as entity,
        case
            when assigned.did_key is null or assigned.is_excluded then 'excluded'
            when assigned.is_merged then 'merged'
            else 'rejected'
        end as outcome,
        case
            when assigned.did_key is null then 'did_not_assigned'
            when assigned.is_excluded then assigned.exclude_rule
            when assigned.is_merged then 'into_services_voice_values'
            else 'assignment_rejected'
        end as reason,
        null::text as _customer_key
    from {{ ref('stg_sonar__dids') }} as dids
    left join assigned on dids._sonar_key = assigned.did_key
),

tax_links as (
    select
        'service_taxes' as collection,
        links._sonar_key,
        'service_taxes' as entity,
        case
            when links.exclude_rule is not null then 'excluded'
            when links.reject_reason is not null then 'rejected'
            when plans.place is not null then 'merged'
        end as outcome,
        coalesce(links.exclude_rule, links.reject_reason, plans.place) as reason,
        null::text as _customer_key
    from {{ ref('int_services__tax_links') }} as links
    left join plans on links.sonar_service_id = plans.sonar_service_id
),

final as (
    {% for rows in [
        'own_rows',
        'other_services',
        'details',
        'voice_parameters',
        'package_members',
        'other_account_services',
        'voice_lines',
        'did_assignments',
        'dids',
        'tax_links',
    ] %}
        select
            collection,
            _sonar_key,
            entity,
            outcome,
            reason,
            _customer_key
        from {{ rows }}
        where outcome is not null
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select * from final
