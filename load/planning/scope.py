"""What the operator chose to load: some customers, without some tables, or what is in quarantine.

Everything else stays as it is in the target, and a later load without the choice brings it.
`ops.choice` and `ops.chosen` say what the load was of. By MySQL nothing else is read
(`load.planning.excerpt`); by REST, and of tables that are left out, `ops.not_selected` keeps what
would have been written. Rows that are gone are acted on only where their customer is chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from load.planning.closure import Closure, relatives
from load.planning.excerpt import Excerpt, cut, name_customers
from load.planning.plan import edges
from load.planning.row_hash import pg_name, pg_relation
from load.target.targets import Target
from runtime.errors import ConfigError, GateFailed
from runtime.manifest import Manifest, Mart
from runtime.run_ledger import Run

_NAMED = 10
_STATUS = "status"


@dataclass(frozen=True, slots=True)
class Scope:
    """What is to be loaded; without any choice, everything.

    `accounts` are Sonar's, `status` is the target's word. All choices of customers hold together;
    of what is left, `limit` takes the first by id. `quarantined`: only what the target refused.
    """

    accounts: tuple[str, ...] = ()
    limit: int | None = None
    status: tuple[str, ...] = ()
    skip_tables: tuple[str, ...] = ()
    quarantined: bool = False

    @property
    def chooses_rows(self) -> bool:
        """Whether only some customers or rows are wanted."""
        return bool(self.accounts or self.status or self.limit is not None or self.quarantined)

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return not (self.chooses_rows or self.skip_tables)

    def __str__(self) -> str:
        """Say the choice as the operator wrote it."""
        parts = [
            "accounts " + ",".join(self.accounts) if self.accounts else "",
            "status " + ",".join(self.status) if self.status else "",
            f"the first {self.limit}" if self.limit is not None else "",
            "what is in quarantine" if self.quarantined else "",
            "without " + ",".join(self.skip_tables) if self.skip_tables else "",
        ]
        return "; ".join(part for part in parts if part) or "everything"


EVERYTHING = Scope()


def listed(names: str | None) -> tuple[str, ...]:
    """Return the names of a list as operators write it, with commas or blanks between; sorted."""
    return tuple(sorted(set((names or "").replace(",", " ").split())))


def customers_of(manifest: Manifest) -> Mart:
    """Return the mart of the customers themselves: of their group, it leads to no other mart.

    Raises:
        ConfigError: there is none, or several.
    """
    groups = {mart.name: mart.group for mart in manifest.marts}
    found = [
        mart
        for mart in manifest.marts
        if mart.group == "customer"
        and not any(
            groups[r.to_mart] == "customer" and r.to_mart != mart.name for r in mart.references
        )
    ]
    if len(found) != 1:
        raise ConfigError("customers cannot be chosen: no mart, or several, are of customers alone")
    return found[0]


def select(warehouse: Connection, manifest: Manifest, target: Target, scope: Scope) -> None:
    """Take everything out of `load_plan` that was not chosen.

    Raises:
        ConfigError: an account, a status or a table that is not there.
        GateFailed: a table that is to be written needs rows of one that is to be skipped.
    """
    _tables_exist(manifest, scope)
    if scope.chooses_rows:
        customers, rows = _wanted(warehouse, manifest, target, scope)
        joined = ((one, other) for kind, one, other in edges(warehouse, manifest)
                  if kind == "customer")  # fmt: skip
        chosen = sorted(relatives(customers, joined))
        Closure(warehouse, manifest).choose(chosen, rows)
        name_customers(warehouse, chosen)
        warehouse.exec_driver_sql("analyze load_chosen")
        warehouse.execute(
            text(
                "update load_plan as plan set merged = false, class = case"
                " when mart_hash is null then 'gone_unselected' else 'not_selected' end"
                " where class not in ('unchanged', 'edited', 'vanished', 'rekeyed', 'reshaped')"
                " and not (mart_hash is null and coalesce(_customer_key = any(:customers), false))"
                " and not exists (select from load_chosen as chosen"
                "  where chosen.table_name = plan.table_name"
                "  and chosen._sonar_key = plan._sonar_key)"
            ),
            {"customers": chosen},
        )
    skip(warehouse, manifest, scope)


def skip(warehouse: Connection, manifest: Manifest, scope: Scope) -> None:
    """Take the tables that are to be left out out of `load_plan`.

    Raises:
        GateFailed: a table that is to be written needs their rows.
    """
    if scope.skip_tables:
        warehouse.execute(
            text(
                "update load_plan set merged = false, class = case"
                " when mart_hash is null then 'gone_unselected' else 'not_selected' end"
                " where class not in ('unchanged', 'edited', 'vanished', 'rekeyed', 'reshaped')"
                " and table_name = any(:skipped)"
            ),
            {"skipped": list(scope.skip_tables)},
        )
        _nothing_needs(warehouse, manifest, scope.skip_tables)


def excerpt(
    warehouse: Connection,
    manifest: Manifest,
    target: Target,
    scope: Scope,
    known: Mapping[str, int],
) -> Excerpt | None:
    """Return the marts with nothing but what was chosen; None where all rows are wanted.

    `known` are the rows of marts that need not be counted.

    Raises:
        ConfigError: an account, a status or a table that is not there.
    """
    _tables_exist(manifest, scope)
    if not scope.chooses_rows:
        return None
    customers, rows = _wanted(warehouse, manifest, target, scope)
    return cut(warehouse, manifest, target, customers, rows, known)


def records(warehouse: Connection) -> list[tuple[str, str]]:
    """Return (table, record) of an excerpt; `warehouse` is the connection that it was made on."""
    found = warehouse.exec_driver_sql("select table_name, _sonar_key from load_chosen")
    return [(str(row[0]), str(row[1])) for row in found]


def _tables_exist(manifest: Manifest, scope: Scope) -> None:
    names = {mart.name for mart in manifest.marts}
    if unknown := [name for name in scope.skip_tables if name not in names]:
        raise ConfigError(f"SKIP_TABLES: no mart is named {', '.join(unknown)} (make plan)")


def _wanted(
    warehouse: Connection, manifest: Manifest, target: Target, scope: Scope
) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the customers that were asked for, and rows of no customer."""
    if scope.quarantined:
        found = _quarantined(warehouse, target)
        customers = {row[2] for row in found if row[2] is not None}
        of_customers = {mart.name for mart in manifest.marts if mart.group == "customer"}
        return sorted(customers), [(row[0], row[1]) for row in found if row[0] not in of_customers]
    mart = customers_of(manifest)
    conditions = ["true"]
    if scope.accounts:
        _known(warehouse, mart, "_customer_key", "ACCOUNTS", scope.accounts)
        conditions.append("_customer_key = any(:accounts)")
    if scope.status:
        if _STATUS not in {column.name for column in mart.columns}:
            raise ConfigError(f"STATUS: {mart.name} has no column {_STATUS}")
        _known(warehouse, mart, _STATUS, "STATUS", scope.status)
        conditions.append(f"{_STATUS} = any(:status)")
    order = ", ".join(pg_name(name) for name in mart.key)
    rows = warehouse.execute(
        text(
            f"select _customer_key from {pg_relation(mart)} where {' and '.join(conditions)}"
            f" order by {order} limit :most"
        ),
        {"accounts": list(scope.accounts), "status": list(scope.status), "most": scope.limit},
    )
    return [row[0] for row in rows], []


