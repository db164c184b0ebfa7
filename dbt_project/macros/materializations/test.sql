{#-
    A data test that stores its failures when there are any. dbt's own way drops and makes a table for
    each test that passes as well.
-#}
{% materialization test, adapter='postgres' %}
    {%- if config.get('store_failures_as') not in (none, 'table') -%}
        {%- do exceptions.raise_compiler_error('failures of this project are stored as tables') -%}
    {%- endif -%}
    {%- set relation = api.Relation.create(
        database=database, schema=schema, identifier=model['alias'], type='table'
    ) -%}
    {%- set failing = get_limit_subquery_sql(sql, config.get('limit')) -%}

    {%- call statement('main', fetch_result=true, auto_begin=false) -%}
        {%- if should_store_failures() %}
            drop table if exists {{ relation }} cascade;
            commit;
        {%- endif %}
        {{ get_test_sql(
            failing, config.get('fail_calc'), config.get('warn_if'), config.get('error_if'), none
        ) }}
    {%- endcall -%}

    {%- if not should_store_failures() or not load_result('main').table.rows[0]['failures'] -%}
        {{ return({'relations': []}) }}
    {%- endif -%}
    {%- call statement(auto_begin=false) -%}
        {{ get_create_table_as_sql(false, relation, failing) }}
        commit;
    {%- endcall -%}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}
