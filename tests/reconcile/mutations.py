"""A defect by chance: one row of one table deleted, doubled, or changed in one column.

Any mart and any table of the target, and what the load wrote down of them; chosen with a seed, so
that a mutation that was not found can be planted again.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from runtime.manifest import Mart
from tests.reconcile.whole_world import TARGET, World

_EXACT = {"decimal", "float", "double"}
_NUMBERS = _EXACT | {"tinyint", "smallint", "mediumint", "int", "bigint"}
_DATES = {"date", "datetime", "timestamp"}
ACTIONS = ("delete", "double", "change", "change", "change")
PLACES = ("target", "target", "mart", "mart", "row_state", "id_map")


@dataclass(frozen=True, slots=True)
class Mutation:
    """What is done to which row; `keys` are the names that the row goes by, in any layer.

    `rows` is the condition of what it touches, in the table `touches`. `held` asks for what the
    target must have for it to be a defect of data: a mart row that no load can place is compared
    with nothing, and only the fingerprint of its mart tells that it was changed.
    """

    table: str
    place: str
    action: str
    column: str
    keys: frozenset[str]
    touches: str
    rows: str
    statement: str
    held: str = ""

    def __str__(self) -> str:
        """Say it in one line."""
        column = f".{self.column}" if self.column else ""
        return f"{self.action} {self.place} {self.table}{column} {sorted(self.keys)}"


class Chance:
    """Chooses mutations of a world, each with a seed of its own."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._columns: dict[str, dict[str, tuple[str, str]]] = {}
        self._marts = [
            m for m in world.manifest.marts if world.ask(f"select from {m.relation} limit 1")
        ]

    def mutation(self, seed: int) -> Mutation:
        """Return the mutation of that number."""
        chance = random.Random(seed)
        mart = chance.choice(self._marts)
        place = chance.choice(PLACES)
        names = ", ".join(f'"{name}"::text as key_{n}' for n, name in enumerate(mart.key))
        rows = self._world.ask(f"select _sonar_key, {names} from {mart.relation} order by 1")
        row = chance.choice(rows)
        parts = [str(row[f"key_{n}"]) for n in range(len(mart.key))]
        keys = frozenset({str(row["_sonar_key"]), "/".join(parts)})
        if place == "row_state":
            return self._of_row_state(mart, str(row["_sonar_key"]), keys, chance)
        if place == "id_map" and mart.key == ("id",):
            return self._of_id_map(mart, str(row["_sonar_key"]), keys, chance)
        action = chance.choice(ACTIONS)
        if place == "mart":
            return self._of_mart(mart, str(row["_sonar_key"]), parts, keys, action, chance)
        return self._of_target(mart, parts, keys, action, chance)

    def _of_row_state(
        self, mart: Mart, key: str, keys: frozenset[str], chance: random.Random
    ) -> Mutation:
        where = f" where table_name = '{mart.name}' and _sonar_key = {_quoted(key)}"
        action, statement = chance.choice(
            [
                ("delete", "delete from ops.row_state" + where),
                ("change", "update ops.row_state set state = 'intended'" + where),
            ]
        )
        return Mutation(mart.name, "row_state", action, "", keys, "ops.row_state", where, statement)

    def _of_id_map(
        self, mart: Mart, key: str, keys: frozenset[str], chance: random.Random
    ) -> Mutation:
        where = f" where entity = '{mart.name}' and _sonar_key = {_quoted(key)}"
        action, statement = chance.choice(
            [
                ("delete", "delete from ops.id_map" + where),
                ("change", "update ops.id_map set target_id = target_id + 1000000" + where),
            ]
        )
        return Mutation(mart.name, "id_map", action, "", keys, "ops.id_map", where, statement)

    def _of_mart(  # noqa: PLR0913, PLR0917 - a mutation is told by so many things
        self,
        mart: Mart,
        key: str,
        parts: Sequence[str],
        keys: frozenset[str],
        action: str,
        chance: random.Random,
    ) -> Mutation:
        where = f" where _sonar_key = {_quoted(key)}"
        column = held = ""
        if action == "double":
            statement = f"insert into {mart.relation} select * from {mart.relation}{where}"
        elif action == "change" and (changed := self._changed(mart, chance, postgres=True))[0]:
            column, value = changed
            statement = f'update {mart.relation} set "{column}" = {value}{where}'
            held = f"select 1 from {TARGET}{mart.name}{_under(mart, parts)}"
        else:
            action, statement = "delete", f"delete from {mart.relation}{where}"
        return Mutation(
            mart.name, "mart", action, column, keys, mart.relation, where, statement, held
        )

    def _of_target(
        self,
        mart: Mart,
        parts: Sequence[str],
        keys: frozenset[str],
        action: str,
        chance: random.Random,
    ) -> Mutation:
        table = f"{TARGET}{mart.name}"
        where = rows = _under(mart, parts)
        column = ""
        if action == "double" and mart.key == ("id",):
            others = ", ".join(f"`{c}`" for c in self._held(mart) if c != "id")
            new = int(parts[0]) + 1_000_000
            statement = (
                f"insert into {table} (id, {others}) select {new}, {others} from {table}{where}"
            )
            keys = frozenset({str(new)})
            rows = f" where id = {new}"
        elif action == "change" and (changed := self._changed(mart, chance, postgres=False))[0]:
            column, value = changed
            statement = f"update {table} set `{column}` = {value}{where}"
        else:
            action, statement = "delete", f"delete from {table}{where}"
        return Mutation(mart.name, "target", action, column, keys, table, rows, statement)

    def _held(self, mart: Mart) -> dict[str, tuple[str, str]]:
        """Return type and whole type of the target's columns, by name."""
        if mart.name not in self._columns:
            with self._world.splynx.connect() as connection:
                rows = connection.exec_driver_sql(
                    "select column_name, data_type, column_type"
                    " from information_schema.columns where table_schema = database()"
                    f" and table_name = '{mart.name}' order by ordinal_position"
                ).all()
            self._columns[mart.name] = {row[0]: (str(row[1]).lower(), str(row[2])) for row in rows}
        return self._columns[mart.name]

    def _changed(self, mart: Mart, chance: random.Random, *, postgres: bool) -> tuple[str, str]:
        """Return a column that is no part of the key, and what to set it to."""
        held = self._held(mart)
        free = [c.name for c in mart.columns if c.name not in mart.key]
        if not free:
            return "", ""
        name = chance.choice(free)
        kind, whole = held[name]
        return name, (_other_in_mart if postgres else _other_in_target)(name, kind, whole)


