"""Lists beside the page: keys of what was left out as CSV, and what the search by account reads.

Keys, reasons, days and amounts only; no personal value. Postgres writes the lists itself, so that
their length does not matter; the index has a short line for each account.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection

from load.report.collect_customers import exists
from load.report.facts import Download
from runtime.manifest import Manifest

_PAGE = 5000
_STILL_REFUSED = """
    from ops.refusal as r where r.target = %(target)s and not exists (
        select from ops.row_state as s where s.target = r.target and s.table_name = r.table_name
        and s._sonar_key = r._sonar_key and s.state = 'written' and s.changed_at > r.refused_at)
"""


@dataclass(frozen=True, slots=True)
class _List:
    """One CSV: the relation that it needs, and the query behind it."""

    needs: str
    query: str


_LISTS: Mapping[str, _List] = {
    "rejected.csv": _List(
        "audit.audit_rejections",
        "select r.entity, r.reason, r.collection, r._sonar_key as key, r._customer_key as account,"
        " s.decision, s.is_signed from audit.audit_rejections as r"
        " left join audit.audit_rejection_summary as s using (entity, reason) order by 1, 2, 3, 4",
    ),
    "quarantined.csv": _List(
        "ops.refusal",
        'select distinct r.table_name as "table", r.cause, r.error_code, r.column_name as "column",'
        f" r._sonar_key as key, r._customer_key as account {_STILL_REFUSED} order by 1, 2, 5",
    ),
    "left-out.csv": _List(
        "audit.audit_record_outcomes",
        "select collection, outcome, reason, _sonar_key as key, _customer_key as account"
        " from audit.audit_record_outcomes where outcome in ('excluded', 'merged')"
        " order by 1, 2, 3, 4",
    ),
    "money.csv": _List(
        "audit.audit_money_position",
        "select _customer_key as account, is_loaded, sonar_balance_cents, splynx_balance_cents,"
        " difference_cents, pending_difference_cents, unexplained_cents, cause"
        " from audit.audit_money_position"
        " where difference_cents <> 0 or pending_difference_cents <> 0 or unexplained_cents <> 0"
        " order by unexplained_cents desc, abs(difference_cents) desc, 1",
    ),
    "access.csv": _List(
        "audit.audit_access_losses",
        "select reason, severity, _sonar_key as key, _customer_key as account"
        " from audit.audit_access_losses order by place, 3",
    ),
    "next-charges.csv": _List(
        "audit.audit_next_charge",
        'select splynx_table as "table", _sonar_key as key, _customer_key as account, sonar_date,'
        " splynx_date, sonar_cents, splynx_cents, cause, is_overdue"
        " from audit.audit_next_charge where cause <> 'same' order by cause, 1, 2",
    ),
    "first-week.csv": _List(
        "audit.audit_first_week_blocks",
        "select _customer_key as account, splynx_blocks_on, sonar_switch_date, late_cents,"
        " reason, difference from audit.audit_first_week_blocks order by 2, 1",
    ),
}

_FIELDS = (
    "account", "outcome", "reason", "Splynx id", "in the target", "balance in Sonar",
    "balance in Splynx", "cause of the difference", "next charge in Sonar",
    "next charge in Splynx", "Splynx blocks on",
)  # fmt: skip
_PARTS: Mapping[str, tuple[str, str, str]] = {  # relation: join, columns, columns without it
    "audit.audit_money_position": (
        " left join audit.audit_money_position as money on money._customer_key = known.account",
        "money.sonar_balance_cents, money.splynx_balance_cents, money.cause",
        "null::bigint, null::bigint, null::text",
    ),
    "audit.audit_next_charge": (
        " left join (select _customer_key, min(sonar_date) as sonar, min(splynx_date) as splynx"
        "  from audit.audit_next_charge group by 1) as charge"
        " on charge._customer_key = known.account",
        "charge.sonar, charge.splynx",
        "null::date, null::date",
    ),
    "audit.audit_first_week_blocks": (
        " left join (select _customer_key, min(splynx_blocks_on) as day"
        "  from audit.audit_first_week_blocks group by 1) as block"
        " on block._customer_key = known.account",
        "block.day",
        "null::date",
    ),
}


def _customers(manifest: Manifest) -> str | None:
    """Return the mart of the customers themselves: of their group, it leads to no other of it."""
    groups = {mart.name: mart.group for mart in manifest.marts}
    return next(
        (
            mart.name
            for mart in manifest.marts
            if mart.group == "customer"
            and not any(
                groups.get(r.to_mart) == "customer" and r.to_mart != mart.name
                for r in mart.references
            )
        ),
        None,
    )


def _accounts(connection: Connection) -> str:
    """Return the query of one line for each account, in the order of `_FIELDS`."""
    joins, columns = "", []
    for relation, (join, found, without) in _PARTS.items():
        is_there = exists(connection, relation)
        joins += join if is_there else ""
        columns.append(found if is_there else without)
    return f"""
        select known.account, known.outcome, coalesce(known.reason, ''), map.target_id,
            coalesce(state.state, 'no'), {", ".join(columns)}
        from (
            select _sonar_key as account, outcome, reason from audit.audit_record_outcomes
            where entity = %(entity)s
        ) as known
        left join ops.id_map as map on map.target = %(target)s and map.entity = %(entity)s
            and map._sonar_key = known.account
        left join ops.row_state as state on state.target = %(target)s
            and state.table_name = %(entity)s and state._sonar_key = known.account
        {joins}
        order by length(known.account), known.account
    """


def _findings(connection: Connection) -> str:
    """Return the query of (account, what, table, reason, key) for all that is wrong with one."""
    parts = [
        "select r._customer_key, 'quarantined', r.table_name, r.cause, r._sonar_key"
        f" {_STILL_REFUSED} and r._customer_key is not null"
    ]
    if exists(connection, "audit.audit_rejections"):
        parts.append(
            "select _customer_key, 'rejected', entity, reason, _sonar_key"
            " from audit.audit_rejections where _customer_key is not null"
        )
    if exists(connection, "audit.audit_access_losses"):
        parts.append(
            "select _customer_key, 'loses the network', '', reason, _sonar_key"
            " from audit.audit_access_losses where _customer_key is not null"
        )
    return f"{' union '.join(parts)} order by 1, 2, 3, 4, 5"


def _lines(connection: Connection, query: str, values: Mapping[str, str | None]) -> Iterator[str]:
    result = connection.exec_driver_sql(
        query, dict(values), execution_options={"stream_results": True}
    )
    for page in result.partitions(_PAGE):
        for row in page:
            yield "\t".join("" if value is None else str(value) for value in row)


def write_index(
    connection: Connection, manifest: Manifest, target: str, path: Path, *, decimals: int
) -> int:
    """Write the script that the search reads, and return how many accounts it knows.

    A script and no JSON, because a page that was opened from a file may not fetch one.
    """
    entity = _customers(manifest)
    values = {"entity": entity, "target": target}
    accounts: list[str] = []
    findings: list[str] = []
    if entity is not None and exists(connection, "audit.audit_record_outcomes"):
        accounts = list(_lines(connection, _accounts(connection), values))
        findings = list(_lines(connection, _findings(connection), values))
    parts: dict[str, object] = {
        "DECIMALS": decimals,
        "FIELDS": list(_FIELDS),
        "ACCOUNTS": "\n".join(accounts),
        "FINDINGS": "\n".join(findings),
    }
    script = "".join(
        f"const {name} = {orjson.dumps(content).decode()};\n" for name, content in parts.items()
    )
    path.write_text(script, encoding="utf-8")
    return len(accounts)


def write_lists(connection: Connection, target: str, folder: Path) -> list[Download]:
    """Write each list that has lines as CSV into `folder`; return what was written."""
    found = []
    with closing(connection.connection.cursor()) as found_cursor:
        cursor: Any = found_cursor  # psycopg2's own, which can copy
        for name, one in _LISTS.items():
            path = folder / name
            path.unlink(missing_ok=True)
            if not exists(connection, one.needs):
                continue
            query = cursor.mogrify(one.query, {"target": target}).decode()
            with path.open("w", encoding="utf-8") as file:
                cursor.copy_expert(f"copy ({query}) to stdout with (format csv, header)", file)
            if cursor.rowcount:
                found.append(Download(name, cursor.rowcount))
            else:
                path.unlink()
    return found
