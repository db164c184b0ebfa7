-- What becomes of every assignment: the service that gets the address and the column that holds it, or
-- the rule or reason that keeps it back. An address that comes by several ways is one: its other
-- records share the fate of the first.
{% set route_length = 512 %}{# services_internet.ipv4_route #}
with assignments as (
    select * from {{ ref('int_access__assignments') }}
),

customers as (
    select * from {{ ref('int_customers__screened') }}
),

services as (
    select
        _sonar_key,
        sonar_account_service_id,
        sonar_account_id
    from {{ ref('int_services__internet') }}
    where exclude_rule is null and reject_reason is null
),

accounts as (
    select
        sonar_account_id,
        count(*) as services,
        min(sonar_account_service_id)::text as first_service_key
    from services
    group by sonar_account_id
),

logins as (
    select * from {{ ref('int_access__logins') }} where service_key is not null
),

pools as (
    select
        sonar_ip_pool_id,
        network_key
    from {{ ref('int_network__pools') }}
    where exclude_rule is null and reject_reason is null
),

networks as (
    select distinct on (cidr)
        cidr,
        network_key
    from {{ ref('int_network__networks') }}
    where collection = 'subnets' and network_key is not null
    order by cidr, network_key
),

masks as (
    select distinct
        family(cidr) as family,
        masklen(cidr) as mask
    from networks
),

-- The smallest network around each address. By equal networks, not by containment: Postgres can hash
-- those.
surrounding as (
    select distinct on (addresses.address)
        addresses.address,
        networks.network_key
    from (select distinct address from assignments where address is not null) as addresses
    inner join masks
        on family(addresses.address) = masks.family and masklen(addresses.address) >= masks.mask
    inner join networks
        on network(set_masklen(addresses.address, masks.mask)) = networks.cidr
    order by addresses.address, masks.mask desc
),

judged as (
    select
        assignments.*,
        customers._sonar_key as customer_key,
        accounts.services,
        surrounding.network_key,
        coalesce(
            named._sonar_key, owner_named._sonar_key, logins.service_key, accounts.first_service_key
        ) as bound_key,
        accounts.services > 1
        and named._sonar_key is null
        and owner_named._sonar_key is null
        and coalesce(logins.is_bound_by_rule, true) as is_by_rule,
        case
            when assignments.address is null or assignments.holder = 'owner_missing' then null
            when assignments.holder = 'account' then customers.exclude_rule
            when surrounding.network_key is null then 'not_a_customers'
        end as exclude_rule,
        case
            when assignments.holder = 'owner_missing' then 'owner_missing'
            when assignments.address is null then 'not_an_address'
            when assignments.holder <> 'account' then null
            when customers._sonar_key is null then 'account_missing'
            when customers.exclude_rule is not null then null
            when customers.reject_reason is not null then 'customer_rejected'
            when accounts.sonar_account_id is null then 'no_internet_service'
        end as own_reason
    from assignments
    left join customers on assignments.sonar_account_id = customers.sonar_account_id
    left join accounts on assignments.sonar_account_id = accounts.sonar_account_id
    left join services as named
        on
            assignments.sonar_account_service_id = named.sonar_account_service_id
            and assignments.sonar_account_id = named.sonar_account_id
    left join services as owner_named
        on
            assignments.owner_service_id = owner_named.sonar_account_service_id
            and assignments.sonar_account_id = owner_named.sonar_account_id
    left join logins on assignments.sonar_radius_account_id = logins.sonar_radius_account_id
    left join surrounding on assignments.address = surrounding.address
),

-- The flat list does not say what is dynamic: there it is what the account's own records say.
weighed as (
    select
        judged.*,
        case
            when judged.source_rank = 1 then judged.is_dynamic
            else coalesce(
                bool_and(judged.is_dynamic) filter (where judged.source_rank = 1) over (
                    partition by judged.address, judged.sonar_account_id
                ),
                false
            )
        end as is_soft
    from judged
    -- Of `is null` and `=` on computed columns Postgres expects next to no rows, and would then
    -- compare each with every other; of a comparison it expects a third, of a yes or no the half.
    where
        judged.holder = 'account' and num_nonnulls(judged.exclude_rule, judged.own_reason) < 1
),

claimed as (
    select
        weighed.*,
        first_value(weighed.sonar_account_id) over same_address = weighed.sonar_account_id
            as holds_it,
        first_value(weighed.collection || ' ' || weighed._sonar_key) over same_address
            as other_record,
        first_value(weighed.collection || ' ' || weighed._sonar_key) over same_account
            as first_record,
        row_number() over same_account = 1 as is_first_record
    from weighed
    window
        same_address as (
            partition by weighed.address
            order by weighed.is_soft, weighed.source_rank, weighed.source_id, weighed._sonar_key
        ),
        same_account as (
            partition by weighed.address, weighed.sonar_account_id
            order by weighed.is_soft, weighed.source_rank, weighed.source_id, weighed._sonar_key
        )
),

first_records as (
    select
        claimed.*,
        pools.network_key as pool_key,
        case
            when claimed.is_dynamic then 'pool'
            when claimed.address_family = 4 and claimed.is_host then 'ipv4'
            when claimed.address_family = 4 then 'ipv4_route'
            when claimed.is_host or masklen(claimed.address) >= 64 then 'ipv6'
            else 'ipv6_delegated'
        end as kind
    from claimed
    left join pools on claimed.sonar_ip_pool_id = pools.sonar_ip_pool_id
    where claimed.is_first_record and claimed.holds_it
),

ranked as (
    select
        first_records.*,
        row_number() over (
            partition by first_records.bound_key, first_records.kind, first_records.address_family
            order by
                first_records.source_rank,
                first_records.source_id,
                first_records.address,
                first_records._sonar_key
        ) as rank_in_kind
    from first_records
),

-- The first host is the address of the service; its other hosts are routed to it.
slotted as (
    select
        ranked.*,
        case when ranked.kind = 'ipv4' and ranked.rank_in_kind > 1 then 'ipv4_route'
            else ranked.kind end as slot,
        case
            when
                ranked.kind = 'ipv4_route' or (ranked.kind = 'ipv4' and ranked.rank_in_kind > 1)
                then host(ranked.address) || '/' || masklen(ranked.address)
            when ranked.is_host then host(ranked.address)
            else network(ranked.address)::text
        end as address_text
    from ranked
),

measured as (
    select
        slotted.*,
        sum(length(slotted.address_text) + 1) over (
            partition by slotted.bound_key, slotted.slot
            order by
                slotted.source_rank, slotted.source_id, slotted.address, slotted._sonar_key
        ) - 1 as length_so_far,
        row_number() over (
            partition by slotted.bound_key, slotted.slot
            order by
                slotted.source_rank, slotted.source_id, slotted.address, slotted._sonar_key
        ) as place
    from slotted
),

decided as (
    select
        measured.first_record,
        measured.sonar_account_id,
        measured.address,
        measured.slot,
        measured.place,
        measured.address_text,
        measured.pool_key,
        measured.bound_key,
        measured.is_by_rule,
        case
            when measured.slot = 'pool' and measured.sonar_ip_pool_id is null
                then 'dynamic_address'
        end as exclude_rule,
        case
            when
                measured.slot = 'pool'
                and measured.sonar_ip_pool_id is not null
                and measured.pool_key is null
                then 'pool_missing'
            when measured.slot = 'ipv4_route' and measured.length_so_far > {{ route_length }}
                then 'route_too_long'
            when measured.kind in ('ipv6', 'ipv6_delegated') and measured.rank_in_kind > 1
                then 'several_ipv6'
        end as reject_reason
    from measured
),

final as (
    select
        judged.collection,
        judged._sonar_key,
        judged.source_rank,
        judged.source_id,
        judged.path,
        judged.holder,
        judged.sonar_account_id,
        judged.customer_key as _customer_key,
        judged.sonar_network_site_id,
        judged.sonar_inventory_item_id,
        judged.address,
        judged.address_family,
        judged.is_host,
        judged.is_dynamic,
        judged.network_key,
        judged.description,
        judged.reference,
        decided.bound_key as service_key,
        decided.slot,
        decided.place,
        decided.address_text,
        decided.pool_key,
        coalesce(decided.is_by_rule, false) as is_bound_by_rule,
        claimed.first_record is distinct from judged.collection || ' ' || judged._sonar_key
        and decided.first_record is not null as is_repeated,
        case when not claimed.holds_it then claimed.other_record end as other_key,
        coalesce(judged.exclude_rule, decided.exclude_rule) as exclude_rule,
        case
            when judged.own_reason is not null then judged.own_reason
            when not claimed.holds_it then 'duplicate_address'
            else decided.reject_reason
        end as reject_reason
    from judged
    left join claimed
        on judged.collection = claimed.collection and judged._sonar_key = claimed._sonar_key
    left join decided
        on claimed.first_record = decided.first_record and claimed.holds_it
)

select * from final
