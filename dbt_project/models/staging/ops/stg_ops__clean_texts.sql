-- Texts fit to be shown as HTML, of the Sonar that was read last.
select
    clean_texts.hash as raw_hash,
    clean_texts.clean_text,
    clean_texts.removed
from {{ source('ops', 'clean_text') }} as clean_texts
where clean_texts.source = (select max(source) from {{ ref('stg_ops__extractions') }})
