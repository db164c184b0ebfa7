"""`ops.target`: which Splynx, in which epoch, and the facts that the last inspection left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from load.target.facts import ColumnFact, KeyFact, TableFacts
from runtime.errors import GateFailed


@dataclass(frozen=True, slots=True)
class Target:
    """An address in one epoch. `name` ("host:port/db#epoch") marks every ops and crosswalk row."""

    address: str
    epoch: int

    @property
    def name(self) -> str:
        """The identity under which everything about this target is kept."""
        return f"{self.address}#{self.epoch}"


def latest_of(connection: Connection, address: str) -> Target | None:
    """Return the latest epoch of an address, or None when it was never inspected."""
    row = connection.execute(
        text("select epoch from ops.target where address = :address order by epoch desc limit 1"),
        {"address": address},
    ).first()
    return None if row is None else Target(address, row[0])


def tables_written(connection: Connection, target: Target) -> set[str]:
    """Return the tables of which rows were written; without a look at each of the rows."""
    found = connection.execute(
        text(
            "with recursive name as (select min(table_name) as name from ops.row_state"
            " where target = :target union all select (select min(table_name)"
            " from ops.row_state where target = :target and table_name > name.name)"
            " from name where name.name is not null) select name from name"
        ),
        {"target": target.name},
    )
    return {row[0] for row in found if row[0] is not None}


def current(connection: Connection, address: str) -> Target:
    """Return the target that the warehouse works for; it must be at `address`.

    Raises:
        GateFailed: never inspected, or the latest inspection was of another target.
    """
    row = connection.execute(text("select address, epoch from ops.current_target")).first()
    if row is None:
        raise GateFailed(f"Splynx at {address} was never inspected: run `make inspect` first")
    if row[0] != address:
        raise GateFailed(
            f"the last inspection was of {row[0]}, this run is for {address}: run `make inspect`, "
            "then transform and accept for this target"
        )
    return Target(row[0], row[1])


def _column(row: Any) -> ColumnFact:  # noqa: ANN401 - a SQLAlchemy row
    return ColumnFact(
        name=row.column_name,
        position=row.position,
        data_type=row.data_type,
        column_type=row.column_type,
        max_length=row.max_length,
        numeric_precision=row.numeric_precision,
        numeric_scale=row.numeric_scale,
        is_unsigned=row.is_unsigned,
        is_nullable=row.is_nullable,
        has_default=row.has_default,
        is_auto_increment=row.is_auto_increment,
        charset=row.charset,
        enum_values=None if row.enum_values is None else tuple(row.enum_values),
        default=row.default_value,
        collation=row.collation_name,
    )


def stored_facts(connection: Connection, target: Target) -> dict[str, TableFacts]:
    """Return the tables as the last inspection saw them."""
    columns: dict[str, dict[str, ColumnFact]] = {}
    wanted: Mapping[str, object] = {"target": target.name}
    for row in connection.execute(
        text(
            "select table_name, column_name, position, data_type, column_type, max_length,"
            " numeric_precision, numeric_scale, is_unsigned, is_nullable, has_default,"
            " is_auto_increment, charset, enum_values, default_value, collation_name"
            " from ops.target_column where target = :target order by table_name, position"
        ),
        wanted,
    ):
        columns.setdefault(row.table_name, {})[row.column_name] = _column(row)
    keys: dict[str, list[KeyFact]] = {}
    for row in connection.execute(
        text(
            "select table_name, key_name, kind, column_names, ref_table, ref_column_names"
            " from ops.target_key where target = :target order by table_name, key_name"
        ),
        wanted,
    ):
        ref_columns = None if row[5] is None else tuple(row[5])
        keys.setdefault(row[0], []).append(
            KeyFact(row[1], row[2], tuple(row[3]), row[4], ref_columns)
        )
    tables = connection.execute(
        text("select table_name, engine, charset from ops.target_table where target = :target"),
        wanted,
    )
    return {
        row[0]: TableFacts(
            row[0], row[1], row[2], columns.get(row[0], {}), tuple(keys.get(row[0], ()))
        )
        for row in tables
    }
