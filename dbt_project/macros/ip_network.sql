{% macro ip_network(expression) -%}
    {#- The cast would end the build at the first text that is no address, so the text is tried first. -#}
    {%- set byte = '(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])' -%}
    {%- set group = '[0-9a-f]{1,4}' -%}
    {%- set shapes = ['(' ~ group ~ ':){7}' ~ group] -%}
    {%- for before in range(1, 7) -%}
        {%- do shapes.append(
            '(' ~ group ~ ':){1,' ~ before ~ '}(:' ~ group ~ '){1,' ~ (7 - before) ~ '}'
        ) -%}
    {%- endfor -%}
    {%- do shapes.extend(['(' ~ group ~ ':){1,7}:', ':(:' ~ group ~ '){1,7}', '::']) -%}
    case
        when btrim({{ expression }}) ~ '^({{ byte }}\.){3}{{ byte }}(/(3[0-2]|[12]?[0-9]))?$'
            then btrim({{ expression }})::inet
        when
            btrim({{ expression }})
            ~* '^({{ shapes | join("|") }})(/(12[0-8]|1[01][0-9]|[1-9]?[0-9]))?$'
            then btrim({{ expression }})::inet
    end
{%- endmacro %}
