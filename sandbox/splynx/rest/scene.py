"""What one request works with: a transaction, the tables, who asks, and where files are kept."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Connection

from sandbox.splynx.rest.columns import NO_DATETIME, Column, Tables, Value
from sandbox.splynx.rest.vault import Vault

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks. `rights` None: everything; `partner` 0: not bound to one."""

    kind: str  # api or admin
    id: int
    partner: int
    rights: frozenset[tuple[str, str]] | None


@dataclass(frozen=True, slots=True)
class Scene:
    """One transaction on behalf of one actor."""

    connection: Connection
    tables: Tables
    actor: Actor
    vault: Vault
    files: Path
    now: dt.datetime

    @property
    def stamp(self) -> str:
        """Now, as Splynx writes it."""
        return self.now.strftime("%Y-%m-%d %H:%M:%S")

    @property
    def today(self) -> str:
        """Today, as Splynx writes it."""
        return self.now.strftime("%Y-%m-%d")

    @staticmethod
    def token() -> str:
        """Return a new public id."""
        return secrets.token_hex(16)

    def columns(self, table: str) -> Mapping[str, Column]:
        """Return the columns of a table."""
        return self.tables[table]

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run a query; dates and decimals come back as text."""
        found = self.connection.exec_driver_sql(sql, tuple(parameters))
        return [dict(row) for row in found.mappings()]

    def row(self, sql: str, parameters: Sequence[Any] = ()) -> Row | None:
        """Return the first row of a query, or None."""
        return next(iter(self.rows(sql, parameters)), None)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Run a statement; return the number of rows that it changed."""
        return self.connection.exec_driver_sql(sql, tuple(parameters)).rowcount

    def insert(self, table: str, values: Mapping[str, Any]) -> int:
        """Insert a row, empty values where the table demands one; return its new id."""
        row = {
            column.name: column.empty
            for column in self.tables[table].values()
            if not column.nullable and not column.has_default
        }
        row.update(values)
        names = ", ".join(f"`{name}`" for name in row)
        marks = ", ".join("%s" for _ in row)
        result = self.connection.exec_driver_sql(
            f"insert into `{table}` ({names}) values ({marks})", tuple(row.values())
        )
        return int(result.lastrowid)

    def update(self, table: str, key: str, value: Value, changes: Mapping[str, Any]) -> None:
        """Change columns of one row; the row's time of change follows where it has one."""
        changes = dict(changes)
        if "updated_at" in self.tables[table]:
            changes.setdefault("updated_at", self.stamp)
        if changes:
            assignments = ", ".join(f"`{name}` = %s" for name in changes)
            self.execute(
                f"update `{table}` set {assignments} where `{key}` = %s",
                [*changes.values(), value],
            )

    def live(self, table: str, alias: str = "t") -> str:
        """Return the condition that leaves out deleted rows."""
        return f"{alias}.deleted = '0'" if "deleted" in self.tables[table] else "true"

    def exists(self, table: str, key: Value) -> bool:
        """Say whether a live row of this id is there."""
        sql = f"select 1 from `{table}` t where id = %s and {self.live(table)}"
        return self.row(sql, [key]) is not None


def is_unset(value: Value) -> bool:
    """Say whether a stored value stands for none."""
    return value in (None, "", 0, "0", "0000-00-00", NO_DATETIME)
