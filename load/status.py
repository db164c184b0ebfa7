"""What the last load did, from `ops`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, text

from runtime.errors import MEANINGS

_COUNTERS = (
    "records_attempted",
    "inserted",
    "updated",
    "unchanged",
    "kept_as_edited",
    "not_selected",
    "deferred_records_total",
    "retry_passes_used",
    "quarantined",
    "collisions_detected",
    "remaps_finalized",
    "bytes",
)
_ALWAYS = ("inserted", "updated", "unchanged", "quarantined")
_NAMED = 20


@dataclass(frozen=True, slots=True)
class LastLoad:
    """The newest step `load`; `exit_code` None while it runs, or when it was killed."""

    run_id: str
    started_at: datetime
    ended_at: datetime | None
    exit_code: int | None
    detail: dict[str, Any]
    refused: dict[str, int]
    open_intents: int
    quarantine: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """Return the status as lines to print."""
        if self.exit_code is None:
            state = "not ended: still running, or killed (run it again to go on)"
        else:
            state = f"{self.exit_code} {MEANINGS.get(self.exit_code, '')}"
        lines = [
            f"run        {self.run_id}",
            f"started    {self.started_at:%Y-%m-%d %H:%M:%S %Z}",
            f"result     {state}",
        ]
        if (chosen := self.detail.get("scope", "everything")) != "everything":
            lines.append(f"scope      {chosen}")
        lines += [
            f"{name:<24}{self.detail[name]}"
            for name in _COUNTERS
            if name in self.detail and (self.detail[name] or name in _ALWAYS)
        ]
        lines += [
            f"refused        {count} rows of {table}" for table, count in self.refused.items()
        ]
        lines += [f"  {row}" for row in self.quarantine]
        if self.open_intents:
            lines.append(f"open intents   {self.open_intents} (settled by the next start)")
        return lines


def last_load(engine: Engine) -> LastLoad | None:
    """Return the newest load of this warehouse, or None."""
    with engine.connect() as connection:
        step = connection.execute(
            text(
                "select run_id, started_at, ended_at, exit_code, detail from ops.step"
                " where step = 'load' order by started_at desc limit 1"
            )
        ).first()
        if step is None:
            return None
        refused = connection.execute(
            text(
                "select table_name, count(*) from ops.refusal where run_id = :run_id"
                " group by table_name order by table_name"
            ),
            {"run_id": step[0]},
        )
        counts = {row[0]: row[1] for row in refused}
        tries = connection.execute(
            text(
                "select table_name, _sonar_key, coalesce(' column ' || column_name, '') || ':'"
                " || coalesce(' error ' || error_code, ' ' || message), attempts, refused_at"
                " from ops.refusal where run_id = :run_id and message not like 'goes with %'"
                " order by cause desc, table_name, _sonar_key limit :most"
            ),
            {"run_id": step[0], "most": _NAMED},
        )
        named = tuple(
            f"{row[0]} {row[1]}{row[2]} (tried {row[3]} times, last {row[4]:%Y-%m-%d %H:%M:%S %Z})"
            for row in tries
        )
        still_open = connection.execute(
            text(
                "select (select count(*) from ops.row_state where state = 'intended')"
                " + (select coalesce(sum(cardinality(intents)), 0) from ops.load_batch)"
            )
        ).one()
        return LastLoad(
            step[0], step[1], step[2], step[3], step[4], counts, int(still_open[0]), named
        )
