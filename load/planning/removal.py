"""Rows whose record is gone from the marts: kept, flagged or deleted, as the mart's rule says.

The rule is `meta.load.on_delete` of the mart. A row that staff edited stays; so does one that
others lead to, whoever wrote them, and what such a row needs. What a row held is kept before
(`ops.pre_image`; all columns of a row that is deleted), so that `rollback` brings it back. Done
after everything is written, when nothing of ours leads there any more. Killed between the two
databases, the next load finds the row gone or flagged and only writes it down.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, Engine, text

from load.mysql import read_facts
from load.mysql.quarantine import Refused
from load.mysql.undo import RefusedAll, Stays, Undo, Written
from load.mysql.violations import foreign_keys, primary_keys
from load.mysql.writer import Writer
from load.planning.clusters import Cluster, Row
from load.planning.digests import knows_crc
from load.planning.row_hash import hash_of_line, key_value, mart_crc, my_name, target_texts
from load.rollback.scope import REMOVED_ROWS, Kept, Scope, scopes
from load.rollback.ties import edges
from load.target.facts import TableFacts
from load.target.targets import Target
from load.writing import intents
from load.writing.batch_ledger import row_key_of
from load.writing.pre_images import Images
from runtime.errors import GateFailed
from runtime.manifest import Manifest, Mart
from runtime.run_ledger import Run

DELETE, FLAG = "to_delete", "to_flag"
_CLASSES = {"delete": DELETE, "flag": FLAG}
_NEVER_TOO_MANY = 10
_SHARE = 20  # more than one in 20 rows of a table is more likely a fault than a day's work
_ROWS = 500


@dataclass(slots=True)
class Removed:
    """What became of rows whose record is gone."""

    deleted: int = 0
    flagged: int = 0
    kept: list[Kept] = field(default_factory=list)


def mark(warehouse: Connection, manifest: Manifest) -> None:
    """Name the rows of `load_plan` that the marts' rules remove: those as we wrote them."""
    for mart in manifest.marts:
        if name := _CLASSES.get(mart.on_delete.rule):
            warehouse.execute(
                text(
                    "update load_plan set class = :class where table_name = :mart"
                    " and class = 'gone' and shown = written_hash and not apart"
                ),
                {"class": name, "mart": mart.name},
            )


