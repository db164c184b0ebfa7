"""What was written down about links follows their keys.

A link (a row that is nothing but its key) has no id to be found by. When a label, a partner or a
plan becomes another row of the target, the link of a record gets another key: the new link is
written, the old one may still be there, and both are ours. Reads the plan's temporary tables;
renames rows of `ops.row_state` in one transaction, before anything is written to Splynx.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from load.target.targets import Target
from runtime.run_ledger import Run

# An old link that is still in the target is kept under the record's name and its key, so that the
# plan lists it as gone and reconciliation knows it for ours; one that is not is forgotten.
_RENAMED = """
select
    gone.table_name,
    gone.recorded_as as old_name,
    case
        when gone.shown is not null then gone.recorded_as || '@' || replace(gone.key, chr(31), ',')
    end as new_name
from load_plan as gone
inner join load_plan as mine
    on mine.table_name = gone.table_name
    and mine._sonar_key = gone.recorded_as
    and mine.mart_hash is not null
where gone.mart_hash is null
union all
select table_name, recorded_as, _sonar_key
from load_plan
where mart_hash is not null and recorded_as <> _sonar_key
"""

_THESE = (
    " unnest(cast(:tables as text[]), cast(:old as text[]), cast(:new as text[]))"
    " as named (table_name, old_name, new_name)"
    " where state.target = :target and state.table_name = named.table_name"
)
_ASIDE = "chr(31) || named.old_name"  # no record has such a name, so names can be exchanged


def follow(run: Run, warehouse: Connection, target: Target) -> int:
    """Bring the names of recorded links up to date; return how many changed.

    `warehouse` is the connection that made the plan.
    """
    found = warehouse.execute(text(_RENAMED)).all()
    if not found:
        return 0
    named = {
        "target": target.name,
        "tables": [row[0] for row in found],
        "old": [row[1] for row in found],
        "new": [row[2] for row in found],
    }
    with run.engine.begin() as ledger:
        ledger.execute(
            text(
                f"update ops.row_state as state set _sonar_key = {_ASIDE} from {_THESE}"
                " and state._sonar_key = named.old_name"
            ),
            named,
        )
        ledger.execute(
            text(
                f"delete from ops.row_state as state using {_THESE}"
                f" and state._sonar_key = {_ASIDE} and named.new_name is null"
            ),
            named,
        )
        ledger.execute(
            text(
                f"update ops.row_state as state set _sonar_key = named.new_name from {_THESE}"
                f" and state._sonar_key = {_ASIDE}"
            ),
            named,
        )
    return len(found)
