-- What was taken out of each text that Splynx shows as HTML, and where characters were replaced when
-- it landed.
with texts as (
    {% for collection, field, column in [
        ('contracts', 'body', 'body'),
        ('contracts', 'custom_message', 'custom_message'),
        ('jobs', 'completion_notes', 'completion_notes'),
        ('ticket_comments', 'body', 'body'),
        ('ticket_replies', 'body', 'body'),
        ('tickets', 'description', 'description'),
    ] %}
    select
        '{{ collection }}' as collection,
        '{{ field }}' as field,
        _sonar_key,
        {{ column }} as raw_text
    from {{ ref('stg_sonar__' ~ collection) }}
    union all
    {% endfor %}
    select
        'notes' as collection,
        'message' as field,
        _sonar_key,
        message as raw_text
    from {{ ref('stg_sonar__notes') }}
    where owner_type = 'Job'
),

removed as (
    select
        texts.collection,
        texts.field,
        texts._sonar_key,
        kinds.kind,
        kinds.times::bigint as times
    from texts
    {{ clean_texts_of('texts.raw_text', 'clean_texts') }}
    cross join lateral jsonb_each_text(clean_texts.removed) as kinds (kind, times)
),

replaced as (
    select
        collection,
        field,
        _sonar_key,
        'replaced_character' as kind,
        (length(raw_text) - length(replace(raw_text, U&'\FFFD', '')))::bigint as times
    from texts
    where strpos(raw_text, U&'\FFFD') > 0
),

final as (
    select * from removed
    union all
    select * from replaced
)

select * from final
