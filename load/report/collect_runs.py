"""When which stage ran, for how long, and what inspections saw: `ops.step`. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, text

from load.report.facts import Inspections, Step, TargetChange, Timing

REPORTED = ("extract", "inspect", "transform", "accept", "plan", "load", "reconcile")
_WRITERS = ("load", "rollback", "handover")
_BEFORE = 2  # the run before the latest
_RUNS = 8  # that the picture of the timings shows
_NONE = "-"


def _counters(detail: dict[str, Any]) -> dict[str, float]:
    """Return the plain numbers of a step's detail; texts stay out of the page."""
    return {
        name: value
        for name, value in sorted(detail.items())
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    }


def steps(connection: Connection) -> list[Step]:
    """Return each stage as it ran last."""
    rows = connection.execute(
        text(
            "select *, extract(epoch from ended_at - started_at)::float as seconds,"
            " row_number() over (partition by step order by started_at desc) as age"
            " from ops.step where step = any(:steps) order by started_at desc"
        ),
        {"steps": list(REPORTED)},
    ).all()
    latest = {row.step: row for row in rows if row.age == 1}
    before = {row.step: row.seconds for row in rows if row.age == _BEFORE}
    return [
        Step(
            name=name,
            run_id=latest[name].run_id,
            started_at=latest[name].started_at,
            seconds=latest[name].seconds,
            exit_code=latest[name].exit_code,
            before=before.get(name),
            counters=_counters(latest[name].detail),
        )
        for name in REPORTED
        if name in latest
    ]


def last_load(connection: Connection) -> Step | None:
    """Return the last load that wrote or meant to; a dry run or a refused one attempts nothing."""
    row = connection.execute(
        text(
            "select *, extract(epoch from ended_at - started_at)::float as seconds from ops.step"
            " where step = 'load' and (detail ? 'records_attempted' or ended_at is null)"
            " order by started_at desc limit 1"
        )
    ).first()
    if row is None:
        return None
    return Step(
        name="load",
        run_id=row.run_id,
        started_at=row.started_at,
        seconds=row.seconds,
        exit_code=row.exit_code,
        counters=_counters(row.detail),
    )


def last_write(connection: Connection) -> Step | None:
    """Return the last command that wrote to the target, or may have; None: none did."""
    row = connection.execute(
        text(
            "select *, extract(epoch from ended_at - started_at)::float as seconds from ops.step"
            " where step = any(:writers) and (ended_at is null or detail ?| array["
            "  'records_attempted', 'undone', 'handed_over']) order by started_at desc limit 1"
        ),
        {"writers": list(_WRITERS)},
    ).first()
    if row is None:
        return None
    return Step(row.step, row.run_id, row.started_at, row.seconds, row.exit_code)


_OPEN = {
    # Rows that wait for a part of them which the route does not take are in quarantine as well.
    "unsettled": "select (select count(*) from ops.row_state where target = :target"
    " and state = 'intended' and right(new_hash, 6) <> '\\:waits')"
    " + (select coalesce(sum(cardinality(intents)), 0) from ops.load_batch"
    "  where target = :target)",
    "secrets_open": "select count(*) from ops.handover where target = :target"
    " and state in ('intended', 'missing', 'refused')",
    "files_open": "select count(*) from ops.file_upload where target = :target"
    " and state <> 'stored'",
    "files_unproven": "select count(*) from ops.file_upload where target = :target"
    " and state = 'stored' and not compared",
}


def left_open(connection: Connection, target: str) -> dict[str, int]:
    """Return how much was begun, or sent, and is not known to be as it should, by kind."""
    return {
        name: int(connection.execute(text(query), {"target": target}).scalar_one())
        for name, query in _OPEN.items()
    }


def timings(connection: Connection) -> Iterator[Timing]:
    """Yield the seconds of each stage in the latest runs that did more than one stage."""
    rows = connection.execute(
        text(
            "with runs as ("
            "  select run_id, row_number() over (order by min(started_at) desc) - 1 as age"
            "  from ops.step where step = any(:stages) and ended_at is not null"
            "  group by run_id having count(distinct step) > 1)"
            " select runs.age, step.step,"
            "  sum(extract(epoch from step.ended_at - step.started_at))::float as seconds"
            " from runs join ops.step as step using (run_id)"
            " where runs.age < :most and step.step = any(:stages) and step.ended_at is not null"
            " group by 1, 2 order by 1, min(step.started_at)"
        ),
        {"stages": list(REPORTED), "most": _RUNS},
    )
    for row in rows:
        yield Timing(row.step, int(row.age), row.seconds)


def _flat(detail: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """Return what an inspection left in its step as one value per (table, what)."""
    found: dict[tuple[str, str], str] = {("", "target"): str(detail.get("target", _NONE))}
    for table, rows in detail.get("rows", {}).items():
        found[(table, "rows")] = str(rows)
    for table in detail.get("missing", ()):
        found[(table, "table")] = "missing"
    for table, columns in detail.get("columns", {}).items():
        found |= {(table, f"column {name}"): str(kind) for name, kind in columns.items()}
    for switch, state in detail.get("switches", {}).items():
        found[("", f"switch {switch}")] = str(state)
    return found


def target_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[TargetChange, ...]:
    """Return what differs between the steps of two inspections. Pure.

    What only one of them recorded at all (columns are not known over the API) is not compared.
    """
    kinds = before.keys() & after.keys()
    old, new = (
        _flat({name: value for name, value in detail.items() if name in kinds})
        for detail in (before, after)
    )
    return tuple(
        TargetChange(table, what, old.get((table, what), _NONE), new.get((table, what), _NONE))
        for table, what in sorted(old.keys() | new.keys())
        if old.get((table, what)) != new.get((table, what))
    )


def inspections(connection: Connection) -> Inspections | None:
    """Return the latest inspection that ended well, compared with the one before."""
    rows = connection.execute(
        text(
            "select started_at, detail from ops.step where step = 'inspect' and exit_code = 0"
            " order by started_at desc limit 2"
        )
    ).all()
    if not rows:
        return None
    if len(rows) < _BEFORE:
        return Inspections(rows[0].started_at, None, ())
    return Inspections(
        rows[0].started_at, rows[1].started_at, target_changes(rows[1].detail, rows[0].detail)
    )
