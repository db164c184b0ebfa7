{#- Splynx fills {year}, {partner_id|2}, {next|6} … of a pattern; a width is a least width. -#}
{% macro number_pattern(pattern) -%}
    {%- set ns = namespace(regex='') -%}
    {%- for piece in modules.re.split('([{][a-z_]+(?:[|][0-9]+)?[}])', pattern) -%}
        {%- if piece.startswith('{') and piece.endswith('}') -%}
            {%- set name, _, width = piece[1:-1].partition('|') -%}
            {%- if name == 'year' -%}
                {%- set ns.regex = ns.regex ~ '20[0-9]{2}' -%}
            {%- elif width -%}
                {%- set ns.regex = ns.regex ~ '[0-9]{' ~ width ~ ',}' -%}
            {%- else -%}
                {%- set ns.regex = ns.regex ~ '[0-9]+' -%}
            {%- endif -%}
        {%- else -%}
            {%- set ns.regex = ns.regex ~ modules.re.escape(piece) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return('^' ~ ns.regex ~ '$') }}
{%- endmacro %}
