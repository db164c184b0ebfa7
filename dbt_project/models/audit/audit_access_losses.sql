-- Why somebody who is served by Sonar would not be served by Splynx in the same way: one row for each
-- internet service of Sonar and reason, and for each router that does not know its secret. Before is
-- read from Sonar's records, after from the marts. Nothing of it is a value: records are named by key.
with subscribers as (
    select * from {{ ref('audit_subscribers') }}
),

known as (
    select * from {{ ref('audit_sonar_access') }}
),

customers as (
    select
        _sonar_key,
        id,
        status
    from {{ ref('customers') }}
),

services as (
    select * from {{ ref('services_internet') }}
),

tariffs as (
    select id from {{ ref('tariffs_internet') }}
),

networks as (
    select
        id,
        (network || '/' || mask)::cidr as network
    from {{ ref('ipv4_networks') }}
    union all
    select
        id,
        (network || '/' || prefix)::cidr as network
    from {{ ref('ipv6_networks') }}
),

pools as (
    select
        4 as address_family,
        id
    from {{ ref('ipv4_networks') }}
    union all
    select
        6 as address_family,
        id
    from {{ ref('ipv6_networks') }}
),

balances as (
    select
        customer_id,
        deposit
    from {{ ref('customer_billing') }}
),

is_allowed_below_zero as (
    select count(*) > 0 as holds
    from {{ ref('stg_ops__harmless_switches') }}
    where switch = 'negative_balance'
),

handed_over as (
    select _sonar_key
    from {{ ref('audit_access_credentials') }}
    where is_handed_over
),

names as (
    select distinct
        sonar_account_id,
        value
    from known
    where kind = 'login'
),

served as (
    select
        subscribers._sonar_key,
        subscribers._customer_key,
        subscribers.sonar_account_id,
        subscribers.sonar_account_service_id,
        subscribers.decision_before,
        customers.status as customer_status,
        services._sonar_key is not null as is_loaded,
        services.status as service_status,
        services.login,
        services.password is not null or handed_over._sonar_key is not null as has_password,
        names.value is not null as has_own_name,
        tariffs.id is not null as has_plan,
        balances.deposit,
        bool_or(services._sonar_key is not null) over (
            partition by subscribers.sonar_account_id
        ) as is_account_served
    from subscribers
    left join customers on subscribers._customer_key = customers._sonar_key
    left join services on subscribers._sonar_key = services._sonar_key
    left join handed_over on subscribers._sonar_key = handed_over._sonar_key
    left join names
        on
            subscribers.sonar_account_id = names.sonar_account_id
            and lower(services.login) = names.value
    left join tariffs on services.tariff_id = tariffs.id
    left join balances on customers.id = balances.customer_id
),

of_services as (
    select
        named.reason,
        served._sonar_key,
        served.sonar_account_id,
        served.sonar_account_service_id,
        'account_services ' || served._sonar_key as record
    from served
    cross join is_allowed_below_zero
    cross join lateral (
        values
        ('customer_not_loaded', served.customer_status is null),
        ('service_not_loaded', served.customer_status is not null and not served.is_loaded),
        (
            'customer_blocked',
            served.is_loaded
            and served.customer_status = 'blocked'
            and served.decision_before = 'allowed'
        ),
        ('customer_new', served.is_loaded and served.customer_status = 'new'),
        (
            'service_not_active',
            served.is_loaded
            and served.customer_status <> 'new'
            and (served.service_status <> 'active' or served.customer_status = 'disabled')
        ),
        ('plan_missing', served.is_loaded and not served.has_plan),
        (
            'negative_balance',
            served.is_loaded and served.deposit < 0 and not is_allowed_below_zero.holds
        ),
        (
            'credential_not_moved',
            served.is_loaded
            and not served.has_password
            and served.has_own_name
        )
    ) as named (reason, holds)
    where named.holds
),

-- What an account was known by, beside the service that a loss of it is told of: the one that the
-- record names, else the first.
told as (
    select
        known.*,
        coalesce(named._sonar_key, first_served._sonar_key) as service_key
    from known
    inner join (
        select distinct on (sonar_account_id)
            sonar_account_id,
            _sonar_key
        from served
        where is_account_served
        order by sonar_account_id, is_loaded desc, sonar_account_service_id
    ) as first_served on known.sonar_account_id = first_served.sonar_account_id
    left join served as named
        on
            known.sonar_account_service_id = named.sonar_account_service_id
            and known.sonar_account_id = named.sonar_account_id
            and named.is_loaded
),

