"""What the last load did, from `ops`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, text

from runtime.errors import MEANINGS


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
        for name in ("inserted", "updated", "unchanged", "kept_as_edited", "quarantined"):
            if name in self.detail:
                lines.append(f"{name:<15}{self.detail[name]}")
        lines += [
            f"refused        {count} rows of {table}" for table, count in self.refused.items()
        ]
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
        still_open = connection.execute(
            text("select count(*) from ops.row_state where state = 'intended'")
        ).one()
        return LastLoad(step[0], step[1], step[2], step[3], step[4], counts, int(still_open[0]))
