-- Every piece of equipment with its product and its owner, and the rule or reason that keeps it
-- back. What its fields hold is decided afterwards, among the pieces that go on.
with items as (
    select * from {{ ref('stg_sonar__inventory_items') }}
),

places as (
    select * from {{ ref('int_inventory__places') }}
),

products as (
    select * from {{ ref('int_inventory__products') }}
),

stocks as (
    select * from {{ ref('int_inventory__stocks') }}
),

customers as (
    select * from {{ ref('int_customers__screened') }}
),

users as (
    select * from {{ ref('int_people__users') }}
),

map_owners as (
    select * from {{ ref('map_inventory_owners') }}
),

map_statuses as (
    select * from {{ ref('map_inventory_statuses') }}
),

joined as (
    select
        items._sonar_key,
        items.sonar_inventory_item_id,
        items.purchase_price_cents,
        products._sonar_key as product_key,
        products.exclude_rule as product_rule,
        products.reject_reason as product_reason,
        places.place,
        places.sonar_address_id,
        places.owner_id,
        map_owners.item_status,
        map_statuses.mark,
        map_statuses.exclude_rule as status_rule,
        map_statuses.item_status is not null as is_status_mapped,
        customers._sonar_key as customer_key,
        customers.exclude_rule as customer_rule,
        customers.reject_reason as customer_reason,
        users._sonar_key as admin_key,
        users.exclude_rule is not null or users.reject_reason is not null as is_admin_held_back,
        places.stock_key,
        stocks._sonar_key is not null or places.stock_key = 'default' as is_stock_known,
        stocks.reject_reason as stock_reason
    from items
    left join places on items._sonar_key = places._sonar_key
    left join products on items.sonar_inventory_model_id = products.sonar_inventory_model_id
    left join stocks on places.stock_key = stocks._sonar_key
    left join customers on places.sonar_account_id = customers.sonar_account_id
    left join users on places.sonar_user_id = users.sonar_user_id
    left join map_owners on places.place = map_owners.place
    left join map_statuses on items.item_status = map_statuses.item_status
),

judged as (
    select
        joined.*,
        case
            when joined.status_rule is not null then joined.status_rule
            when joined.product_rule is not null then joined.product_rule
            when not joined.is_status_mapped then null
            when joined.product_key is null or joined.product_reason is not null then null
            when joined.place = 'customer' then joined.customer_rule
        end as exclude_rule
    from joined
),

final as (
    select
        judged._sonar_key,
        judged.sonar_inventory_item_id,
        judged.purchase_price_cents,
        judged.product_key,
        judged.place,
        judged.sonar_address_id,
        judged.owner_id,
        judged.item_status,
        judged.mark,
        judged.customer_key,
        judged.admin_key,
        judged.stock_key,
        judged.exclude_rule,
        case
            when judged.exclude_rule is not null then null
            when not judged.is_status_mapped then 'unmapped_status'
            when judged.product_key is null then 'product_missing'
            when judged.product_reason is not null then 'product_rejected'
            when judged.place = 'missing_address' then 'owner_missing'
            when judged.item_status is null then 'unmapped_owner'
            when judged.place = 'user' and judged.admin_key is null then 'owner_missing'
            when judged.place = 'user' and judged.is_admin_held_back then 'admin_missing'
            when judged.place = 'customer' and judged.customer_key is null then 'account_missing'
            when judged.customer_reason is not null then 'customer_rejected'
            when not judged.is_stock_known then 'owner_missing'
            when judged.stock_reason is not null then 'stock_rejected'
        end as reject_reason
    from judged
)

select * from final
