-- The additional fields of sites, networks and routers; all of them are the migration's.
with tables as (
    select splynx_table
    from (values ('network_sites'), ('ipv4_networks'), ('routers')) as tables (splynx_table)
),

final as (
    select
        'sonar_id' as _sonar_key,
        splynx_table,
        'sonar_id' as name,
        'Sonar id' as title,
        'string' as splynx_type,
        1 as position,
        null::text as exclude_rule,
        null::text as reject_reason
    from tables
)

select * from final