def _known(
    warehouse: Connection, mart: Mart, column: str, option: str, values: Sequence[str]
) -> None:
    """Refuse values that no customer has."""
    rows = warehouse.execute(
        text(
            f"select distinct {column}::text from {pg_relation(mart)}"
            f" where {column}::text = any(:values)"
        ),
        {"values": list(values)},
    )
    missing = sorted(set(values) - {row[0] for row in rows})
    if missing:
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        raise ConfigError(
            f"{option}: no customer to load has {', '.join(missing[:_NAMED])}{more}: mistyped, or "
            f"rejected or left out by a rule (make report); see {mart.relation}"
        )


def _quarantined(warehouse: Connection, target: Target) -> list[tuple[str, str, str | None]]:
    """Return (table, record, customer) of rows whose latest word is a refusal, not a write."""
    rows = warehouse.execute(
        text(
            "select distinct table_name, _sonar_key, _customer_key from ops.refusal as refusal"
            " where target = :target and not exists (select from ops.row_state as state"
            "  where state.target = refusal.target and state.table_name = refusal.table_name"
            "  and state._sonar_key = refusal._sonar_key and state.state = 'written'"
            "  and state.changed_at > refusal.refused_at)"
        ),
        {"target": target.name},
    )
    return [(row[0], row[1], row[2]) for row in rows]


def _nothing_needs(warehouse: Connection, manifest: Manifest, skipped: Sequence[str]) -> None:
    """Refuse when rows to write lead to rows that are skipped and not in the target."""
    found: list[str] = []
    for mart in manifest.marts:
        for reference in mart.references:
            if mart.name in skipped or reference.to_mart not in skipped:
                continue
            other = manifest.mart(reference.to_mart)
            rows: int = warehouse.exec_driver_sql(
                f"""
                select count(*) from load_plan as plan
                join {pg_relation(mart)} as child on child._sonar_key = plan._sonar_key
                join {pg_relation(other)} as parent
                    on parent.{pg_name(reference.to_column)} = child.{pg_name(reference.column)}
                join load_plan as needed on needed.table_name = %(other)s
                    and needed._sonar_key = parent._sonar_key
                    and needed.class = 'not_selected' and needed.shown is null
                where plan.table_name = %(mart)s
                    and (plan.class in ('insert', 'update') or plan.merged)
                """,
                {"mart": mart.name, "other": other.name},
            ).scalar_one()
            if rows:
                found.append(f"{mart.name}.{reference.column} needs {other.name} ({rows} rows)")
    if found:
        raise GateFailed(
            f"SKIP_TABLES leaves out what other tables need: {'; '.join(found)}",
            report={"skipped": found},
        )


def keep_record(run: Run, warehouse: Connection, target: Target, scope: Scope = EVERYTHING) -> None:
    """Write down what this load is of and leaves out, in place of what an earlier one did.

    `warehouse` is the connection that made the plan; it commits.
    """
    named = {"target": target.name, "run_id": run.run_id}
    for table in ("not_selected", "choice", "chosen"):
        warehouse.execute(text(f"delete from ops.{table} where target = :target"), named)
    if scope.chooses_rows:
        warehouse.execute(
            text(
                "insert into ops.choice (target, run_id, scope, customers)"
                " select :target, :run_id, :scope, array(select key from load_customers)"
            ),
            {**named, "scope": str(scope)},
        )
        warehouse.execute(
            text(
                "insert into ops.chosen (target, table_name, _sonar_key)"
                " select distinct :target, table_name, _sonar_key from load_chosen"
            ),
            named,
        )
    warehouse.execute(
        text(
            "insert into ops.not_selected (target, table_name, _sonar_key, run_id)"
            " select :target, table_name, _sonar_key, :run_id from load_plan"
            " where class = 'not_selected'"
        ),
        named,
    )
    warehouse.commit()
