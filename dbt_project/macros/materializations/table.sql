{#-
    A table, built and swapped in as one statement in one transaction: who reads sees the old rows or
    the new ones. dbt's own way renames twice and drops, each a macro with a context of its own: 107 ms
    of Python for a model, about 50 with this. What dbt's does besides is refused here, not ignored.
-#}
{% materialization table, adapter='postgres' %}
    {%- set relation = this.incorporate(type='table') -%}
    {%- if pre_hooks or post_hooks or config.get('grants') -%}
        {%- do exceptions.raise_compiler_error(
            'tables of this project know no hooks or grants: see macros/materializations'
        ) -%}
    {%- endif -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- if existing is not none and not existing.is_table -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}

    {#- The transaction is the driver's: a BEGIN and a COMMIT of dbt's would be two more statements.
        Without statistics a table is taken for tiny: a join of 10,000 customers took minutes. They are
        all that a table needs which nobody writes to afterwards: autovacuum would read each once more
        and make the same statistics, on the cores that build the next. -#}
    {%- call statement('main', auto_begin=false) -%}
        drop table if exists {{ relation }} cascade;
        {{ create_table_as(false, relation, sql) }}
        alter table {{ relation }} set (autovacuum_enabled = false);
        {% for index in config.get('indexes', default=[]) %}
            {{ get_create_index_sql(relation, index) }};
        {% endfor %}
        analyze {{ relation }};
        commit;
    {%- endcall -%}

    {{ return({'relations': [relation]}) }}
{% endmaterialization %}
