"""Whether the marts still stand as they did, told by Postgres itself without reading their content.

Every row carries the transaction that wrote it (`xmin`). Where a table is the same file, has the
same columns and as many rows, and none of them was written by a transaction that was not over when
the mark was made, its content is what it was: an insert or an update would have left a newer row, a
deletion one less, a rewrite another file. Anything else says nothing, and the content is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from runtime.manifest import Manifest

_TURN = 2**32  # transactions are counted around: a row shows the number modulo this
_FROZEN = 2  # stands for every transaction that is long over
_LIMIT = 2**30  # after so many, a number may have been used again

_TABLES = """
select asked.name, pg_relation_filenode(to_regclass(asked.relation))::text as file,
    (select md5(string_agg(concat_ws('|', a.attnum, a.attname, a.atttypid, a.atttypmod,
        a.attisdropped, a.attmissingval), ',' order by a.attnum))
     from pg_attribute as a where a.attrelid = to_regclass(asked.relation) and a.attnum > 0
    ) as columns
from unnest(cast(:names as text[]), cast(:relations as text[])) as asked (name, relation)
"""


def mark(connection: Connection, manifest: Manifest) -> dict[str, Any]:
    """Return what `stands` needs to know later; make it before the content is read."""
    database = _database(connection)
    over = connection.execute(text("select pg_snapshot_xmin(pg_current_snapshot())::text"))
    return {
        "manifest": manifest.checksum,
        "database": database,
        "over": int(over.scalar_one()),
        "tables": _tables(connection, manifest),
        "rows": {name: sum(found.values()) for name, found in _writers(connection, manifest)},
    }


def stands(connection: Connection, manifest: Manifest, made: Mapping[str, Any] | None) -> bool:
    """Return whether it is certain that the marts are as they were when the mark was `made`."""
    if not made or made.get("manifest") != manifest.checksum:
        return False
    database, over = _database(connection), int(made["over"])
    now = connection.execute(text("select pg_snapshot_xmax(pg_current_snapshot())::text"))
    if database is None or database != made["database"]:
        return False
    if not 0 <= int(now.scalar_one()) - over < _LIMIT:
        return False
    if _tables(connection, manifest) != made["tables"]:
        return False
    for name, found in _writers(connection, manifest):
        newer = any(writer != _FROZEN and not _is_before(writer, over) for writer in found)
        if newer or sum(found.values()) != made["rows"].get(name):
            return False
    return True


def _database(connection: Connection) -> str | None:
    """Return which database this is; None where that may not be asked."""
    allowed = text("select has_function_privilege('pg_control_system()', 'execute')")
    if not connection.execute(allowed).scalar_one():
        return None
    found = connection.execute(
        text(
            "select oid::text || '/' || (select system_identifier::text from pg_control_system())"
            " from pg_database where datname = current_database()"
        )
    )
    return str(found.scalar_one())


def _is_before(writer: int, over: int) -> bool:
    """Tell whether a transaction, known by its number modulo a turn, came before `over`. Pure."""
    return 0 < (over - writer) % _TURN < _TURN // 2


def _tables(connection: Connection, manifest: Manifest) -> dict[str, list[str | None]]:
    found = connection.execute(
        text(_TABLES),
        {
            "names": [mart.name for mart in manifest.marts],
            "relations": [f'"{mart.schema}"."{mart.name}"' for mart in manifest.marts],
        },
    )
    return {row[0]: [row[1], row[2]] for row in found}


def _writers(connection: Connection, manifest: Manifest) -> list[tuple[str, dict[int, int]]]:
    """Return how many rows of each mart were written by which transaction."""
    marts = manifest.marts
    asked = " union all ".join(
        f'select {number}, xmin::text, count(*) from "{mart.schema}"."{mart.name}" group by xmin'
        for number, mart in enumerate(marts)
    )
    found: list[tuple[str, dict[int, int]]] = [(mart.name, {}) for mart in marts]
    for row in connection.execute(text(asked)) if marts else ():
        found[int(row[0])][1][int(row[1])] = int(row[2])
    return found
