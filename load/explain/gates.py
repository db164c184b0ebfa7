"""What the checks say about an account: acceptance, audits, and its money in both systems."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from load.explain.facts import Gate, Record, Row
from load.explain.records import exists
from load.target.targets import Target

_AUDITS: Mapping[str, str] = {
    "audit.audit_access_losses": "select 'loses the network: ' || reason || ' (' || severity"
    " || '), service ' || _sonar_key from audit.audit_access_losses"
    " where _customer_key = :account order by place",
    "audit.audit_next_charge": "select splynx_table || ' ' || _sonar_key || ': next charge '"
    " || coalesce(sonar_date::text, 'never') || ' in Sonar, '"
    " || coalesce(splynx_date::text, 'never') || ' in Splynx: ' || cause"
    " from audit.audit_next_charge where _customer_key = :account order by 1",
    "audit.audit_first_week_blocks": "select 'Splynx blocks on ' || splynx_blocks_on || ': '"
    " || reason || ', ' || difference from audit.audit_first_week_blocks"
    " where _customer_key = :account",
    "audit.audit_money_findings": "select 'money: ' || finding || ', ' || collection || ' '"
    " || _sonar_key from audit.audit_money_findings where sonar_account_id::text = :account"
    " order by 1",
}


def gate_of(
    warehouse: Connection, target: Target, records: Iterable[Record], rows: Iterable[Row]
) -> Gate | None:
    """Return the latest acceptance with the findings that name a key of this account."""
    row = warehouse.execute(
        text(
            "select run_id, verdict, decided_at, findings from ops.acceptance"
            " where target = :target order by decided_at desc limit 1"
        ),
        {"target": target.name},
    ).first()
    if row is None:
        return None
    keys: dict[str, set[str]] = defaultdict(set)
    for record in records:
        keys[record.collection].add(record.key)
        keys[record.entity or record.collection].add(record.key)
    for one in rows:
        keys[one.table].add(one.key)
    return Gate(
        row.verdict, row.run_id, row.decided_at.isoformat(), tuple(about(row.findings, keys))
    )


def about(
    findings: Sequence[Mapping[str, Any]], keys: Mapping[str, Iterable[str]]
) -> Iterator[str]:
    """Yield the findings that begin with a table or collection and name one of its keys. Pure.

    Findings keep only their first keys: one of many rows may be missing here, and is in the audits.
    """
    for finding in findings:
        name = str(finding["what"]).split(":")[0].split(" ")[0]
        named = sorted(set(finding["keys"]) & set(keys.get(name, ())))
        if named:
            yield f"{finding['severity']}: {finding['what']}: {', '.join(named)}"


def findings_of(warehouse: Connection, account: str) -> list[str]:
    """Return what the audits found about the account, in words with keys."""
    found: list[str] = []
    for relation, query in _AUDITS.items():
        if exists(warehouse, relation):
            found += [row[0] for row in warehouse.execute(text(query), {"account": account})]
    return found


def statement_of(warehouse: Connection, account: str) -> dict[str, Any]:
    """Return the money of the account: its position in both systems, and why they differ."""
    if not exists(warehouse, "audit.audit_money_position"):
        return {}
    named = {"account": account}
    position = warehouse.execute(
        text("select * from audit.audit_money_position where _customer_key = :account"), named
    ).mappings()
    causes = warehouse.execute(
        text(
            "select cause, reason, is_pending, records, cents from audit.audit_money_differences"
            " where _customer_key = :account order by cause, reason"
        ),
        named,
    ).mappings()
    found = next((dict(row) for row in position), {})
    return {
        "position": {
            name: int(value) if isinstance(value, Decimal) else value
            for name, value in found.items()
            if not name.startswith("_")
        },
        "causes": [dict(row) for row in causes],
    }
