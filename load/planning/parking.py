"""Rows that a load by MySQL leaves to the API, taken out of its plan (`load_plan`).

`parked` is a row of a table that goes by the API, a row that leads to one which is not in Splynx,
and a row that the API created and that has changed since: its columns are only partly ours, so
what created it also changes it. A row that the API created and that has not changed is unchanged.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import groupby

from sqlalchemy import Connection, text

from load.planning.plan import Plan
from load.planning.row_hash import pg_name, pg_relation
from load.rest.intents import keep_refused
from load.rest.planning import make_plan
from load.rest.shape_meta import read_shapes
from load.target.targets import Target
from runtime.errors import GateFailed
from runtime.manifest import Manifest, Mart, Reference
from runtime.run_ledger import Run

PARKED = "parked"
_REASON = "only the API can place it: load with ROUTE=hybrid"
_NAMED = 5
_CHANGED = "('insert', 'update', 'impossible', 'waiting')"


def ids_are_known(
    warehouse: Connection, manifest: Manifest, target: Target, mysql: Collection[str]
) -> None:
    """Refuse while marts hold planned ids of rows to which the API has given others.

    Raises:
        GateFailed: a table that is to be written by MySQL has such ids, or leads to them.
    """
    needed = set(mysql)
    for mart in manifest.marts:
        if mart.name in mysql:
            needed |= {reference.to_mart for reference in mart.references}
    found = []
    for mart in manifest.marts:
        if mart.name not in needed or mart.key != ("id",):
            continue
        rows: int = warehouse.execute(
            text(
                f"select count(*) from {pg_relation(mart)} as mart join ops.id_map as ids"
                " on ids.target = :target and ids.entity = :mart"
                " and ids._sonar_key = mart._sonar_key where ids.target_id <> mart.id"
            ),
            {"target": target.name, "mart": mart.name},
        ).scalar_one()
        if rows:
            found.append(f"{mart.name} ({rows})")
    if found:
        raise GateFailed(
            "Splynx has given other ids to rows than the marts plan: "
            f"{', '.join(found[:_NAMED])}; run `make transform` and `make accept`, "
            "which take them over, then load again",
            report={"ids": found},
        )


def no_open_creations(
    warehouse: Connection, manifest: Manifest, target: Target, mysql: Collection[str] | None
) -> None:
    """Refuse while the API may have created rows of which nobody knows: they would come twice.

    Only tables of `mysql` count, where others go over the API next; None: all count.

    Raises:
        GateFailed: a load over the API was interrupted and has to be started again first.
    """
    names = {mart.name for mart in manifest.marts}
    elsewhere = set() if mysql is None else names - set(mysql)
    rows = warehouse.execute(
        text(
            "select state.table_name, count(*) from ops.row_state as state"
            " where state.target = :target and state.state = 'intended'"
            " and state.by_api and state.row_key ->> 'id' is null"
            " and state.row_key ? 'id' and state.table_name <> all(:elsewhere)"
            " group by 1 order by 1"
        ),
        {"target": target.name, "elsewhere": sorted(elsewhere)},
    ).all()
    if rows:
        found = [f"{row[0]} ({row[1]})" for row in rows]
        raise GateFailed(
            f"a load over the API was interrupted and left creations open: "
            f"{', '.join(found[:_NAMED])}; start it again first (`make load ROUTE=rest`), "
            "which looks each of them up",
            report={"open": found},
        )


def name_parts(run: Run, manifest: Manifest, target: Target, mysql: Collection[str]) -> None:
    """Record the keys of rows that travelled inside others: the API told only the others' ids."""
    for mart in manifest.marts:
        if mart.name not in mysql or "in" not in mart.rest:
            continue
        pairs: list[str] = [f"'{name}', mart.{pg_name(name)}::text" for name in mart.key]
        key = ", ".join(pairs)
        with run.engine.begin() as ledger:
            ledger.execute(
                text(
                    f"update ops.row_state as state set row_key = jsonb_build_object({key})"
                    f" from {pg_relation(mart)} as mart where state.target = :target"
                    " and state.table_name = :mart and state._sonar_key = mart._sonar_key"
                    " and state.by_api and state.state = 'written'"
                    f" and state.row_key is distinct from jsonb_build_object({key})"
                ),
                {"target": target.name, "mart": mart.name},
            )


