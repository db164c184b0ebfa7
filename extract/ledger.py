"""`ops.extract_ledger`: one row per run and root query, written before and after the work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Engine, text

from extract.catalogue.discovery import Collection
from extract.proof.judgement import Figures, Verdict, as_json
from extract.sonar.client import Tally
from runtime.errors import ConfigError


@dataclass(slots=True)
class Entry:
    """What is known of one collection when it is finished."""

    verdict: Verdict
    server: Figures
    landed: Figures
    tally: Tally
    changed: int = 0
    deleted: int = 0
    dropped: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)  # key -> why Sonar cannot give it
    mode: str = "full"
    looks: int = 0
    witness: str | None = None
    watermark: datetime | None = None  # Sonar's own time of the last look


_OPEN = text(
    "insert into ops.extract_ledger"
    " (run_id, source, collection, kind, walk, state, reason, ended_at)"
    " values (:run, :source, :name, :kind, :walk, :state, :reason,"
    " case when :state <> 'running' then clock_timestamp() end)"
    " on conflict (run_id, collection) do update set state = excluded.state,"
    " reason = excluded.reason, grade = null, started_at = clock_timestamp(),"
    " watermark = null, ended_at = excluded.ended_at"
)
_CLOSE = text(
    "update ops.extract_ledger set state = :state, grade = :grade, reason = :reason,"
    " server_count = :server_count, landed_count = :landed_count,"
    " server_sums = cast(:server_sums as jsonb), landed_sums = cast(:landed_sums as jsonb),"
    " pages = :pages, bytes = :bytes, retries = :retries, changed_rows = :changed,"
    " deleted_rows = :deleted, replaced_characters = :replaced, dropped_fields = :dropped,"
    " withheld_values = :withheld,"
    " mode = :mode, looks = :looks, witness = :witness, watermark = :watermark,"
    " ended_at = clock_timestamp() where run_id = :run and collection = :name"
)


_REFUSED = text(
    "insert into ops.extract_refusal (run_id, source, collection, _sonar_key, message)"
    " values (:run, :source, :name, :key, :message)"
    " on conflict (run_id, collection, _sonar_key) do update set message = excluded.message"
)


class Ledger:
    """The rows of one run and source."""

    def __init__(self, engine: Engine, run_id: str, source: str) -> None:
        self._engine = engine
        self._run_id = run_id
        self._source = source

    def open(self, collections: Sequence[Collection], chosen: frozenset[str]) -> None:
        """Write a row for every root query: the chosen ones run, the others say why not."""
        rows = []
        for collection in collections:
            state, reason = _opening(collection, chosen)
            rows.append(
                {
                    "run": self._run_id,
                    "source": self._source,
                    "name": collection.name,
                    "kind": collection.kind.value,
                    "walk": collection.walk,
                    "state": state,
                    "reason": reason,
                }
            )
        with self._engine.begin() as connection:
            connection.execute(_OPEN, rows)

    def close(self, collection: Collection, entry: Entry) -> None:
        """Write what became of one collection, and the rows that Sonar cannot give."""
        values = {
            "run": self._run_id,
            "name": collection.name,
            "state": entry.verdict.state,
            "grade": entry.verdict.grade,
            "reason": entry.verdict.reason,
            "server_count": entry.server.count,
            "landed_count": entry.landed.count,
            "server_sums": orjson.dumps(as_json(entry.server)).decode(),
            "landed_sums": orjson.dumps(as_json(entry.landed)).decode(),
            "pages": entry.tally.requests,
            "bytes": entry.tally.bytes,
            "retries": entry.tally.retries,
            "changed": entry.changed,
            "deleted": entry.deleted,
            "replaced": entry.tally.replaced,
            "dropped": list(entry.dropped),
            "withheld": entry.tally.withheld,
            "mode": entry.mode,
            "looks": entry.looks,
            "witness": entry.witness,
            "watermark": entry.watermark,
        }
        refused = [
            {
                "run": self._run_id,
                "source": self._source,
                "name": collection.name,
                "key": key,
                "message": message,
            }
            for key, message in entry.refused.items()
        ]
        with self._engine.begin() as connection:
            connection.execute(_CLOSE, values)
            if refused:
                connection.execute(_REFUSED, refused)

    def give_up(self, reason: str) -> None:
        """Mark what was still running as failed, because the run ends early."""
        with self._engine.begin() as connection:
            connection.execute(
                text(
                    "update ops.extract_ledger set state = 'failed', reason = :reason,"
                    " ended_at = clock_timestamp() where run_id = :run and state = 'running'"
                ),
                {"run": self._run_id, "reason": reason},
            )


def _opening(collection: Collection, chosen: frozenset[str]) -> tuple[str, str | None]:
    if collection.excluded:
        return "excluded", collection.excluded
    if collection.skipped:
        return "skipped", collection.skipped
    return ("running", None) if collection.name in chosen else ("skipped", "not asked for")


def refuse_other_source(engine: Engine, source: str) -> None:
    """Refuse when the raw tables hold another Sonar: marks of deletion would empty them.

    Raises:
        ConfigError: the warehouse belongs to another source.
    """
    query = text("select source from ops.extract_ledger where source <> :source limit 1")
    with engine.connect() as connection:
        other = connection.execute(query, {"source": source}).scalar()
    if other is not None:
        raise ConfigError(
            f"this warehouse holds the data of {other}, SONAR_URL leads to {source}: use another "
            "warehouse, or drop what it holds with `make extract-clean`"
        )


def last_run(engine: Engine) -> Sequence[Mapping[str, Any]]:
    """Return the ledger of the latest run, by collection; empty when there was none."""
    query = text(
        "select * from ops.extract_ledger where run_id = (select run_id from ops.extract_ledger"
        " order by started_at desc limit 1) order by collection"
    )
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]
