"""Sonar's own count and totals against the rows that landed."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from sqlalchemy import Connection, text

from load.reconcile.findings import Name
from load.reconcile.results import Difference, difference

_TOTAL = re.compile(r"(sum|min|max)\(([_A-Za-z][_0-9A-Za-z]*)\)")


def landed_difference(connection: Connection, collection: str, raw: str) -> Difference | None:
    """Compare the raw rows with what Sonar itself counted in the latest extraction.

    One missing record is named by Sonar's sum of ids, although nothing of it is left here.
    """
    ledger = connection.execute(
        text(
            "select server_count, (server_sums ->> 'sum(id)')::numeric as id_sum, grade,"
            " server_sums, state"
            " from ops.extract_ledger where collection = :collection and run_id ="
            " (select run_id from ops.extract_ledger order by started_at desc limit 1)"
        ),
        {"collection": collection},
    ).first()
    if ledger is None or ledger.server_count is None:
        return None
    is_proven = ledger.grade == "proven"
    totals = _totals(ledger.server_sums or {}) if is_proven else {}
    numbers, asked = _in_payloads(totals.values())
    live = connection.execute(
        text(
            "select count(*) as rows,"
            " sum(case when _sonar_key ~ '^[0-9]{1,18}$' then _sonar_key::numeric end) as id_sum"
            f"{asked} from {raw} as raw{numbers} where raw._deleted_at is null"
        )
    ).one()
    short = ledger.server_count - live.rows
    if short == 0:
        return _totals_difference(raw, ledger.server_sums or {}, totals, live[2:])
    keys: tuple[str, ...] = ()
    if abs(short) == 1 and ledger.id_sum is not None:
        keys = (str(abs(int(ledger.id_sum - (live.id_sum or 0)))),)
    what = f"Sonar counted {ledger.server_count} {collection}, {raw} holds {live.rows}"
    if short < 0:
        return difference("more_than_sonar", what, -short, keys=keys)
    is_known = ledger.state != "complete"
    name: Name = "extraction_incomplete" if is_known else "short_of_sonar"
    return difference(name, what, short, keys=keys)


def _totals(theirs: Collection[str]) -> dict[str, re.Match[str]]:
    """Return the totals that the payloads can be asked for, by the name Sonar's have."""
    return {name: found for name in sorted(theirs) if (found := _TOTAL.fullmatch(name))}


def _in_payloads(totals: Collection[re.Match[str]]) -> tuple[str, str]:
    """Return what joins the numbers of the payloads to `raw`, and what is selected of them."""
    if not totals:
        return "", ""
    leaves = ", ".join(f'"{leaf}" numeric' for leaf in sorted({found[2] for found in totals}))
    asked = "".join(f', {found[1]}("{found[2]}")' for found in totals)
    return f", jsonb_to_record(raw.payload) as numbers ({leaves})", asked


def _totals_difference(
    raw: str,
    theirs: Mapping[str, str | None],
    totals: Mapping[str, re.Match[str]],
    ours: Sequence[object],
) -> Difference | None:
    """Compare Sonar's own totals with those of the payloads: a changed cent leaves the count."""
    wrong = [
        name
        for (name, found), here in zip(totals.items(), ours, strict=True)
        if _number(found[1], theirs[name]) != _number(found[1], here)
    ]
    if not wrong:
        return None
    return difference(
        "totals_of_sonar", f"Sonar's totals are not those of {raw}: {', '.join(wrong)}", 1
    )


def _number(function: str, value: object) -> Decimal | None:
    """Return a total as a number; a sum of nothing is 0."""
    if value is None:
        return Decimal(0) if function == "sum" else None
    return Decimal(str(value))
