-- The additional field of inventory_items.
select
    'sonar_id' as _sonar_key,
    'sonar_id' as name,
    'Sonar id' as title,
    null::text as exclude_rule,
    null::text as reject_reason
