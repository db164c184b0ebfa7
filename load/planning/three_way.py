"""Rows that both sides changed, field by field: what staff changed is theirs, the rest is ours.

For each field three texts are known: the base (a hash of what Sonar had when we last wrote the
row), Sonar's now, and the target's now.

| field | is |
|---|---|
| target as the base, Sonar another | ours: written |
| Sonar as the base, target another | theirs: stays, whatever the option |
| neither as the base, and not equal | a conflict: `keep` theirs, or `overwrite` it with ours |

A row with a conflict is of the class `conflict`; one in which the sides changed other fields is an
`update`, of our fields only; one in which only staff changed something is `edited`. One that is as
we left it, and differs only in what a handover or an upload filled, is `unchanged`. With `keep` a
conflict stands until one side gives way, so that `overwrite` can still settle it later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from load.planning.digests import knows_crc
from load.planning.row_hash import (
    hash_of_line,
    key_text_of_target,
    key_value,
    mart_crc,
    mart_texts,
    my_name,
    pg_relation,
    target_texts,
)
from load.target.facts import TableFacts
from load.target.targets import Target
from runtime.manifest import Mart

KEEP, OVERWRITE, FAIL = "keep", "overwrite", "fail"
POLICIES = (KEEP, OVERWRITE, FAIL)
_KEYS = 1000
_LISTED = 200  # conflicts named in a plan; `load_merge` holds them all
_UNKNOWN = -1  # no base: whatever differs is a conflict


@dataclass(frozen=True, slots=True)
class Conflict:
    """A row in which both sides changed the same columns."""

    table: str
    sonar_key: str
    columns: tuple[str, ...]

    def __str__(self) -> str:
        """Name table, record and columns, never a value."""
        return f"{self.table} {self.sonar_key}: {', '.join(self.columns)}"


class ThreeWay:
    """Decides the rows of class `both`; `warehouse` is the connection that makes the plan."""

    def __init__(
        self, warehouse: Connection, splynx: Connection, target: Target, policy: str
    ) -> None:
        self._warehouse = warehouse
        self._splynx = splynx
        self._target = target
        self._policy = policy
        self._has_crc = knows_crc(warehouse)

    def decide(self, mart: Mart, facts: TableFacts) -> None:
        """Look at the fields of the mart's rows of class `both`, and give each its class."""
        rows = self._warehouse.execute(
            text(
                "select key, split_part(written_hash, ':', 2), written_base is not null"
                " from load_plan where table_name = :mart and class = 'both'"
            ),
            {"mart": mart.name},
        ).all()
        if not rows:
            return
        for start in range(0, len(rows), _KEYS):
            self._fetch(mart, facts, [str(row[0]) for row in rows[start : start + _KEYS]])
        shapes = self._columns_of({row[1] for row in rows})
        for name, columns in shapes.items():
            self._merge(mart, facts, name, columns)
        self._warehouse.execute(
            text(
                "update load_plan set class = 'conflict'"
                " where table_name = :mart and class = 'both'"
            ),
            {"mart": mart.name},
        )

    def conflicts(self) -> tuple[Conflict, ...]:
        """Return the first conflicts of all marts, in the order of tables and keys."""
        found = self._warehouse.execute(
            text(
                "select plan.table_name, plan._sonar_key, coalesce(merge.columns, '{}')"
                " from load_plan as plan left join load_merge as merge"
                " on merge.table_name = plan.table_name and merge._sonar_key = plan._sonar_key"
                f" where plan.class = 'conflict' order by 1, 2 limit {_LISTED}"
            )
        )
        return tuple(Conflict(row[0], row[1], tuple(row[2])) for row in found)

    def _fetch(self, mart: Mart, facts: TableFacts, keys: Sequence[str]) -> None:
        """Bring over the target's texts of these rows."""
        names = ", ".join(my_name(name) for name in mart.key)
        one = "(" + ", ".join(["%s"] * len(mart.key)) + ")"
        texts = ", ".join(target_texts(mart))
        bound = tuple(
            key_value(value, facts.columns[name])
            for key in keys
            for name, value in zip(mart.key, key.split("\x1f"), strict=True)
        )
        found = self._splynx.exec_driver_sql(
            f"select {key_text_of_target(mart)}, {texts} from {my_name(mart.name)}"
            f" where ({names}) in ({', '.join([one] * len(keys))})",
            bound,
        )
        held = [{"mart": mart.name, "key": row[0], "texts": list(row[1:])} for row in found]
        if held:
            self._warehouse.execute(
                text("insert into load_theirs values (:mart, :key, cast(:texts as text[]))"), held
            )

    def _columns_of(self, shapes: set[str]) -> dict[str, list[str]]:
        found = self._warehouse.execute(
            text("select shape, column_names from ops.row_shape where shape = any(:shapes)"),
            {"shapes": sorted(shapes)},
        )
        return {row[0]: row[1] for row in found}

    def _merge(self, mart: Mart, facts: TableFacts, name: str, columns: Sequence[str]) -> None:
        names = [column.name for column in mart.columns]
        # a column that we never wrote is as nobody touched it
        base = ", ".join(
            f"coalesce(plan.written_base[{columns.index(n) + 1}], {_UNKNOWN})"
            if n in columns
            else "hashtext(coalesce(theirs.texts[" + str(names.index(n) + 1) + "], chr(30)))"
            for n in names
        )
        mine = ", ".join(mart_texts(mart, facts.columns))
        merged = "array_to_string(texts, chr(31), chr(30))"
        bound: Mapping[str, Any] = {
            "mart": mart.name,
            "shape": name,
            "names": names,
            "overwrite": self._policy == OVERWRITE,
            "target": self._target.name,
            "filled": list(mart.files.get("also_fills", ())),
        }
        self._warehouse.exec_driver_sql(
            f"""
            insert into load_merge
            select
                table_name, _sonar_key, texts, {hash_of_line(mart, merged)},
                {mart_crc(merged) if self._has_crc else "null::bigint"}, base, apart, columns, ours
            from (
                select
                    plan.table_name, plan._sonar_key,
                    array_agg(
                        case when takes then field.mine else field.theirs end order by i
                    ) as texts,
                    array_agg(
                        case when clashes and not takes then field.base
                        else hashtext(coalesce(field.mine, chr(30))) end order by i
                    ) as base,
                    bool_or(field.theirs is distinct from field.mine and not takes) as apart,
                    bool_and(
                        field.theirs is not distinct from field.mine or not clashes and exists (
                            select from ops.handover as done where done.target = %(target)s
                            and done.table_name = plan.table_name
                            and (done.attribute = named or named = any(%(filled)s))
                            and done._sonar_key = plan._sonar_key and done.state = 'handed_over'
                        )
                    ) and min(plan.shown) = min(plan.written_hash) as ours,
                    coalesce(
                        array_agg(named order by i) filter (where clashes), '{{}}'
                    ) as columns
                from load_plan as plan
                join load_theirs as theirs
                    on theirs.table_name = plan.table_name and theirs.key = plan.key
                join (select ctid as at, array[{mine}] as texts from {pg_relation(mart)}) as mine
                    on mine.at = plan.at
                cross join lateral unnest(
                    mine.texts, theirs.texts, array[{base}], %(names)s::text[]
                ) with ordinality as field (mine, theirs, base, named, i)
                cross join lateral (
                    select
                        field.theirs is distinct from field.mine
                        and hashtext(coalesce(field.theirs, chr(30))) = field.base as is_ours,
                        field.theirs is distinct from field.mine
                        and hashtext(coalesce(field.theirs, chr(30))) <> field.base
                        and hashtext(coalesce(field.mine, chr(30))) <> field.base as clashes
                ) as sides
                cross join lateral (
                    select is_ours or clashes and %(overwrite)s as takes
                ) as verdict
                where plan.table_name = %(mart)s and plan.class = 'both'
                    and split_part(plan.written_hash, ':', 2) = %(shape)s
                group by plan.table_name, plan._sonar_key
            ) as merged
            """,
            bound,
        )
        self._warehouse.exec_driver_sql(
            "update load_plan as plan set"
            " class = case when cardinality(merge.columns) > 0 then 'conflict'"
            "  when merge.hash <> plan.shown then 'update'"
            "  when merge.ours then 'unchanged' else 'edited' end,"
            " merged = merge.hash <> plan.shown"
            " from load_merge as merge where plan.table_name = %(mart)s and plan.class = 'both'"
            " and merge.table_name = plan.table_name and merge._sonar_key = plan._sonar_key",
            bound,
        )
