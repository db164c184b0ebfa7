"""Records whose own id a stranger's row holds in the target, so that they get a new one.

The crosswalk plans the new ids; here they are only listed. An operator who wants no such record
refuses the load with `--no-remap`.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from load.target.targets import Target
from runtime.run_ledger import Run

_CROSSWALK = "intermediate.int_crosswalk"
_CANDIDATES = "intermediate.int_crosswalk__candidates"
_PLANNED = "load_planned"  # of an excerpt: the same, of its records alone

_TAKEN = """
select plan.table_name, plan._sonar_key, candidate.sonar_id, crosswalk.planned_id
from load_plan as plan
join {crosswalk} as crosswalk
    on crosswalk.target = :target and crosswalk.entity = plan.table_name
    and crosswalk._sonar_key = plan._sonar_key and crosswalk.origin = 'new'
join {candidates} as candidate
    on candidate.entity = plan.table_name and candidate._sonar_key = plan._sonar_key
where plan.class = 'insert'
    and exists (
        select from ops.target_id as held where held.target = :target
            and held.table_name = plan.table_name and held.id = candidate.sonar_id
    )
    and not exists (
        select from ops.id_map as ours where ours.target = :target
            and ours.entity = plan.table_name and ours.target_id = candidate.sonar_id
    )
order by 1, 3, 2
"""


@dataclass(frozen=True, slots=True)
class Remap:
    """A record that is to be inserted under another id than Sonar's, because that one is taken."""

    table: str
    sonar_key: str
    sonar_id: int
    planned_id: int

    def __str__(self) -> str:
        """Name record and both ids."""
        return (
            f"{self.table}: id {self.sonar_id} of record {self.sonar_key} is in use in the target;"
            f" it gets {self.planned_id}"
        )


def _exist(warehouse: Connection, *relations: str) -> bool:
    return all(
        warehouse.execute(text("select to_regclass(:name)"), {"name": name}).scalar_one()
        for name in relations
    )


def remaps(warehouse: Connection, target: Target, *, of_chosen: bool = False) -> tuple[Remap, ...]:
    """Return the records of the plan, not loaded yet, whose id somebody else's row holds.

    `of_chosen`: of an excerpt, for which `load.planning.collisions` has kept what is planned.
    """
    if not _exist(warehouse, _CROSSWALK, _CANDIDATES):
        return ()
    names = (_PLANNED, "load_candidate") if of_chosen else (_CROSSWALK, _CANDIDATES)
    query = _TAKEN.format(crosswalk=names[0], candidates=names[1])
    found = warehouse.execute(text(query), {"target": target.name})
    return tuple(Remap(row[0], row[1], row[2], row[3]) for row in found)


def finalized(warehouse: Connection, run: Run, target: Target) -> int:
    """Return how many rows this run has brought under a new id."""
    if not _exist(warehouse, _CROSSWALK):
        return 0
    crosswalk = _PLANNED if _exist(warehouse, _PLANNED) else _CROSSWALK
    return int(
        warehouse.execute(
            text(
                "select count(*) from ops.id_map as ours"
                f" join {crosswalk} as crosswalk on crosswalk.target = ours.target"
                " and crosswalk.entity = ours.entity and crosswalk._sonar_key = ours._sonar_key"
                " and crosswalk.origin = 'new'"
                " where ours.target = :target and ours.run_id = :run_id"
            ),
            {"target": target.name, "run_id": run.run_id},
        ).scalar_one()
    )
