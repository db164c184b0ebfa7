{% macro create_missing_raw_tables() %}
    {% if execute %}
        {% for source in graph.sources.values() if source.source_name == 'sonar' %}
            create table if not exists {{ source.schema }}.{{ source.identifier }} (
                _sonar_key text not null,
                payload jsonb not null,
                _run_id text not null,
                _deleted_at timestamptz
            );
        {% endfor %}
    {% endif %}
{% endmacro %}
