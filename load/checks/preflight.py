"""What must hold before the first write. Each check refuses with exit code 3 and writes nothing."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, text

from load.checks import contract
from load.checks.extents import extents
from load.mysql import read_facts
from load.mysql.session import MODES
from load.planning.plan import Plan
from load.planning.row_hash import pg_relation
from load.target.facts import TableFacts
from load.target.targets import Target, stored_facts
from runtime import standing
from runtime.errors import ConfigError, GateFailed
from runtime.fingerprint import fingerprint
from runtime.manifest import Manifest, Mart

_NAMED = 5
_CROSSWALK = "intermediate.int_crosswalk"


def _some(items: list[str]) -> str:
    more = f" … and {len(items) - _NAMED} more" if len(items) > _NAMED else ""
    return "; ".join(items[:_NAMED]) + more


def marts_are_built(warehouse: Connection, manifest: Manifest) -> None:
    """Refuse as a matter of configuration when dbt has not built a mart."""
    relations = {pg_relation(mart): mart for mart in manifest.marts}
    missing = warehouse.execute(
        text(
            "select name from unnest(cast(:relations as text[])) with ordinality as asked (name, n)"
            " where to_regclass(name) is null order by n limit 1"
        ),
        {"relations": list(relations)},
    ).scalar_one_or_none()
    if missing is not None:
        raise ConfigError(
            f"{relations[missing].relation} does not exist: run `make transform` first"
        )


def facts_unchanged(
    warehouse: Connection, splynx: Connection, manifest: Manifest, target: Target
) -> dict[str, TableFacts]:
    """Return the live facts of the marts' tables, which must be those that were inspected.

    Raises:
        GateFailed: a table, column or key is not as the inspection saw it.
    """
    inspected = stored_facts(warehouse, target)
    live = read_facts.table_facts(splynx, [mart.name for mart in manifest.marts])
    changed = sorted(
        name for name in inspected.keys() | live.keys() if inspected.get(name) != live.get(name)
    )
    if changed:
        raise GateFailed(
            f"the target changed since it was inspected ({', '.join(changed)}): "
            "run `make inspect`, then transform and accept again",
            report={"changed_tables": changed},
        )
    return live


def contract_holds(
    warehouse: Connection, manifest: Manifest, tables: Mapping[str, TableFacts]
) -> None:
    """Refuse when the marts do not fit the target; the report lists every problem."""
    found = contract.problems(manifest, tables, extents(warehouse, manifest, tables))
    if found:
        raise GateFailed(
            f"the marts do not fit the target in {len(found)} places: {_some(found)}",
            report={"contract": found},
        )


def keys_are_sound(warehouse: Connection, manifest: Manifest) -> None:
    """Refuse marts whose bookkeeping keys are missing or repeated: rows could not be told apart."""
    found: list[str] = []
    for mart in manifest.marts:
        found.extend(f"{mart.name}: {problem}" for problem in _key_problems(warehouse, mart))
    if found:
        raise GateFailed(f"keys of the marts are unsound: {_some(found)}", report={"keys": found})


def _key_problems(warehouse: Connection, mart: Mart) -> list[str]:
    customer = "count(*) - count(_customer_key)" if mart.group == "customer" else "0"
    found = warehouse.exec_driver_sql(
        f"select count(*), count(distinct _sonar_key), {customer} from {pg_relation(mart)}", {}
    ).one()
    rows, keys, without_customer = (int(value) for value in found)
    problems = []
    if keys != rows:
        problems.append(f"{rows - keys} rows with a missing or repeated _sonar_key")
    if without_customer:
        problems.append(f"{without_customer} rows without _customer_key")
    return problems


def accepted(warehouse: Connection, manifest: Manifest, target: Target) -> Mapping[str, int]:
    """Refuse unless exactly this build was accepted for this target, from one whole extraction.

    Returns how many rows the marts have, where that is known without reading them.
    """
    row = warehouse.execute(
        text(
            "select target, verdict, fingerprint, extraction_run_id, standing from ops.acceptance"
            " order by decided_at desc limit 1"
        )
    ).first()
    if row is None:
        raise GateFailed("nothing was accepted yet: run `make accept`")
    if row[1] != "accepted":
        raise GateFailed("the last acceptance refused this build: read its findings, mend, accept")
    if row[0] != target.name:
        raise GateFailed(
            f"accepted for {row[0]}, the current target is {target.name}: "
            "transform and accept again"
        )
    stands = standing.stands(warehouse, manifest, row[4])
    if not stands and row[2] != fingerprint(warehouse, manifest).value:
        raise GateFailed(
            "the marts are not the ones that were accepted (fingerprint differs): run `make accept`"
        )
    _extraction_whole(warehouse, manifest, row[3])
    _ids_planned_for(warehouse, target)
    return {name: int(rows) for name, rows in row[4]["rows"].items()} if stands else {}


def _ids_planned_for(warehouse: Connection, target: Target) -> None:
    """Refuse when the crosswalk has planned ids, but none for this target."""
    if warehouse.execute(text(f"select to_regclass('{_CROSSWALK}')")).scalar() is None:
        return  # marts that need no planned ids
    planned = warehouse.execute(
        text(
            f"select exists (select from {_CROSSWALK}),"
            f" exists (select from {_CROSSWALK} where target = :target)"
        ),
        {"target": target.name},
    ).one()
    if planned[0] and not planned[1]:
        raise GateFailed(
            f"ids were planned for another target than {target.name}: run `make transform`, "
            "then accept again"
        )


def _extraction_whole(warehouse: Connection, manifest: Manifest, run_id: str) -> None:
    wanted = sorted({name for mart in manifest.marts for name in mart.collections})
    found = warehouse.execute(
        text(
            "select collection from ops.extract_ledger where run_id = :run_id"
            " and state = 'complete' and grade in ('proven', 'counted', 'whole')"
        ),
        {"run_id": run_id},
    )
    missing = sorted(set(wanted) - {row[0] for row in found})
    if missing:
        raise GateFailed(
            f"extraction {run_id} is not complete for: {', '.join(missing)}; "
            "run `make extract` and the stages after it again",
            report={"incomplete": missing},
        )


def session_is_strict(splynx: Connection) -> None:
    """Refuse when the server did not take our session modes: it would cut what is too long."""
    modes = set(str(splynx.exec_driver_sql("select @@session.sql_mode").scalar_one()).split(","))
    if not set(MODES) <= modes or modes & {
        "NO_ZERO_DATE",
        "NO_ZERO_IN_DATE",
        "NO_BACKSLASH_ESCAPES",
    }:
        raise GateFailed(
            "the Splynx server does not keep the session's sql_mode: is there a proxy in between?"
        )


def plan_is_clean(plan: Plan) -> None:
    """Refuse collisions, moved ids, and a target that lost what our rows need or all that we wrote.

    What is lost is said first: where it took its links with it, they seem to be all gone.
    """
    found = [str(clash) for clash in plan.clashes]
    for table in plan.tables:
        count = table.counts
        if moved := count.get("rekeyed", 0):
            found.append(
                f"{table.table}: the planned id of {moved} loaded rows has changed; go on with the "
                "warehouse that they were loaded from, or load into a fresh or restored target "
                "(`make inspect NEW_EPOCH=1`)"
            )
        if reshaped := count.get("reshaped", 0):
            found.append(
                f"{table.table}: {reshaped} rows were written when the mart had other columns, "
                "and which is not known any more; "
                "load into a fresh or restored target (`make inspect NEW_EPOCH=1`)"
            )
        ours = sum(
            count.get(name, 0)
            for name in ("unchanged", "update", "edited", "conflict", "reshaped", "outside")
        )
        if (lost := count.get("vanished", 0)) and not ours:
            found.append(
                f"{table.table}: all {lost} rows that we wrote are gone; if the target was "
                "restored or reset, open a new epoch: `make inspect NEW_EPOCH=1`"
            )
    if plan.lost:
        needed = [str(reference) for reference in plan.lost]
        raise GateFailed(_some(needed + found), report={"lost": needed, "collisions": found})
    if found:
        raise GateFailed(
            f"{len(found)} collisions with what the target holds: {_some(found)}",
            report={"collisions": found},
        )


def no_remaps(plan: Plan) -> None:
    """Refuse when the operator wants every record under its own id and somebody else has one."""
    if plan.remaps:
        found = [str(remap) for remap in plan.remaps]
        raise GateFailed(
            f"{len(found)} records would get a new id: {_some(found)}", report={"remaps": found}
        )


def no_conflicts(plan: Plan) -> None:
    """Refuse when the operator wants no load while staff and Sonar changed the same columns."""
    if rows := plan.count("conflict"):
        found = [str(conflict) for conflict in plan.conflicts]
        raise GateFailed(
            f"staff and Sonar changed the same columns of {rows} rows: {_some(found)}",
            report={"conflicts": found},
        )
