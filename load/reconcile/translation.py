"""A mart as the target names its rows: planned ids replaced by those that the server gave.

By MySQL a row has the id that was planned. What the API created has the server's, which
`ops.id_map` knows; until the marts are built again, they hold the planned one, in the row itself
and in every row that leads to it. Both are replaced here, by joins; where no id differs, the mart
is read as it is. A row that the target does not have yet gets a negative id, because another row
may have come by the one that was planned for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text

from load.reconcile.normal_form import literal, quoted_postgres
from runtime.manifest import Manifest, Mart

_BY = "by"  # of `refers`: the column that tells which mart another column leads to


@dataclass(frozen=True, slots=True)
class Lead:
    """A column that holds ids of `to_mart`; with `when`, only where this column has this value."""

    column: str
    to_mart: str
    when: tuple[str, str] | None = None


def leads(mart: Mart) -> Iterator[Lead]:
    """Yield which columns of a mart hold ids of which mart. Pure."""
    by_value: Mapping[str, Mapping[str, str]] = mart.rest.get("refers", {})
    for column, kinds in by_value.items():
        for value, to_mart in kinds.items():
            if value != _BY:
                yield Lead(column, to_mart, (kinds[_BY], value))
    seen = set(by_value)
    for reference in mart.references:
        if reference.to_column == "id" and reference.column not in seen:
            seen.add(reference.column)
            yield Lead(reference.column, reference.to_mart)


class Translation:
    """Which marts have rows under another id than the mart's, for one target."""

    def __init__(self, warehouse: Connection, manifest: Manifest, target: str) -> None:
        self._target = target
        self._marts = {mart.name: mart for mart in manifest.marts}
        self._moved = {m.name for m in manifest.marts if _has_moved(warehouse, m, target)}

    def relation(self, mart: Mart) -> str:
        """Return what to select from: the mart's columns, with the target's ids."""
        plain = _relation(mart)
        found = [lead for lead in leads(mart) if lead.to_mart in self._moved]
        owns = mart.key == ("id",) and mart.name in self._moved
        if not found and not owns:
            return plain
        given: dict[str, list[str]] = {}
        joins = []
        for number, lead in enumerate(found):
            given.setdefault(lead.column, []).append(f"led_{number}.target_id")
            joins.append(self._join(lead, number))
        if owns:
            given["id"] = ["own.target_id"]
            joins.append(f" left join ops.id_map as own on {self._known('own', mart.name)}")
            joins.append(" and own._sonar_key = mart._sonar_key")
        names = ["_sonar_key", *(("_customer_key",) if mart.group == "customer" else ())]
        columns = ["mart." + name for name in names]
        for column in mart.columns:
            name = quoted_postgres(column.name)
            last = f"-mart.{name}" if owns and column.name == "id" else f"mart.{name}"
            known = ", ".join([*given.get(column.name, ()), last])
            columns.append(f"coalesce({known}) as {name}")
        return f"(select {', '.join(columns)} from {plain} as mart{''.join(joins)}) as mart"

    def _join(self, lead: Lead, number: int) -> str:
        parent = self._marts[lead.to_mart]
        name = f"led_{number}"
        only = ""
        if lead.when is not None:
            column, value = lead.when
            only = f" and mart.{quoted_postgres(column)}::text = {literal(value)}"
        return (
            f" left join (select parent.id as planned, coalesce(ids.target_id, -parent.id)"
            f" as target_id from {_relation(parent)} as parent left join ops.id_map as ids"
            f" on {self._known('ids', parent.name)} and ids._sonar_key = parent._sonar_key)"
            f" as {name}"
            f" on {name}.planned = mart.{quoted_postgres(lead.column)}{only}"
        )

    def _known(self, alias: str, entity: str) -> str:
        # a colon begins a parameter of a statement
        target = literal(self._target).replace(":", "\\:")
        return f"{alias}.target = {target} and {alias}.entity = {literal(entity)}"


def _has_moved(warehouse: Connection, mart: Mart, target: str) -> bool:
    if mart.key != ("id",):
        return False
    found = warehouse.execute(
        # all rows are added up: to find one, the planner would look each up and mostly find none
        text(
            "select coalesce(bool_or(ids.target_id <> mart.id), false)"
            f" from {_relation(mart)} as mart join ops.id_map as ids"
            " on ids.target = :target and ids.entity = :mart and ids._sonar_key = mart._sonar_key"
        ),
        {"target": target, "mart": mart.name},
    )
    return bool(found.scalar_one())


def _relation(mart: Mart) -> str:
    return f"{quoted_postgres(mart.schema)}.{quoted_postgres(mart.name)}"
