{% test holds_every_live_record_of(model, raw) %}
    -- Staging holds what landed and was not deleted since: nothing less, nothing else.
    with staged as (
        select _sonar_key from {{ model }}
    ),

    landed as (
        select _sonar_key from {{ raw }} where _deleted_at is null
    ),

    final as (
        select
            coalesce(landed._sonar_key, staged._sonar_key) as _sonar_key,
            case when staged._sonar_key is null then 'missing' else 'unexpected' end as problem
        from landed
        full join staged on landed._sonar_key = staged._sonar_key
        where landed._sonar_key is null or staged._sonar_key is null
    )

    select * from final
{% endtest %}
