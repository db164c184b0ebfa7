{% test accounts_for_all_of(model, screened) %}
    -- Each screened record that goes on is in the mart, and nothing else is.
    with mart as (
        select _sonar_key from {{ model }}
    ),

    expected as (
        select _sonar_key
        from {{ screened }}
        where exclude_rule is null and reject_reason is null
    ),

    final as (
        select
            coalesce(expected._sonar_key, mart._sonar_key) as _sonar_key,
            case when mart._sonar_key is null then 'missing' else 'unexpected' end as problem
        from expected
        full join mart on expected._sonar_key = mart._sonar_key
        where expected._sonar_key is null or mart._sonar_key is null
    )

    select * from final
{% endtest %}
