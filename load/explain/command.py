"""Put an explanation together, and print it."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection, text

from load.explain import live
from load.explain.facts import Explanation, Row
from load.explain.gates import findings_of, gate_of, statement_of
from load.explain.records import decisions_naming, records_of, summary
from load.explain.rows import Asked, rows_of
from load.planning.scope import customers_of
from load.target.targets import Target, current
from runtime.errors import ConfigError, GateFailed, TargetError
from runtime.manifest import Manifest
from runtime.settings import (
    ROOT,
    environment,
    rest_target_address,
    splynx_api,
    splynx_db,
)

_DECISIONS = ROOT / "docs" / "mapping-decisions.md"


def _target(warehouse: Connection) -> tuple[Target | None, str]:
    """Return the inspected target, or why there is none to speak of."""
    try:
        return current(warehouse, rest_target_address()), ""
    except (ConfigError, GateFailed) as exc:
        return None, str(exc)


def _held(
    warehouse: Connection, manifest: Manifest, target: Target, rows: list[Row]
) -> tuple[list[Row], str]:
    """Return the rows with what the target holds, and how, or why not, it was read."""
    ids = live.ids_of(warehouse, target, rows, manifest)
    try:
        if "SPLYNX_MYSQL_URL" in environment():
            return live.by_mysql(splynx_db(), manifest, rows, ids), "by its database"
        return live.by_rest(splynx_api(), manifest, rows, ids), "by its API"
    except (ConfigError, TargetError) as exc:
        return rows, f"not read: {exc}"


def _is_written(warehouse: Connection, target: Target | None, customers: str, account: str) -> bool:
    if target is None:
        return False
    found = text(
        "select exists (select from ops.row_state where target = :target and table_name = :table"
        " and _sonar_key = :account and state = 'written' and removed is null)"
    )
    named = {"target": target.name, "table": customers, "account": account}
    return bool(warehouse.execute(found, named).scalar_one())


def explained(warehouse: Connection, manifest: Manifest, asked: Asked) -> Explanation:
    """Return all that is known about an account. Reads the warehouse and the target.

    Raises:
        ConfigError: nothing was transformed, no such account, or no such table.
    """
    names = {mart.name for mart in manifest.marts}
    if unknown := sorted(set(asked.tables) - names):
        raise ConfigError(f"no mart is named {', '.join(unknown)} (make plan lists them)")
    customers = customers_of(manifest)
    decisions = decisions_naming(_DECISIONS.read_text(encoding="utf-8"))
    records = records_of(warehouse, customers, asked.account, decisions)
    target, why = _target(warehouse)
    rows = rows_of(warehouse, manifest, target, asked)
    is_written = _is_written(warehouse, target, customers.name, asked.account)
    found = Explanation(
        account=asked.account,
        target=target.name if target is not None else None,
        summary=summary(asked.account, customers, records, is_written=is_written),
        records=tuple(records),
        rows=tuple(rows),
        gate=gate_of(warehouse, target, records, rows) if target is not None else None,
        findings=tuple(findings_of(warehouse, asked.account)),
        statement=statement_of(warehouse, asked.account),
        target_read=f"not read: {why}",
    )
    if target is None:
        return found
    held, how = _held(warehouse, manifest, target, rows)
    return replace(found, rows=tuple(held), target_read=how)
