-- How far back tickets and messages are taken: from this many years before the day of the latest
-- extraction (vars ticket_history_years and message_history_years); empty: all of them.
with extractions as (
    select * from {{ ref('stg_ops__extractions') }}
),

latest as (
    select
        coalesce(
            {{ local_date('max(started_at)') }}, {{ local_date('now()') }}
        ) as extraction_date
    from extractions
),

final as (
    select
        1 as place,
        {% for kind in ['ticket', 'message'] %}
            {% if var(kind ~ '_history_years') | string %}
                (extraction_date - interval '{{ var(kind ~ "_history_years") | int }} years')::date
            {% else %}
                null::date
            {% endif %}
                as oldest_{{ kind }}_date{% if not loop.last %},{% endif %}
        {% endfor %}
    from latest
)

select * from final
