"""Every clash of ids and business keys with the target, and what becomes of the record.

| action | what happened |
|---|---|
| keep | the record has its Sonar id, which another record would have had too |
| new id | its Sonar id is held by a row that is not ours, or by another record |
| match | it stands for a row that the target has already, which is used and not written |
| reject | a value that must be unique is in use, so the mapping left it out |
| abort | a row that is not ours holds its planned id or its key: the load refuses |

Made from the crosswalk, its candidates, the audited rejections and the plan, each time a plan is
made; `ops.collision` has the latest of each target. Keys and ids only, never a value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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

_PLANNED = f"""
with planned as (
    select entity, _sonar_key, planned_id, origin from {_CROSSWALK} where target = :target
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
    join {_CANDIDATES} as candidate
        on candidate.entity = planned.entity and candidate._sonar_key = planned._sonar_key
    left join strangers as stranger
        on stranger.entity = planned.entity and stranger.id = candidate.sonar_id
    left join planned as other
        on other.entity = planned.entity and other.planned_id = candidate.sonar_id
        and other.origin <> 'matched'
    where planned.origin = 'new' and candidate.sonar_id > 0
)
{_INSERT}
select :target, entity, _sonar_key, 'id', 'new id',
    case
        when stranger_id is not null then 'row ' || stranger_id else 'record ' || other_key
    end,
    :run_id
from moved
where stranger_id is not null or other_key is not null
union all
select :target, entity, other_key, 'id', 'keep', 'record ' || min(_sonar_key), :run_id
from moved
where stranger_id is null and other_origin = 'kept'
group by entity, other_key
union all
select :target, entity, _sonar_key, 'row', 'match', 'row ' || planned_id, :run_id
from planned
where origin = 'matched'
"""

_REJECTED = f"""
{_INSERT}
select distinct :target, coalesce(entity, collection), _sonar_key,
    left(reason, -length('_taken')), 'reject', null, :run_id
from {_REJECTIONS}
where right(reason, length('_taken')) = '_taken'
on conflict do nothing
"""

_ABORTED = f"""
{_INSERT}
select :target, found.t, found.k, found.w, 'abort', found.h, :run_id
from unnest(
    cast(:tables as text[]), cast(:keys as text[]), cast(:what as text[]), cast(:held as text[])
) as found (t, k, w, h)
on conflict do nothing
"""


def _exist(warehouse: Connection, *relations: str) -> bool:
    return all(
        warehouse.execute(text("select to_regclass(:name)"), {"name": name}).scalar_one()
        for name in relations
    )


def record(run: Run, target: Target, clashes: Sequence[Clash]) -> Mapping[str, int]:
    """Write down every collision in place of those found before; return how many by action."""
    named = {"target": target.name, "run_id": run.run_id}
    with run.engine.begin() as ledger:
        ledger.execute(text("delete from ops.collision where target = :target"), named)
        if _exist(ledger, _CROSSWALK, _CANDIDATES):
            ledger.execute(text(_PLANNED), named)
        if _exist(ledger, _REJECTIONS):
            ledger.execute(text(_REJECTED), named)
        ledger.execute(
            text(_ABORTED),
            {
                **named,
                "tables": [clash.table for clash in clashes],
                "keys": [clash.sonar_key for clash in clashes],
                "what": [clash.what for clash in clashes],
                "held": [f"row {clash.held_by}" for clash in clashes],
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
