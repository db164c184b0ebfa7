with labels as (
    select *
    from {{ ref('int_people__labels') }}
    where reject_reason is null and exclude_rule is null
),

label_ids as (
    {{ planned_ids('labels') }}
),

final as (
    select
        labels._sonar_key,
        label_ids.planned_id as id,
        labels.module::varchar as module,
        labels.label::varchar as label,
        '#357bf2'::varchar as color
    from labels
    left join label_ids on labels._sonar_key = label_ids._sonar_key
)

select * from final