-- What the account is known by in Splynx.
arrived_logins as (
    select distinct
        _customer_key,
        lower(login) as value
    from services
),

arrived_macs as (
    select distinct
        services._customer_key,
        lower(replace(single.mac, ':', '')) as value
    from services
    cross join lateral unnest(string_to_array(services.mac, ',')) as single (mac)
),

arrived_addresses as (
    select
        services._customer_key,
        services._sonar_key,
        single.is_routed,
        single.address::inet as address
    from services
    cross join lateral (
        select
            false as is_routed,
            unnest(array[services.ipv4, services.ipv6, services.ipv6_delegated]) as address
        union all
        select
            true as is_routed,
            unnest(string_to_array(services.ipv4_route, ',')) as address
    ) as single
    where single.address <> ''
),

arrived_pools as (
    select
        services._customer_key,
        services._sonar_key,
        ways.address_family,
        ways.taking,
        pools.id is not null as has_pool
    from services
    cross join lateral (
        values
        (4, services.taking_ipv4, services.ipv4_pool_id),
        (6, services.taking_ipv6, services.ipv6_pool_id)
    ) as ways (address_family, taking, pool_id)
    left join pools on ways.address_family = pools.address_family and ways.pool_id = pools.id
    where ways.taking <> '0'
),

lost_logins as (
    select
        told.*,
        row_number() over (
            partition by told.sonar_account_id order by length(told._sonar_key), told._sonar_key
        ) as place
    from told
    left join arrived_logins
        on
            told.sonar_account_id::text = arrived_logins._customer_key
            and told.value = arrived_logins.value
    where told.kind = 'login' and arrived_logins.value is null
),

-- Services that wait for a name which no device will say.
renamed as (
    select
        served._sonar_key,
        served.sonar_account_id,
        row_number() over (
            partition by served.sonar_account_id order by served.sonar_account_service_id
        ) as place
    from served
    where served.is_loaded and not served.has_own_name
),

of_logins as (
    select
        case when renamed._sonar_key is null then 'login_lost' else 'login_changed' end as reason,
        coalesce(renamed._sonar_key, lost_logins.service_key) as _sonar_key,
        lost_logins.sonar_account_id,
        lost_logins.collection || ' ' || lost_logins._sonar_key as record
    from lost_logins
    left join renamed
        on
            lost_logins.sonar_account_id = renamed.sonar_account_id
            and lost_logins.place = renamed.place
),

of_macs as (
    select
        'mac_lost' as reason,
        told.service_key as _sonar_key,
        told.sonar_account_id,
        told.collection || ' ' || told._sonar_key as record
    from told
    left join arrived_macs
        on
            told.sonar_account_id::text = arrived_macs._customer_key
            and told.value = arrived_macs.value
    where told.kind = 'mac' and arrived_macs.value is null
),

parsed as (
    select
        told.*,
        {{ ip_network('told.value') }} as address
    from told
    where told.kind = 'address'
),

of_addresses as (
    select
        'address_lost' as reason,
        parsed.service_key as _sonar_key,
        parsed.sonar_account_id,
        parsed.collection || ' ' || parsed._sonar_key as record
    from parsed
    where
        not (parsed.is_dynamic and parsed.address is not null)
        and not exists (
            select 1
            from arrived_addresses
            where
                parsed.sonar_account_id::text = arrived_addresses._customer_key
                and (
                    arrived_addresses.address = network(parsed.address)::inet
                    or arrived_addresses.address >>= host(parsed.address)::inet
                    and host(parsed.address) <> host(network(parsed.address))
                    or arrived_addresses.address >>= parsed.address
                )
        )
),

of_pools as (
    select
        'pool_missing' as reason,
        parsed.service_key as _sonar_key,
        parsed.sonar_account_id,
        parsed.collection || ' ' || parsed._sonar_key as record
    from parsed
    where
        parsed.is_dynamic
        and parsed.sonar_ip_pool_id is not null
        and not exists (
            select 1
            from arrived_pools
            where
                parsed.sonar_account_id::text = arrived_pools._customer_key
                and family(parsed.address) = arrived_pools.address_family
                and (arrived_pools.taking = '1' or arrived_pools.has_pool)
        )
    union all
    select
        'pool_missing' as reason,
        served._sonar_key,
        served.sonar_account_id,
        'account_services ' || served._sonar_key as record
    from arrived_pools
    inner join served on arrived_pools._sonar_key = served._sonar_key
    where arrived_pools.taking = '2' and not arrived_pools.has_pool
),

