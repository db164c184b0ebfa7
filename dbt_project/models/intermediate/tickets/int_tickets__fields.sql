-- The additional field of tickets, which is the migration's.
select
    'sonar_id' as _sonar_key,
    'sonar_id' as name,
    'Sonar id' as title,
    'string' as splynx_type,
    1 as position,
    null::text as exclude_rule,
    null::text as reject_reason
