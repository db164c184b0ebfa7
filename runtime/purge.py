"""What holds personal data, and how it goes away when a migration is over.

What stays says what happened without saying anything about anybody: ids and keys, hashes, counts,
decisions, who ran what when. An operator needs that for years: which Splynx id a Sonar record has.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text

from runtime.settings import LOCAL

_RAW = "raw_sonar"
# Texts of people, of the target or of rows as they were; and where an extraction stands, because
# one that believed its rows to be here would not read them again.
_OF_PEOPLE = (
    "pre_image",
    "pre_image_page",
    "clean_text",
    "target_business_key",
    "extract_state",
    "extract_file",
)
# What finds a row again that may be in the target, such as a login; its row stays open.
_WORDS_OF_DOUBT = (
    "update ops.row_state set api = null where api ? 'path'"
    " and (api -> 'main' <> '{}' or api -> 'additional' <> '{}')"
)
_IMAGES = ("pre_image", "pre_image_page")
_FOLDERS = ("files", "dlt")  # bytes of Sonar's files, whatever warehouse links them; landing


@dataclass(frozen=True, slots=True)
class Purged:
    """What is gone: tables dropped, rows deleted or blanked by `ops` table, folders removed."""

    tables: int
    rows: Mapping[str, int]
    folders: tuple[Path, ...]


def _relations(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield schema and name of all that dbt may have built: models, seeds, rows of failed tests."""
    for node in manifest["nodes"].values():
        relation = node.get("relation_name")
        if relation:
            yield node["schema"], node.get("alias") or node["name"]


def _drop(connection: Connection, relations: Sequence[tuple[str, str]]) -> int:
    existing = connection.execute(
        text(
            "select c.oid::regclass::text as name, c.relkind"
            " from pg_class as c join pg_namespace as n on n.oid = c.relnamespace"
            " where (n.nspname in (:raw, :staging) and c.relkind = 'r')"
            " or (c.relkind in ('r', 'v') and (n.nspname, c.relname) in"
            "  (select * from unnest(cast(:schemas as text[]), cast(:names as text[]))))"
        ),
        {
            "raw": _RAW,
            "staging": f"{_RAW}_staging",
            "schemas": [schema for schema, _ in relations],
            "names": [name for _, name in relations],
        },
    ).all()
    for name, kind in existing:
        what = "view" if kind == "v" else "table"
        connection.exec_driver_sql(f"drop {what} if exists {name} cascade")
    return len(existing)


def _delete(connection: Connection, tables: Sequence[str], run_id: str | None) -> dict[str, int]:
    condition = " where run_id = :run" if run_id else ""
    return {
        name: connection.execute(
            text(f"delete from ops.{name}{condition}"), {"run": run_id}
        ).rowcount
        for name in tables
    }


def purge(engine: Engine, manifest: Mapping[str, Any]) -> Purged:
    """Remove everything that holds personal data from the warehouse and this machine, at once.

    Tables of other owners in the same schemas stay. Backups of the target stay: they are the way
    back, and the operator's to delete.
    """
    folders = tuple(path for name in _FOLDERS if (path := LOCAL / name).is_dir())
    with engine.begin() as connection:
        tables = _drop(connection, sorted(set(_relations(manifest))))
        rows = _delete(connection, _OF_PEOPLE, None)
        rows["row_state (in doubt)"] = connection.execute(text(_WORDS_OF_DOUBT)).rowcount
    for folder in folders:
        shutil.rmtree(folder)
    return Purged(tables, rows, folders)


def purge_images(engine: Engine, run_id: str) -> Purged:
    """Remove what rows of the target held before one run changed them: it can't be undone then."""
    with engine.begin() as connection:
        return Purged(0, _delete(connection, _IMAGES, run_id), ())
