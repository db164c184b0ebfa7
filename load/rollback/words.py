"""What both routes of `rollback` say and refuse: unknown runs, later runs, and rows that stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, text

from load.rollback.scope import Kept
from load.target.targets import Target
from runtime.errors import ConfigError, GateFailed
from runtime.run_ledger import Run


def known_run(warehouse: Connection, run_id: str) -> None:
    """Refuse a run that never loaded.

    Raises:
        ConfigError: there is none of this id.
    """
    found: bool = warehouse.execute(
        text("select exists (select from ops.step where run_id = :run and step = 'load')"),
        {"run": run_id},
    ).scalar_one()
    if not found:
        raise ConfigError(
            f"no load ran under the id {run_id}: `make load-status` names the last, ops.step all"
        )


def tables_of_the_api(warehouse: Connection, run_id: str) -> list[str]:
    """Return the tables in which a run wrote rows over the API; those of files are not meant."""
    found = warehouse.execute(
        text(
            "select distinct state.table_name from ops.row_state as state"
            " where state.api ?| array['item', 'path'] and"
            " (:run in (state.run_id, state.inserted_by) or exists (select from"
            " ops.pre_image as image where image.target = state.target and image.run_id = :run"
            " and image.table_name = state.table_name and image.row_key = state.row_key))"
            " order by 1"
        ),
        {"run": run_id},
    )
    return [str(row[0]) for row in found]


def route_of(warehouse: Connection, run_id: str) -> str | None:
    """Return the route that a run noted; None: it is of MySQL, or never loaded."""
    found: str | None = warehouse.execute(
        text(
            "select detail ->> 'route' from ops.step where run_id = :run and step = 'load'"
            " order by started_at desc limit 1"
        ),
        {"run": run_id},
    ).scalar()
    return found


def refuse_later_runs(warehouse: Connection, later: Mapping[str, int]) -> None:
    """Refuse while a later run that wrote the same rows was not rolled back itself.

    Raises:
        GateFailed: with these runs.
    """
    rolled_back = {
        row[0]
        for row in warehouse.execute(
            text(
                "select detail ->> 'undone' from ops.step"
                " where step = 'rollback' and exit_code in (0, 6)"
            )
        )
    }
    waiting = {name: rows for name, rows in later.items() if name not in rolled_back}
    if waiting:
        said = ", ".join(f"{name} ({rows} rows)" for name, rows in sorted(waiting.items()))
        raise GateFailed(
            f"later runs wrote rows of this one again: roll back {said} first, the latest first",
            report={"later_runs": waiting},
        )


def keep_words(
    run: Run, target: Target, undone: str, kept: Sequence[tuple[Kept, Mapping[str, Any]]]
) -> list[Kept]:
    """Write down the rows that stay (with their keys), in place of what an earlier undoing did."""
    names = {"target": target.name, "undone": undone}
    with run.engine.begin() as ledger:
        ledger.execute(
            text(
                "delete from ops.rollback_kept where target = :target and undone_run_id = :undone"
            ),
            names,
        )
        if kept:
            ledger.execute(
                text(
                    "insert into ops.rollback_kept (target, undone_run_id, run_id, table_name,"
                    " _sonar_key, row_key, reason) values (:target, :undone, :run_id, :table,"
                    " :sonar_key, cast(:row_key as jsonb), :reason)"
                ),
                [
                    {
                        **names,
                        "run_id": run.run_id,
                        "table": row.table,
                        "sonar_key": row.sonar_key,
                        "row_key": orjson.dumps(key).decode(),
                        "reason": row.reason,
                    }
                    for row, key in kept
                ],
            )
    return [row for row, _ in kept]
