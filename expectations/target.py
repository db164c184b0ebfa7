"""What the inspected target demands of its columns, as the inspection recorded it in `ops`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class TargetColumn:
    """One column of the target; `data_type` is the server's lower-case name, e.g. varchar."""

    name: str
    data_type: str
    max_length: int | None
    precision: int | None
    scale: int | None
    is_unsigned: bool
    is_nullable: bool
    enum_values: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class TargetTable:
    """The columns by name, and the column lists of the unique keys (the primary key included)."""

    columns: Mapping[str, TargetColumn]
    unique_keys: tuple[tuple[str, ...], ...]


def current_target(connection: Connection) -> str | None:
    """Return the target that was inspected last, None before the first inspection."""
    found = connection.execute(text("select target from ops.current_target")).scalar_one_or_none()
    return None if found is None else str(found)


def read_tables(connection: Connection, target: str) -> dict[str, TargetTable]:
    """Return the inspected tables of `target` by name."""
    columns: dict[str, dict[str, TargetColumn]] = {}
    for row in connection.execute(
        text("select * from ops.target_column where target = :target order by position"),
        {"target": target},
    ):
        columns.setdefault(row.table_name, {})[row.column_name] = TargetColumn(
            name=row.column_name,
            data_type=row.data_type.lower(),
            max_length=row.max_length,
            precision=row.numeric_precision,
            scale=row.numeric_scale,
            is_unsigned=row.is_unsigned,
            is_nullable=row.is_nullable,
            enum_values=None if row.enum_values is None else tuple(row.enum_values),
        )
    keys: dict[str, list[tuple[str, ...]]] = {}
    for row in connection.execute(
        text(
            "select table_name, column_names from ops.target_key"
            " where target = :target and kind in ('primary', 'unique') order by key_name"
        ),
        {"target": target},
    ):
        keys.setdefault(row.table_name, []).append(tuple(row.column_names))
    return {
        name: TargetTable(columns=found, unique_keys=tuple(keys.get(name, ())))
        for name, found in columns.items()
    }
