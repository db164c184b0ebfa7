-- The day from which Splynx bills: var cutover_date, else the day of the latest extraction.
with extractions as (
    select * from {{ ref('stg_ops__extractions') }}
),

final as (
    select
        1 as place,
        {% if var('cutover_date') %}
            date '{{ var("cutover_date") }}' as cutover_date
        {% else %}
            (
                select
                    coalesce(
                        {{ local_date('max(extractions.started_at)') }}, {{ local_date('now()') }}
                    )
                from extractions
            ) as cutover_date
        {% endif %}
)

select * from final
