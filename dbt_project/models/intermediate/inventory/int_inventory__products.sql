-- Every model of equipment with the vendor and the category that its product will have.
with models as (
    select * from {{ ref('stg_sonar__inventory_models') }}
),

manufacturers as (
    select * from {{ ref('int_inventory__manufacturers') }}
),

categories as (
    select * from {{ ref('int_inventory__model_categories') }}
),

final as (
    select
        models._sonar_key,
        models.sonar_inventory_model_id,
        models.product_name,
        manufacturers.vendor_key,
        categories.category_key,
        case when models.is_generic then 'generic_model' end as exclude_rule,
        case
            when models.is_generic then null
            when models.product_name is null then 'missing_name'
            when length(models.product_name) > 128 then 'name_too_long'    -- inventory_products.name
            when manufacturers._sonar_key is null then 'manufacturer_missing'
            when manufacturers.reject_reason is not null then 'manufacturer_rejected'
            when categories._sonar_key is null then 'category_missing'
            when categories.reject_reason is not null then 'category_rejected'
        end as reject_reason
    from models
    left join manufacturers on models.sonar_manufacturer_id = manufacturers.sonar_manufacturer_id
    left join categories on models.sonar_category_id = categories.sonar_category_id
)

select * from final
