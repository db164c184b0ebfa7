-- The latest word on each collection from the Sonar that was read last.
with ledger as (
    select *
    from {{ source('ops', 'extract_ledger') }}
    where state not in ('running', 'skipped', 'excluded')
),

latest_source as (
    select source
    from ledger
    order by started_at desc, run_id desc
    limit 1
),

final as (
    select distinct on (ledger.collection)
        ledger.source,
        ledger.collection,
        ledger.run_id,
        ledger.state,
        ledger.grade,
        coalesce(ledger.server_count, ledger.landed_count) as proven_rows,
        (ledger.server_sums->>'sum(id)')::numeric as proven_id_sum,
        ledger.started_at
    from ledger
    inner join latest_source on ledger.source = latest_source.source
    order by ledger.collection, ledger.started_at desc, ledger.run_id desc
)

select * from final
