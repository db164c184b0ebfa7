with rejections as (
    select * from {{ ref('audit_rejections') }}
),

extractions as (
    select * from {{ ref('stg_ops__extractions') }}
),

accepted as (
    select * from {{ ref('map_accepted_rejections') }}
),

counted as (
    select
        entity,
        reason,
        count(*) as rows
    from rejections
    group by entity, reason
),

-- A sign-off counts for the Sonar it names. Without an extraction it counts for none.
signed as (
    select
        accepted.entity,
        accepted.reason,
        accepted.max_rows,
        accepted.decision
    from accepted
    where accepted.source in (select source from extractions)
),

final as (
    select
        counted.entity,
        counted.reason,
        counted.rows,
        coalesce(signed.max_rows, 0) as signed_max,
        signed.decision,
        counted.rows <= coalesce(signed.max_rows, 0) as is_signed
    from counted
    left join signed on counted.entity = signed.entity and counted.reason = signed.reason
)

select * from final