def not_too_many(warehouse: Connection, target: Target) -> None:
    """Refuse to remove so many rows of a table at once that a fault is the likelier cause."""
    found = warehouse.execute(
        text(
            "select plan.table_name, count(*), (select count(*) from ops.row_state as state"
            "  where state.target = :target and state.table_name = plan.table_name)"
            " from load_plan as plan where class in (:delete, :flag) group by 1 order by 1"
        ),
        {"target": target.name, "delete": DELETE, "flag": FLAG},
    )
    many = [
        f"{row[0]}: {row[1]} of {row[2]}"
        for row in found
        if row[1] > max(_NEVER_TOO_MANY, row[2] // _SHARE)
    ]
    if many:
        raise GateFailed(
            f"so many rows would be removed that a fault is likelier ({'; '.join(many)}): look at "
            "what left the marts and why (make plan); if it is meant, load with --many-gone",
            report={"gone": many},
        )


class Removal:
    """The removing of one load; `warehouse` is the connection that made the plan."""

    def __init__(  # noqa: PLR0913, PLR0917 - both sides
        self,
        run: Run,
        warehouse: Connection,
        splynx: Engine,
        manifest: Manifest,
        target: Target,
        tables: dict[str, TableFacts],
    ) -> None:
        self._run = run
        self._warehouse = warehouse
        self._splynx = splynx
        self._manifest = manifest
        self._target = target
        self._tables = tables
        self._result = Removed()

    def carry_out(self) -> Removed:
        """Flag and delete what the plan says, and write down what an earlier load had done."""
        self._settle()
        for mart in self._manifest.marts:
            if mart.on_delete.rule == "flag":
                self._flag(mart)
        self._delete()
        return self._result

    def _settle(self) -> None:
        """Make facts of deletions that were carried out and not written down."""
        for mart in self._manifest.marts:
            done = self._keys(mart, "class = 'gone' and shown is null")
            if done:
                self._set(mart, done, "deleted", was="intended")

    def _keys(self, mart: Mart, condition: str) -> list[str]:
        """Return the row keys, as JSON, of the mart's rows in the plan."""
        found = self._warehouse.exec_driver_sql(
            f"select {row_key_of(mart)}::text from load_plan"
            f" where table_name = %(mart)s and {condition} order by 1",
            {"mart": mart.name},
        )
        return [row[0] for row in found]

    def _set(self, mart: Mart, keys: Sequence[str], state: str | None, was: str | None) -> None:
        with self._run.engine.begin() as ledger:
            named = {
                "target": self._target.name,
                "mart": mart.name,
                "keys": list(keys),
                "state": state,
                "was": was,
                "run": self._run.run_id,
            }
            these = (
                " where state.target = :target and state.table_name = :mart"
                " and state.row_key = any(cast(:keys as jsonb[]))"
                " and state.removed is not distinct from :was"
            )
            if state == "deleted":
                ledger.execute(
                    text(
                        "delete from ops.id_map as known using ops.row_state as state"
                        f"{these} and known.target = state.target"
                        " and known.entity = state.table_name"
                        " and known._sonar_key = state._sonar_key"
                    ),
                    named,
                )
            ledger.execute(
                text(
                    "update ops.row_state as state set removed = :state,"
                    " run_id = case when :state in ('deleted', 'flagged') then coalesce(("
                    "  select image.run_id from ops.pre_image as image"
                    "  where image.target = state.target and image.table_name = state.table_name"
                    "  and image.row_key = state.row_key order by image.taken_at desc limit 1"
                    " ), :run) else state.run_id end, changed_at = clock_timestamp()"
                    f"{these}"
                ),
                named,
            )

    def _delete(self) -> None:
        marked = [mart for mart in self._manifest.marts if mart.on_delete.rule == "delete"]
        wanted = {mart.name: self._keys(mart, f"class = '{DELETE}'") for mart in marked}
        if not any(wanted.values()):
            return
        for mart in marked:
            if wanted[mart.name]:
                self._set(mart, wanted[mart.name], "intended", was=None)
        with self._run.engine.connect() as warehouse, read_facts.snapshot(self._splynx) as there:
            scope = Scope(warehouse, self._manifest, self._target, self._run.run_id, REMOVED_ROWS)
            keys = foreign_keys(there)
            scope.compare(there, self._tables)
            scope.link(there, edges(self._manifest, keys), primary_keys(there))
            undo = Undo(self._splynx, self._tables, keys, Images(self._run, self._target))
            try:
                for number in range(len(scopes(self._manifest))):
                    for first, last in scope.batches(number, _ROWS):
                        self._take_out(scope, undo, number, first, last)
            finally:
                undo.close()
            self._result.kept += [
                replace(kept, reason=kept.reason.replace("is not of this run", "stays"))
                for kept, _ in scope.kept()
            ]
        for mart in marked:  # what stays is as it was
            self._set(mart, wanted[mart.name], None, was="intended")

    def _take_out(self, scope: Scope, undo: Undo, number: int, first: str, last: str) -> None:
        """Delete whole clusters; where a row stays, what is left of them is tried again."""
        while rows := scope.rows(number, first, last):
            try:
                undo.undo([row for _, row in rows])
            except Stays as stays:
                scope.stay([stays.row.number], stays.reason)
            except RefusedAll as refused:
                clusters = sorted({cluster for cluster, _ in rows})
                if len(clusters) == 1:
                    reason = f"Splynx refuses (error {refused.code})"
                    scope.stay([row.number for _, row in rows], reason)
                    return
                for cluster in clusters:
                    self._take_out(scope, undo, number, cluster, cluster)
                return
            else:
                self._deleted(scope, [row for _, row in rows])
                return

    def _deleted(self, scope: Scope, rows: Sequence[Written]) -> None:
        names = {row.mart.name for row in rows}
        done = scope.undone([row.number for row in rows])
        for mart in self._manifest.marts:
            if mart.name in names:
                keys = self._row_keys(mart, [key for table, key, _ in done if table == mart.name])
                self._set(mart, keys, "deleted", was="intended")
        self._result.deleted += len(done)

    def _row_keys(self, mart: Mart, sonar_keys: Sequence[str]) -> list[str]:
        with self._run.engine.connect() as ledger:
            found = ledger.execute(
                text(
                    "select row_key::text from ops.row_state where target = :target"
                    " and table_name = :mart and _sonar_key = any(:keys)"
                ),
                {"target": self._target.name, "mart": mart.name, "keys": list(sonar_keys)},
            )
            return [row[0] for row in found]

    def _flag(self, mart: Mart) -> None:
        """Write the mark into rows one by one, as an update of that column."""
        keys = self._keys(mart, f"class = '{FLAG}'")
        if not keys:
            return
        ledger = intents.Ledger(self._run, self._manifest, self._target)
        images = Images(self._run, self._target)
        writer = Writer(self._splynx, self._manifest, self._tables, images)
        try:
            for row in self._flagged(mart):
                if row.new_hash == row.old_hash:
                    continue  # an earlier load had done it
                ledger.intend([row])
                try:
                    kept = writer.write([Cluster(row.cluster, (row,))])
                except Refused as refused:
                    ledger.drop([row])
                    reason = f"Splynx refuses (error {refused.code})"
                    self._result.kept.append(Kept(mart.name, row.sonar_key, reason))
                    continue
                if kept:
                    ledger.drop([row])
                    self._result.kept.append(Kept(mart.name, row.sonar_key, "edited since"))
                    continue
                ledger.confirm([row])
                self._result.flagged += 1
        finally:
            writer.close()
        stayed = {kept.sonar_key for kept in self._result.kept if kept.table == mart.name}
        names = [
            row[0]
            for row in self._warehouse.execute(
                text(
                    "select recorded_as from load_plan where table_name = :mart and class = :class"
                ),
                {"mart": mart.name, "class": FLAG},
            )
            if row[0] not in stayed
        ]
        self._set(mart, self._row_keys(mart, names), "flagged", was=None)

    def _flagged(self, mart: Mart) -> Iterator[Row]:
        """Yield the rows as they are in the target, with the mark."""
        facts = self._tables[mart.name].columns
        names = [column.name for column in mart.columns]
        mark_at = names.index(str(mart.on_delete.column))
        rows = self._warehouse.execute(
            text(
                "select recorded_as, _customer_key, key, shown, written_base::text from load_plan"
                " where table_name = :mart and class = :class order by recorded_as"
            ),
            {"mart": mart.name, "class": FLAG},
        ).all()
        texts = ", ".join(target_texts(mart))
        where = " and ".join(f"{my_name(name)} = %s" for name in mart.key)
        for row in rows:
            name, customer, key, shown, base = (row[i] for i in range(5))
            bound = tuple(
                key_value(value, facts[column])
                for column, value in zip(mart.key, key.split("\x1f"), strict=True)
            )
            with self._splynx.connect() as connection:
                found = connection.exec_driver_sql(
                    f"select {texts} from {my_name(mart.name)} where {where}", bound
                ).first()
            if found is None:
                continue
            values = [None if value is None else str(value) for value in found]
            values[mark_at] = mart.on_delete.value
            hashed, crc = self._hashed(mart, values)
            yield Row(
                mart, name, customer, customer or name, tuple(values), hashed, shown, crc, base
            )

    def _hashed(self, mart: Mart, values: Sequence[str | None]) -> tuple[str, int | None]:
        line = "array_to_string(cast(%(texts)s as text[]), chr(31), chr(30))"
        crc = mart_crc(line) if knows_crc(self._warehouse) else "null::bigint"
        found = self._warehouse.exec_driver_sql(
            f"select {hash_of_line(mart, line)}, {crc}", {"texts": list(values)}
        ).one()
        return str(found[0]), found[1]
