{% test screens_all_of(model, staged) %}
    -- A model that decides about records decides about each of them.
    with screened as (
        select _sonar_key from {{ model }}
    ),

    records as (
        select _sonar_key from {{ staged }}
    ),

    final as (
        select
            coalesce(records._sonar_key, screened._sonar_key) as _sonar_key,
            case when screened._sonar_key is null then 'missing' else 'unexpected' end as problem
        from records
        full join screened on records._sonar_key = screened._sonar_key
        where records._sonar_key is null or screened._sonar_key is null
    )

    select * from final
{% endtest %}