masks as (
    select distinct
        family(network) as address_family,
        masklen(network) as mask
    from networks
),

of_networks as (
    select
        'network_missing' as reason,
        served._sonar_key,
        served.sonar_account_id,
        'account_services ' || served._sonar_key as record
    from arrived_addresses
    inner join served on arrived_addresses._sonar_key = served._sonar_key
    where
        not arrived_addresses.is_routed
        and not exists (
            select 1
            from masks
            inner join networks
                on network(set_masklen(arrived_addresses.address, masks.mask)) = networks.network
            where
                masks.address_family = family(arrived_addresses.address)
                and masks.mask <= masklen(arrived_addresses.address)
        )
),

by_rule as (
    select
        collection,
        _sonar_key,
        sonar_account_id,
        service_key
    from {{ ref('int_access__bound') }}
    where is_bound_by_rule and exclude_rule is null and reject_reason is null
    union all
    select
        collection,
        _sonar_key,
        sonar_account_id,
        service_key
    from {{ ref('int_access__macs') }}
    where is_bound_by_rule and exclude_rule is null and reject_reason is null
    union all
    select
        'radius_accounts' as collection,
        _sonar_key,
        sonar_account_id,
        service_key
    from {{ ref('int_access__logins') }}
    where is_bound_by_rule and exclude_rule is null and reject_reason is null
),

of_rules as (
    select
        'bound_by_rule' as reason,
        served._sonar_key,
        served.sonar_account_id,
        by_rule.collection || ' ' || by_rule._sonar_key as record
    from by_rule
    inner join served on by_rule.service_key = served._sonar_key
),

of_routers as (
    select
        'router_secret_not_moved' as reason,
        'router:' || _sonar_key as _sonar_key,
        null::bigint as sonar_account_id,
        'inline_devices ' || _sonar_key as record
    from {{ ref('routers') }}
    where coalesce(radius_secret, '') = ''
),

losses as (
    select
        reason,
        _sonar_key,
        sonar_account_id,
        record
    from of_services
    {% for rows in [
        'of_logins', 'of_macs', 'of_addresses', 'of_pools', 'of_networks', 'of_rules', 'of_routers'
    ] %}
        union all
        select
            reason,
            _sonar_key,
            sonar_account_id,
            record
        from {{ rows }}
    {% endfor %}
),

-- Why a record did not go on, and which record has what it wanted.
kept_back as (
    select
        collection || ' ' || _sonar_key as record,
        coalesce(reject_reason, exclude_rule) as rule,
        other_key
    from {{ ref('int_access__bound') }}
    union all
    select
        collection || ' ' || _sonar_key as record,
        coalesce(reject_reason, exclude_rule) as rule,
        other_key
    from {{ ref('int_access__macs') }}
    union all
    select
        'radius_accounts ' || _sonar_key as record,
        coalesce(reject_reason, exclude_rule) as rule,
        'radius_accounts ' || other_key as other_key
    from {{ ref('int_access__logins') }}
),

reasons as (
    {% for reason, severity, decision in access_reasons() %}
        select
            {{ loop.index }} as place,
            '{{ reason }}' as reason,
            '{{ severity }}' as severity,
            '{{ decision }}' as decision
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

final as (
    select
        losses._sonar_key,
        losses.reason,
        losses.sonar_account_id,
        losses.sonar_account_id::text as _customer_key,
        reasons.place,
        reasons.severity,
        reasons.decision,
        count(distinct losses.record) as records,
        string_agg(
            distinct concat_ws(
                ': ',
                losses.record,
                kept_back.rule || coalesce(', held by ' || kept_back.other_key, '')
            ),
            '; '
        ) as detail
    from losses
    inner join reasons on losses.reason = reasons.reason
    left join kept_back on losses.record = kept_back.record
    group by
        losses._sonar_key,
        losses.reason,
        losses.sonar_account_id,
        reasons.place,
        reasons.severity,
        reasons.decision
)

select * from final
