"""What became of single records, for whoever looks into a load: a log file of its own.

Names tables, keys and columns, never a value; at most 200 records a table, those first that ask for
attention. Reads the plan's temporary tables and `ops.row_state`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, text

from load.mysql.quarantine import Refusal
from load.target.targets import Target
from load.writing.plan_writer import Result
from runtime.manifest import Manifest, Mart
from runtime.run_ledger import Run

MOST = 200

_RECORDS = """
select
    plan._sonar_key as key, plan._customer_key as customer, plan.cluster, plan.class as kind,
    plan.merged,
    state.state = 'written' and state.run_id = :run_id as is_written,
    case when split_part(plan.written_hash, ':', 2) = split_part(plan.mart_hash, ':', 2) then array(
        select named.name from unnest(cast(:columns as text[])) with ordinality as named (name, i)
        where plan.mart_base[i] is distinct from plan.written_base[i] order by i
    ) end as changed,
    merge.columns as contested
from load_plan as plan
left join ops.row_state as state on state.target = :target and state.table_name = plan.table_name
    and state._sonar_key = plan._sonar_key
left join load_merge as merge on merge.table_name = plan.table_name
    and merge._sonar_key = plan._sonar_key
where plan.table_name = :mart and plan.class <> 'unchanged'
order by plan._sonar_key = any(:first) desc, plan.class in ('insert', 'not_selected'), plan.class,
    plan._sonar_key
limit :most
"""


def path_of(folder: Path, run: Run) -> Path:
    """Return the log of `run`."""
    return folder / f"load-records-{run.run_id}.log"


@dataclass(frozen=True, slots=True)
class RecordLog:
    """The log of one run in `folder`. `warehouse` is the connection that made the plan."""

    folder: Path
    run: Run
    warehouse: Connection
    target: Target

    def write(self, manifest: Manifest, result: Result, *, dry_run: bool = False) -> None:
        """Write what became of the records; with `dry_run`, what would."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = path_of(self.folder, self.run)
        with path.open("w", encoding="utf-8") as file:
            for mart in manifest.marts:
                for line in self._lines(mart, result, dry_run=dry_run):
                    file.write(line + "\n")

    def _lines(self, mart: Mart, result: Result, *, dry_run: bool) -> Iterator[str]:
        refused = {
            row.sonar_key: refusal
            for refusal in result.refusals
            for row in refusal.cluster.rows
            if row.mart.name == mart.name
        }
        kept = {name.removeprefix(f"{mart.name} ") for name in result.kept}
        rows = self.warehouse.execute(
            text(_RECORDS),
            {
                "mart": mart.name,
                "target": self.target.name,
                "run_id": self.run.run_id,
                "columns": [column.name for column in mart.columns],
                "first": [*refused, *kept],
                "most": MOST,
            },
        )
        for row in rows:
            if row.key in refused:
                outcome = _quarantined(refused[row.key], mart.name, row.key)
            elif row.key in kept:
                outcome = {"outcome": "kept_as_edited"}
            elif row.kind not in {"insert", "update"} and not row.merged:
                outcome = {"outcome": "left_alone"}
            elif dry_run:
                outcome = {"outcome": "planned"}
            else:
                outcome = {"outcome": "written" if row.is_written else "not_reached"}
            yield _line(
                {
                    "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
                    "run": self.run.run_id,
                    "table": mart.name,
                    "record": row.key,
                    "customer": row.customer,
                    "cluster": row.cluster,
                    "class": row.kind,
                    "columns": ",".join(row.changed or ()),
                    "contested": ",".join(row.contested or ()),
                    **outcome,
                }
            )


def _quarantined(refusal: Refusal, table: str, key: str) -> dict[str, object]:
    """Return why a row is out: the server's number, or the row that it goes out with."""
    guilty = refusal.row
    if (guilty.mart.name, guilty.sonar_key) == (table, key):
        why: dict[str, object] = {"error": refusal.code, "column": refusal.column}
    else:
        why = {"with": f"{guilty.mart.name}/{guilty.sonar_key}"}
    return {"outcome": "quarantined", **why}


def _line(parts: Mapping[str, object]) -> str:
    """Return `name=value` for all parts that say something; keys of many words are quoted."""
    texts = ((name, str(value)) for name, value in parts.items() if value not in {None, ""})
    return " ".join(
        f"{name}={value if value.isprintable() and ' ' not in value else ascii(value)}"
        for name, value in texts
    )
