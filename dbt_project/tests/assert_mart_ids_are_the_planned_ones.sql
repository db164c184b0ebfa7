-- Each row of a mart stands under the id that the crosswalk plans for it in the current target.
with crosswalk as (
    select *
    from {{ ref('int_crosswalk') }}
    where target = (select target from {{ ref('stg_splynx__current_target') }})
),

mart_ids as (
    select 'customers' as entity, _sonar_key, id from {{ ref('customers') }}
    union all
    select 'tariffs_internet' as entity, _sonar_key, id from {{ ref('tariffs_internet') }}
    union all
    select 'services_internet' as entity, _sonar_key, id from {{ ref('services_internet') }}
),

final as (
    select
        mart_ids.entity,
        mart_ids._sonar_key,
        mart_ids.id,
        crosswalk.planned_id
    from mart_ids
    left join crosswalk
        on mart_ids.entity = crosswalk.entity and mart_ids._sonar_key = crosswalk._sonar_key
    where mart_ids.id is distinct from crosswalk.planned_id
)

select * from final
