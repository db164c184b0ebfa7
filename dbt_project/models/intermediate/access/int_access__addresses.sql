-- Every address and prefix in use, once: a customer's before a site's, a site's before a device's.
with bound as (
    select * from {{ ref('int_access__bound') }}
    where exclude_rule is null and reject_reason is null and not is_repeated
),

sites as (
    select * from {{ ref('stg_sonar__network_sites') }}
),

items as (
    select * from {{ ref('stg_sonar__inventory_items') }}
),

models as (
    select * from {{ ref('stg_sonar__inventory_models') }}
),

used as (
    select
        bound.collection || ' ' || bound._sonar_key as _sonar_key,
        bound.address,
        bound.address_family as family,
        bound.is_host,
        bound.network_key,
        case bound.holder when 'account' then 'customer' when 'site' then 'site' else 'device' end
            as kind,
        bound._customer_key as customer_key,
        bound.service_key,
        bound.sonar_network_site_id,
        bound.sonar_inventory_item_id,
        bound.description,
        bound.reference,
        case
            when bound.holder = 'account' then null
            else nullif(
                concat_ws(
                    ', ',
                    sites.site_name,
                    case
                        when bound.sonar_inventory_item_id is not null
                            then concat_ws(' ', models.product_name, bound.sonar_inventory_item_id)
                    end
                ),
                ''
            )
        end as holder,
        row_number() over (
            partition by bound.address
            order by
                case bound.holder when 'account' then 1 when 'site' then 2 else 3 end,
                bound.source_rank,
                bound.source_id,
                bound._sonar_key
        ) as claim
    from bound
    left join sites on bound.sonar_network_site_id = sites.sonar_network_site_id
    left join items on bound.sonar_inventory_item_id = items.sonar_inventory_item_id
    left join models on items.sonar_inventory_model_id = models.sonar_inventory_model_id
    -- A customer's dynamic address is handed out again by its pool.
    where bound.holder <> 'account' or not bound.is_dynamic
),

final as (
    select
        _sonar_key,
        address,
        family,
        is_host,
        network_key,
        kind,
        customer_key,
        service_key,
        sonar_network_site_id,
        sonar_inventory_item_id,
        description,
        reference,
        holder
    from used
    where claim = 1
)

select * from final
