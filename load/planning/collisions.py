"""Every clash of ids and business keys with the target, and what becomes of the record.

| action | what happened |
|---|---|
| keep | the record has its Sonar id, which another record would have had too |
| new id | its Sonar id is held by a row that is not ours, or by another record |
| match | it stands for a row that the target has already, which is used and not written |
| reject | a value that must be unique is in use, so the mapping left it out |
| abort | a row that is not ours holds its planned id or its key: the load refuses |

Made from the crosswalk, its candidates, the audited rejections and the plan, each time a plan is
made; `ops.collision` has the latest of each target. Of an excerpt, what is known of other records
stays. Keys and ids only, never a value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from load.planning.plan import Clash
from load.target.targets import Target
from runtime.run_ledger import Run

_CROSSWALK = "intermediate.int_crosswalk"
_CANDIDATES = "intermediate.int_crosswalk__candidates"
_REJECTIONS = "audit.audit_rejections"

_INSERT = (
    "insert into ops.collision (target, table_name, _sonar_key, what, action, held_by, run_id)"
)

# `planned` is looked at twice, each time for a few of its rows.
_FOUND = """
with planned as not materialized (
    select entity, _sonar_key, planned_id, origin from {crosswalk} where target = :target
),
strangers as (
    select held.table_name as entity, held.id
    from ops.target_id as held
    where held.target = :target and not exists (
        select from ops.id_map as ours where ours.target = :target
        and ours.entity = held.table_name and ours.target_id = held.id
    )
),
moved as (
    select
        planned.entity, planned._sonar_key, candidate.sonar_id,
        stranger.id as stranger_id, other._sonar_key as other_key,
        other.origin as other_origin
    from planned
    join {candidates} as candidate
        on candidate.entity = planned.entity and candidate._sonar_key = planned._sonar_key
    left join strangers as stranger
        on stranger.entity = planned.entity and stranger.id = candidate.sonar_id
    left join {others} as other
        on other.target = :target and other.entity = planned.entity
        and other.planned_id = candidate.sonar_id
        and other.origin <> 'matched'
    where planned.origin = 'new' and candidate.sonar_id > 0
)
select entity, _sonar_key, 'id' as what, 'new id' as action,
    case
        when stranger_id is not null then 'row ' || stranger_id else 'record ' || other_key
    end as held_by
from moved
where stranger_id is not null or other_key is not null
union all
select entity, other_key, 'id', 'keep', 'record ' || min(_sonar_key)
from moved
where stranger_id is null and other_origin = 'kept'
group by entity, other_key
union all
select entity, _sonar_key, 'row', 'match', 'row ' || planned_id
from planned
where origin = 'matched'
"""
_OF_ALL = _FOUND.format(crosswalk=_CROSSWALK, candidates=_CANDIDATES, others=_CROSSWALK)
_OF_CHOSEN = _FOUND.format(
    crosswalk="load_planned", candidates="load_candidate", others="load_planned_there"
)
# A table of its own, because Postgres inserts with one processor whatever it selects. And it takes
# the strangers, whose number it can't know, for one: it would compare each record with all of them.
_PLANNED = f"""
set local enable_nestloop = off;
create temporary table load_collision on commit drop as {_OF_ALL};
set local enable_nestloop to default
"""
_KEPT = f"""
{_INSERT}
select :target, entity, _sonar_key, what, action, held_by, :run_id from load_collision
"""
# One pass over each: they have no index on what is looked for.
_NARROW = f"""
drop table if exists load_planned, load_candidate, load_planned_there;
create temporary table load_planned as
select target, entity, _sonar_key, planned_id, origin from {_CROSSWALK}
where target = %(target)s and _sonar_key = any(%(keys)s);
delete from load_planned where (entity, _sonar_key) not in (select * from load_chosen);
create temporary table load_candidate as
select entity, _sonar_key, sonar_id from {_CANDIDATES}
where _sonar_key = any(%(keys)s);
delete from load_candidate where (entity, _sonar_key) not in (select * from load_chosen);
analyze load_planned, load_candidate
"""
_THERE = f"""
create temporary table load_planned_there as
select target, entity, _sonar_key, planned_id, origin from {_CROSSWALK}
where target = %(target)s and planned_id in (select unnest(%(ids)s::bigint[]));
analyze load_planned_there
"""

_REJECTED = f"""
{_INSERT}
select distinct :target, coalesce(entity, collection), _sonar_key,
    left(reason, -length('_taken')), 'reject', null, :run_id
