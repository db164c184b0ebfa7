"""A migration in waves: each load with the reconciliation after it, from `ops.step`. Reads only.

All waves of a run have its run id; what tells them apart is their order and the scope that each
load noted. A reconciliation overwrites that of the wave before, so its verdict is the step's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from load.report.facts import Wave, Waves
from runtime.errors import ReconcileMismatch, Unfinished
from runtime.manifest import Manifest

# Classes of a plan that are no rows of the marts, or not of this wave.
_LEFT_ALONE = frozenset(
    {"not_selected", "outside", "gone", "gone_unselected", "to_delete", "to_flag"}
)
_VERDICTS = {
    0: "agrees",
    ReconcileMismatch.exit_code: "differs",
    Unfinished.exit_code: "not compared",
}

Row = Mapping[str, Any]


def waves(connection: Connection, manifest: Manifest, target: str) -> Waves | None:
    """Return the latest run on this target that loaded in waves; None where there is none."""
    rows = connection.execute(
        text(
            "select run_id, step, started_at, exit_code, detail,"
            " extract(epoch from ended_at - started_at)::float as seconds from ops.step"
            " where step in ('load', 'reconcile') and run_id = ("
            "  select run.run_id from ops.step as run where run.step = 'load'"
            "  and exists (select from ops.step as whole where whole.run_id = run.run_id"
            "   and whole.step = 'migrate')"
            "  and not exists (select from ops.reconciliation as other"
            "   where other.run_id = run.run_id and other.target <> :target)"
            "  group by run.run_id having count(*) > 1"
            "   or bool_or(run.detail ->> 'scope' like 'the first %')"
            "  order by max(run.started_at) desc limit 1) order by started_at"
        ),
        {"target": target},
    ).mappings()
    steps = [dict(row) for row in rows]
    if not steps:
        return None
    return Waves(str(steps[0]["run_id"]), tuple(paired(steps, customers_of(manifest))))


def customers_of(manifest: Manifest) -> str | None:
    """Return the mart of the customers themselves: its group leads to it, it to no other of it."""
    group = {mart.name for mart in manifest.marts if mart.group == "customer"}
    return next(
        (
            mart.name
            for mart in manifest.marts
            if mart.name in group
            and not {r.to_mart for r in mart.references} & (group - {mart.name})
        ),
        None,
    )


def paired(steps: Sequence[Row], customers: str | None) -> Iterator[Wave]:
    """Yield the loads in their order, each with the first reconciliation after it. Pure."""
    for number, step in enumerate(steps):
        if step["step"] != "load":
            continue
        after = steps[number + 1] if number + 1 < len(steps) else None
        yield _wave(step, after if after and after["step"] == "reconcile" else None, customers)


def _wave(load: Row, reconciled: Row | None, customers: str | None) -> Wave:
    detail = load["detail"]
    return Wave(
        scope=str(detail.get("scope", "")),
        started_at=load["started_at"],
        exit_code=load["exit_code"],
        customers=_chosen(detail.get("tables", {}).get(customers)),
        rows=_written(detail),
        seconds=load["seconds"],
        verdict=_verdict(reconciled),
        differing=reconciled["detail"].get("differing", 0) if reconciled else 0,
        unexplained=reconciled["detail"].get("unexplained", 0) if reconciled else 0,
        reconcile_seconds=reconciled["seconds"] if reconciled else None,
        looked_at=reconciled["detail"].get("looked_at") if reconciled else None,
    )


def _chosen(counts: Mapping[str, int] | None) -> int | None:
    """Return how many rows a plan was about; the others it only knows of."""
    if counts is None:
        return None
    return sum(count for name, count in counts.items() if name not in _LEFT_ALONE)


def _written(detail: Row) -> int | None:
    if "inserted" not in detail:
        return None
    return int(detail["inserted"]) + int(detail.get("updated", 0))


def _verdict(reconciled: Row | None) -> str:
    if reconciled is None:
        return "not reconciled"
    if reconciled["exit_code"] is None:
        return "not ended"
    return _VERDICTS.get(reconciled["exit_code"], "failed")
