"""What the tables of models hold, in a form that two ways of building them can be compared by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, named as in the docs

from bench.frame import BenchError
from bench.transform.plain import relation

_SHOWN = 10
_COLUMNS = """
select quote_ident(attname) || '::' || format_type(atttypid, atttypmod)
from pg_attribute
where attrelid = %s::regclass and attnum > 0 and not attisdropped
order by attname
"""


@dataclass(frozen=True, slots=True)
class Content:
    """Rows of a table and a sum of their hashes, of columns cast as `columns` says."""

    columns: tuple[str, ...]
    rows: int
    digest: int | None


def contents(
    cursor: Cursor,
    ordered: Sequence[Mapping[str, Any]],
    types: Mapping[str, Content] | None = None,
) -> Mapping[str, Content]:
    """Return what the tables hold.

    Args:
        cursor: of the warehouse.
        ordered: the models.
        types: contents whose types to cast to: contracts give a column another scale than the
            bare SQL does, which is no other content.
    """
    found = {}
    for model in ordered:
        name = relation(model)
        if types is None:
            cursor.execute(_COLUMNS, (name,))
            columns = tuple(row[0] for row in cursor.fetchall())
        else:
            columns = types[name].columns
        cursor.execute(
            "select count(*), sum(hashtextextended(row::text, 0)::numeric)"
            f" from (select {', '.join(columns)} from {name}) as row"
        )
        rows, digest = cursor.fetchone() or (0, None)
        found[name] = Content(columns, rows, digest)
    return found


def differing(some: Mapping[str, Content], others: Mapping[str, Content]) -> Sequence[str]:
    """Return the tables whose contents differ."""
    return sorted(name for name in some if some[name] != others[name])


def same(what: str, some: Mapping[str, Content], others: Mapping[str, Content]) -> None:
    """Prove that two ways built the same.

    Raises:
        BenchError: they did not; `what` is in the message.
    """
    names = differing(some, others)
    if names:
        raise BenchError(f"{what}: {len(names)} tables differ: {', '.join(names[:_SHOWN])}")


def drop(cursor: Cursor, ordered: Sequence[Mapping[str, Any]]) -> None:
    """Drop the tables of models."""
    for model in ordered:
        cursor.execute(f"drop table if exists {relation(model)} cascade")
