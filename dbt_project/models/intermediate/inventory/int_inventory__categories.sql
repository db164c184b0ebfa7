-- The kinds of equipment that become a row of inventory_products_categories.
select
    _sonar_key,
    sonar_category_id,
    category_name,
    exclude_rule,
    reject_reason
from {{ ref('int_inventory__model_categories') }}
where merge_rule is null
