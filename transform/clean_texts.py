"""Clean the landed texts that Splynx shows as HTML, each once: `ops.clean_text`, which dbt reads.

Reads the seed that names the fields and the live rows of `raw_sonar`; only texts with a `<` need
it, all others dbt escapes by itself. Written in batches of their own transactions: a killed run
goes on where it stood. Texts appear in no message.
"""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection, Engine, text

from runtime.progress import Progress
from runtime.settings import ROOT
from transform.clean_html import RULES, clean

logger = logging.getLogger(__name__)

_FIELDS = ROOT / "dbt_project" / "seeds" / "map_html_texts.csv"
_BATCH_ROWS = 500
_BATCH_BYTES = 8_000_000

# The Sonar that was read last, as stg_ops__extractions has it.
_SOURCE = """
select source from ops.extract_ledger where state not in ('running', 'skipped', 'excluded')
order by started_at desc, run_id desc limit 1
"""
_MISSING = """
from (
    select distinct md5(payload->>:field) as hash
    from raw_sonar."{collection}"
    where _deleted_at is null and strpos(payload->>:field, '<') > 0
) as wanted
where not exists (
    select from ops.clean_text as done
    where done.source = :source and done.hash = wanted.hash and done.rules = :rules
)
"""
_TEXTS = """
select distinct on (md5(payload->>:field)) md5(payload->>:field), payload->>:field
from raw_sonar."{collection}"
where _deleted_at is null and md5(payload->>:field) = any(:hashes)
"""
_WRITE = """
insert into ops.clean_text (source, hash, rules, clean_text, removed)
values (:source, :hash, :rules, :clean, cast(:removed as jsonb))
on conflict (source, hash) do update set rules = excluded.rules,
    clean_text = excluded.clean_text, removed = excluded.removed, cleaned_at = clock_timestamp()
"""


@dataclass(frozen=True, slots=True)
class HtmlField:
    """A field of a collection that Splynx shows as HTML."""

    collection: str
    name: str


def html_fields() -> Sequence[HtmlField]:
    """Return the fields that the seed names."""
    with _FIELDS.open(encoding="utf-8", newline="") as file:
        return [HtmlField(row["collection"], row["field"]) for row in csv.DictReader(file)]


def clean_texts(engine: Engine) -> int:
    """Clean what is not cleaned yet; return how many texts that were.

    Raises:
        WarehouseError: the warehouse failed.
    """
    with engine.connect() as connection:
        source = connection.execute(text(_SOURCE)).scalar_one_or_none()
        if source is None:
            return 0
        wanted = [
            (field, hashes)
            for field in html_fields()
            if _has_landed(connection, field) and (hashes := _missing(connection, field, source))
        ]
    total = sum(len(hashes) for _, hashes in wanted)
    if not total:
        return 0
    with Progress("clean texts", total, "texts") as progress:
        for field, hashes in wanted:
            progress.part(field.collection)
            for batch in _batches(engine, field, hashes):
                _write(engine, source, batch)
                progress.advance(len(batch))
    logger.info("event=texts_cleaned texts=%d", total)
    return total


def _has_landed(connection: Connection, field: HtmlField) -> bool:
    name = {"name": f'raw_sonar."{field.collection}"'}
    return connection.execute(text("select to_regclass(:name)"), name).scalar_one() is not None


def _missing(connection: Connection, field: HtmlField, source: str) -> Sequence[str]:
    query = text("select wanted.hash" + _MISSING.format(collection=field.collection))
    values = {"field": field.name, "source": source, "rules": RULES}
    return list(connection.execute(query, values).scalars())


def _batches(
    engine: Engine, field: HtmlField, hashes: Sequence[str]
) -> Iterator[Sequence[tuple[str, str]]]:
    """Yield (hash, raw text), bounded in rows and in bytes."""
    query = text(_TEXTS.format(collection=field.collection))
    options = {"stream_results": True, "max_row_buffer": 50}
    with engine.connect().execution_options(**options) as connection:
        batch: list[tuple[str, str]] = []
        size = 0
        values = {"field": field.name, "hashes": list(hashes)}
        for row in connection.execute(query, values):
            hash_, raw = str(row[0]), str(row[1])
            batch.append((hash_, raw))
            size += len(raw)
            if len(batch) == _BATCH_ROWS or size > _BATCH_BYTES:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch


def _write(engine: Engine, source: str, batch: Sequence[tuple[str, str]]) -> None:
    rows = []
    for hash_, raw in batch:
        cleaned = clean(raw, source)
        rows.append(
            {
                "source": source,
                "hash": hash_,
                "rules": RULES,
                "clean": cleaned.text,
                "removed": orjson.dumps(cleaned.removed).decode(),
            }
        )
    with engine.begin() as connection:
        connection.execute(text(_WRITE), rows)
