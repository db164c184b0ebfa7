{#- When a collection was last read whole: a row that has not changed in Sonar lands once, so the rows
    themselves do not tell. For `dbt source freshness`. -#}
{% macro last_read(collection) %}
    select max(ended_at) from ops.extract_ledger where collection = '{{ collection }}' and state = 'complete'
{% endmacro %}