def _other_in_mart(name: str, kind: str, whole: str) -> str:
    """Return the expression of another value in Postgres, of a type that the target has."""
    column = f'"{name}"'
    if kind in _NUMBERS:
        return f"coalesce({column}, 0) + {_step(kind)}"
    if kind in _DATES:
        return f"coalesce({column} + interval '1 day', '2001-02-03')"
    other = _other_text(f"{column}::text", kind, whole)
    return f"({other})::time" if kind == "time" else other


def _other_in_target(name: str, kind: str, whole: str) -> str:
    """Return the expression of another value in MySQL that the type holds."""
    column = f"`{name}`"
    if kind in _NUMBERS:
        return f"if({column} > 0, {column} - {_step(kind)}, coalesce({column}, 0) + {_step(kind)})"
    if kind in _DATES:
        return f"if({column} > '1990-01-01', {column} + interval 1 day, '2001-02-03')"
    return _other_text(column, kind, whole)


def _other_text(column: str, kind: str, whole: str) -> str:
    first, last = "'x'", "'y'"
    if kind == "enum":
        values = whole[5:-1].split(",")
        first, last = values[0], values[-1]
    elif kind == "time":
        first, last = "'01:02:03'", "'01:02:04'"
    return f"case when {column} = {first} then {last} else {first} end"


def _under(mart: Mart, parts: Sequence[str]) -> str:
    """Return the condition of one row of the target."""
    return " where " + " and ".join(
        f"`{name}` = {_quoted(part)}" for name, part in zip(mart.key, parts, strict=True)
    )


def _step(kind: str) -> str:
    return "0.01" if kind in _EXACT else "1"


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
