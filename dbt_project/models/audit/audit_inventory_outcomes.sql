-- What became of the records behind vendors, products, stocks and equipment.
with own_rows as (
    {{ outcomes_of_own_rows(
        'manufacturers',
        'int_inventory__manufacturers',
        'inventory_vendors',
        merge_rule='screened.merge_rule',
    ) }}
    union all
    {{ outcomes_of_own_rows('vendors', 'int_inventory__suppliers', 'inventory_suppliers') }}
    union all
    {{ outcomes_of_own_rows(
        'inventory_model_categories',
        'int_inventory__model_categories',
        'inventory_products_categories',
        merge_rule='screened.merge_rule',
    ) }}
    union all
    {{ outcomes_of_own_rows('inventory_models', 'int_inventory__products', 'inventory_products') }}
    union all
    {{ outcomes_of_own_rows(
        'inventory_items', 'int_inventory__items', 'inventory_items', 'screened.customer_key'
    ) }}
),

places as (
    select
        stocks.collection,
        stocks.record_key as _sonar_key,
        stocks.collection as entity,
        case
            when stocks.reject_reason is not null then 'rejected'
            when mart._sonar_key is not null then 'mart'
        end as outcome,
        stocks.reject_reason as reason,
        null::text as _customer_key
    from {{ ref('int_inventory__stocks') }} as stocks
    left join {{ ref('inventory_stocks') }} as mart on stocks._sonar_key = mart._sonar_key
    where stocks.collection is not null
),

-- What a field holds has arrived where its piece of equipment has.
field_data as (
    select
        'inventory_model_field_data' as collection,
        field_data._sonar_key,
        'inventory_model_field_data' as entity,
        case
            when field_data.exclude_rule is not null then 'excluded'
            when field_data.reject_reason is not null or items.reject_reason is not null
                then 'rejected'
            when mart._sonar_key is not null then 'merged'
        end as outcome,
        case
            when field_data.exclude_rule is not null then field_data.exclude_rule
            when field_data.reject_reason is not null then field_data.reject_reason
            when items.reject_reason is not null then 'item_rejected'
            else 'into_inventory_items'
        end as reason,
        field_data.customer_key as _customer_key,
        field_data.sonar_inventory_model_field_id
    from {{ ref('int_inventory__field_data') }} as field_data
    left join {{ ref('int_inventory__items') }} as items
        on field_data.item_key = items._sonar_key
    left join {{ ref('inventory_items') }} as mart on items._sonar_key = mart._sonar_key
),

used_fields as (
    select distinct sonar_inventory_model_field_id
    from field_data
    where outcome = 'merged'
),

fields as (
    select
        'inventory_model_fields' as collection,
        fields._sonar_key,
        'inventory_model_fields' as entity,
        case
            when fields.is_secret or used_fields.sonar_inventory_model_field_id is null
                then 'excluded'
            else 'merged'
        end as outcome,
        case
            when fields.is_secret then 'secret_field'
            when used_fields.sonar_inventory_model_field_id is null then 'field_without_data'
            else 'into_inventory_items'
        end as reason,
        null::text as _customer_key
    from {{ ref('stg_sonar__inventory_model_fields') }} as fields
    left join used_fields
        on fields.sonar_inventory_model_field_id = used_fields.sonar_inventory_model_field_id
),

final as (
    {% for rows in ['own_rows', 'places', 'field_data', 'fields'] %}
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
