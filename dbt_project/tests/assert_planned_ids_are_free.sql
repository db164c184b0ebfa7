-- No row of the marts would meet a row in the target that is not ours.
with strangers as (
    select * from {{ ref('int_crosswalk__strangers') }}
),

planned as (
    select 'customers' as entity, _sonar_key, id from {{ ref('customers') }}
    union all
    select 'tariffs_internet' as entity, _sonar_key, id from {{ ref('tariffs_internet') }}
    union all
    select 'services_internet' as entity, _sonar_key, id from {{ ref('services_internet') }}
),

final as (
    select
        planned.entity,
        planned._sonar_key,
        planned.id
    from planned
    inner join strangers on planned.entity = strangers.entity and planned.id = strangers.id
)

select * from final