from {_REJECTIONS}
where right(reason, length('_taken')) = '_taken'
on conflict do nothing
"""

_NAMED = f"""
{_INSERT}
select :target, found.t, found.k, found.w, found.a, found.h, :run_id
from unnest(
    cast(:tables as text[]), cast(:keys as text[]), cast(:what as text[]),
    cast(:actions as text[]), cast(:held as text[])
) as found (t, k, w, a, h)
on conflict do nothing
"""
_Row = tuple[str, str, str, str, str | None]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The records of an excerpt (table, record), and what became of their ids."""

    records: Sequence[tuple[str, str]]
    found: Sequence[_Row]


def _exist(warehouse: Connection, *relations: str) -> bool:
    return all(
        warehouse.execute(text("select to_regclass(:name)"), {"name": name}).scalar_one()
        for name in relations
    )


def narrow(warehouse: Connection, target: Target) -> bool:
    """Keep what is planned for the records of an excerpt, in tables of the plan's connection.

    False: there is no crosswalk.
    """
    if not _exist(warehouse, _CROSSWALK, _CANDIDATES):
        return False
    keys: list[str] = list(
        warehouse.exec_driver_sql("select distinct _sonar_key from load_chosen").scalars()
    )
    warehouse.exec_driver_sql(_NARROW, {"target": target.name, "keys": keys})
    ids = warehouse.exec_driver_sql(
        "select distinct candidate.sonar_id from load_candidate as candidate"
        " join load_planned as planned using (entity, _sonar_key)"
        " where planned.origin = 'new' and candidate.sonar_id > 0"
    )
    warehouse.exec_driver_sql(_THERE, {"target": target.name, "ids": list(ids.scalars())})
    return True


def of_chosen(warehouse: Connection, target: Target) -> list[_Row]:
    """Return what became of the ids of the records of an excerpt."""
    found = warehouse.execute(text(_OF_CHOSEN), {"target": target.name})
    return [(row[0], row[1], row[2], row[3], row[4]) for row in found]


def record(
    run: Run, target: Target, clashes: Sequence[Clash], chosen: Chosen | None = None
) -> Mapping[str, int]:
    """Write down every collision in place of those found before; return how many by action.

    With `chosen`, in place of those of its records.
    """
    named = {"target": target.name, "run_id": run.run_id}
    rows = [*chosen.found] if chosen else []
    rows += [(c.table, c.sonar_key, c.what, "abort", f"row {c.held_by}") for c in clashes]
    with run.engine.begin() as ledger:
        if chosen is None:
            ledger.execute(text("delete from ops.collision where target = :target"), named)
            if _exist(ledger, _CROSSWALK, _CANDIDATES):
                ledger.execute(text(_PLANNED), named)
                ledger.execute(text(_KEPT), named)
        else:
            ledger.execute(
                text(
                    "delete from ops.collision where target = :target and (action = 'reject'"
                    " or (table_name, _sonar_key) in (select * from"
                    " unnest(cast(:tables as text[]), cast(:keys as text[]))))"
                ),
                {
                    **named,
                    "tables": [table for table, _ in chosen.records],
                    "keys": [key for _, key in chosen.records],
                },
            )
        if _exist(ledger, _REJECTIONS):
            ledger.execute(text(_REJECTED), named)
        ledger.execute(
            text(_NAMED),
            {
                **named,
                "tables": [row[0] for row in rows],
                "keys": [row[1] for row in rows],
                "what": [row[2] for row in rows],
                "actions": [row[3] for row in rows],
                "held": [row[4] for row in rows],
            },
        )
        found = ledger.execute(
            text(
                "select action, count(*) from ops.collision where target = :target"
                " group by action order by action"
            ),
            named,
        )
        return {row[0]: int(row[1]) for row in found}


def said(found: Mapping[str, int]) -> str:
    """Return the figures as a line: "3 match, 1 new id"."""
    return ", ".join(f"{count} {action}" for action, count in found.items())