class Parking:
    """What is left to the API; `warehouse` is the connection that makes the plan.

    `whole` is the manifest whose marts other connections can read.
    """

    def __init__(
        self, warehouse: Connection, manifest: Manifest, target: Target, whole: Manifest
    ) -> None:
        self._warehouse = warehouse
        self._manifest = manifest
        self._target = target
        self._whole = whole

    def park(self, mysql: Collection[str]) -> dict[str, int]:
        """Take out what does not go by MySQL; return how many rows the tables left out have."""
        made = self._made_by_the_api(mysql)
        rows = {m.name: self._enter(m) for m in self._manifest.marts if m.name not in mysql}
        # what was compared is in the children of `load_plan`, what was entered is in itself
        self._park_what_leads_to_parked(mysql, "load_plan" if made else "only load_plan")
        return rows

    def _made_by_the_api(self, mysql: Collection[str]) -> bool:
        """Class rows that the API created: as it last left them, or for it to go on with.

        Returns whether there are any.
        """
        known = self._warehouse.execute(
            text(
                "select distinct table_name from ops.row_state as state where target = :target"
                " and state.by_api and table_name = any(:mysql)"
            ),
            {"target": self._target.name, "mysql": sorted(mysql)},
        )
        tables: list[str] = sorted(str(row[0]) for row in known)
        if not tables:
            return False
        changed = self._changed()
        self._warehouse.execute(
            text(
                "update load_plan as plan set class = case when exists ("
                "  select from unnest(cast(:tables as text[]), cast(:keys as text[]))"
                "  as row (table_name, key) where row.table_name = plan.table_name"
                "  and row.key = plan._sonar_key) then 'parked' else 'unchanged' end"
                " from ops.row_state as state where state.target = :target"
                " and state.table_name = plan.table_name and state._sonar_key = plan._sonar_key"
                " and state.by_api and plan.mart_hash is not null"
            ),
            {
                "target": self._target.name,
                "tables": [table for table, _ in changed],
                "keys": [key for _, key in changed],
            },
        )
        for mart in self._manifest.marts:
            if mart.name in mysql:
                self._what_comes_with(mart, tables)
        return True

    def _changed(self) -> list[tuple[str, str]]:
        """Return (table, record) of rows that the API created and that are not as it was sent."""
        with self._warehouse.engine.connect() as other:
            make_plan(other, self._whole, read_shapes(self._whole), self._target)
            rows = other.execute(
                text(
                    f"select table_name, _sonar_key from load_plan where class in {_CHANGED}"
                    " and split_part(written_hash, chr(58), 2) = 'rest'"
                )
            )
            return [(row[0], row[1]) for row in rows]

    def _what_comes_with(self, mart: Mart, created: Collection[str]) -> None:
        """Park new rows that travel with, or are made with, a row of `created` by the API."""
        holders = {str(mart.rest["in"])} if "in" in mart.rest else set()
        holders |= {str(made["by"]) for made in mart.rest.get("made", ())}
        for reference in mart.references:
            if reference.to_mart in holders.intersection(created):
                other = self._manifest.mart(reference.to_mart)
                self._warehouse.execute(
                    text(
                        "update load_plan as plan set class = 'parked'"
                        f" from {pg_relation(mart)} as child, {pg_relation(other)} as holder,"
                        " ops.row_state as state"
                        " where plan.table_name = :mart and plan.class in ('insert', 'collision')"
                        " and child._sonar_key = plan._sonar_key"
                        f" and holder.{pg_name(reference.to_column)}"
                        f" = child.{pg_name(reference.column)}"
                        " and state.target = :target and state.table_name = :holder"
                        " and state._sonar_key = holder._sonar_key"
                        " and state.by_api"
                    ),
                    {"mart": mart.name, "holder": other.name, "target": self._target.name},
                )

    def _enter(self, mart: Mart) -> int:
        """Enter the rows of a table that goes by the API and are not in Splynx yet."""
        customer = "mart._customer_key" if mart.group == "customer" else "null::text"
        self._warehouse.execute(
            text(
                "insert into load_plan (table_name, _sonar_key, _customer_key, cluster, mart_hash,"
                " class, merged)"
                f" select :mart, mart._sonar_key, {customer},"
                f" coalesce({customer}, mart._sonar_key), '', 'parked', false"
                f" from {pg_relation(mart)} as mart where not exists ("
                "  select from ops.row_state as state where state.target = :target"
                "  and state.table_name = :mart and state._sonar_key = mart._sonar_key"
                "  and state.state = 'written')"
            ),
            {"mart": mart.name, "target": self._target.name},
        )
        counted = self._warehouse.exec_driver_sql(f"select count(*) from {pg_relation(mart)}", {})
        return int(counted.scalar_one())

    def _park_what_leads_to_parked(self, mysql: Collection[str], places: str) -> None:
        """Park rows that lead to a parked one which is not in Splynx; parents come first.

        Tables that nobody parked anything of are not looked at: usually that is all of them.
        """
        parked: set[str] = set(
            self._warehouse.exec_driver_sql(
                f"select distinct table_name from {places} where class = 'parked' and shown is null"
            ).scalars()
        )
        if parked:  # of what is joined: statistics of all columns take as long as the comparison
            self._warehouse.exec_driver_sql("analyze load_plan (table_name, class, _sonar_key)")
        for mart in self._manifest.marts:
            if mart.name not in mysql:
                continue
            for reference in mart.references:
                other = reference.to_mart
                leads = reference.orders and other != mart.name and other in parked
                if leads and self._leads_to_parked(mart, reference):
                    parked.add(mart.name)

    def _leads_to_parked(self, mart: Mart, reference: Reference) -> int:
        """Park the rows of one reference; return how many."""
        parent = self._manifest.mart(reference.to_mart)
        return self._warehouse.execute(
            text(
                "update load_plan as plan set class = 'parked'"
                f" from {pg_relation(mart)} as child, {pg_relation(parent)} as parent,"
                " load_plan as needed"
                " where plan.table_name = :mart and plan.class in ('insert', 'update')"
                " and child._sonar_key = plan._sonar_key"
                f" and parent.{pg_name(reference.to_column)} = child.{pg_name(reference.column)}"
                " and needed.table_name = :parent and needed._sonar_key = parent._sonar_key"
                " and needed.class = 'parked' and needed.shown is null"
            ),
            {"mart": mart.name, "parent": parent.name},
        ).rowcount


def keep_record(run: Run, warehouse: Connection, target: Target) -> None:
    """Write down which rows were left to the API, with the refused ones; commits."""
    found = warehouse.execute(
        text(
            "select table_name, _sonar_key, _customer_key from load_plan"
            " where class = 'parked' order by 1, 2"
        )
    ).all()
    with run.engine.begin() as ledger:
        for table, rows in groupby(found, key=lambda row: str(row[0])):
            keys = [(row[1], row[2]) for row in rows]
            keep_refused(ledger, run, target, table, keys, _REASON)


def lines(plan: Plan) -> list[str]:
    """Return a line for each table with rows that were left to the API."""
    return [
        f"{table.table}: {table.counts[PARKED]} rows parked: {_REASON}"
        for table in plan.tables
        if table.counts.get(PARKED)
    ]
