-- The money of both systems line by line, for the page that finance signs. Accounts that are not
-- loaded are in Sonar's column only; what explains each difference is in audit_money_differences.
{% set lines = [
    ('balance', 'Owed by customers, less what they have paid ahead'),
    ('pending', 'To be charged with the next invoices'),
    ('unapplied_payments', 'Payments not used yet'),
    ('unapplied_discounts', 'Discounts not used yet'),
    ('due_0', 'Due or up to 29 days late'),
    ('due_30', '30 to 59 days late'),
    ('due_60', '60 to 89 days late'),
    ('due_90', '90 days late or more'),
    ('tax', 'Tax on invoices'),
] %}
with positions as (
    select * from {{ ref('audit_money_position') }}
),

final as (
    {% for name, words in lines %}
        select
            {{ loop.index }} as place,
            '{{ name }}' as line,
            '{{ words }}' as description,
            {{ var('money_decimals') }} as decimals,
            coalesce(sum(sonar_{{ name }}_cents), 0)::bigint as sonar_cents,
            coalesce(sum(sonar_{{ name }}_cents) filter (where not is_loaded), 0)::bigint
                as left_behind_cents,
            coalesce(sum(splynx_{{ name }}_cents), 0)::bigint as splynx_cents,
            {{ 'coalesce(sum(unexplained_cents), 0)' if name == 'balance' else '0' }}::bigint
                as unexplained_cents
        from positions
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select * from final
