-- What was taken out of the texts of each field.
select
    collection,
    field,
    kind,
    count(*) as records,
    sum(times)::bigint as times
from {{ ref('audit_removed_markup_records') }}
group by collection, field, kind
