"""Which command ran when, with what result: `ops.run` and `ops.step`."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from runtime import log
from runtime.errors import MigrationError
from runtime.warehouse import connect, ensure_ops, only_run

_INHERITED = "RUN_ID"


@dataclass(slots=True)
class Run:
    """One stage at work: its run id, the warehouse, and what it wants remembered."""

    run_id: str
    engine: Engine
    lock_pid: int | None  # the backend that holds the warehouse's lock for us
    detail: dict[str, Any] = field(default_factory=dict)

    def note(self, **detail: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
        """Keep counters for `ops.step.detail`; a later value of the same name wins."""
        self.detail.update(detail)


def new_run_id() -> str:
    """Return an id that sorts by time and that two machines will not both draw."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


def current_run_id() -> str:
    """Return the run id that a parent handed down, else a new one."""
    return os.environ.get(_INHERITED) or new_run_id()


def run_environment(run_id: str) -> dict[str, str]:
    """Return the variables that put a child process under `run_id`."""
    return {_INHERITED: run_id}


def _open(engine: Engine, run_id: str, step: str) -> datetime:
    with engine.begin() as connection:
        connection.execute(
            text(
                "insert into ops.run (run_id, command) values (:run, :step) on conflict do nothing"
            ),
            {"run": run_id, "step": step},
        )
        started: datetime = connection.execute(
            text("insert into ops.step (run_id, step) values (:run, :step) returning started_at"),
            {"run": run_id, "step": step},
        ).scalar_one()
    return started


def _close(run: Run, step: str, started: datetime, code: int) -> None:
    with run.engine.begin() as connection:
        connection.execute(
            text(
                "update ops.step set ended_at = clock_timestamp(), exit_code = :code,"
                " detail = cast(:detail as jsonb)"
                " where run_id = :run and step = :step and started_at = :started"
            ),
            {
                "code": code,
                "detail": log.redact(orjson.dumps(run.detail, default=str).decode()),
                "run": run.run_id,
                "step": step,
                "started": started,
            },
        )
        connection.execute(
            text(
                "update ops.run set ended_at = clock_timestamp(), exit_code = :code"
                " where run_id = :run and command = :step"
            ),
            {"code": code, "run": run.run_id, "step": step},
        )


@contextmanager
def stage(step: str, *, exclusive: bool = True) -> Iterator[Run]:
    """Run a stage: warehouse connected, `ops` ready, lock held, step opened and closed.

    Args:
        step: name of the stage, as in `ops.step`.
        exclusive: False for commands that only read; they need no lock.

    Raises:
        ConfigError, WarehouseError, GateFailed: as `connect` and `only_run`.
    """
    run_id = current_run_id()
    log.configure(run_id)
    engine = connect()
    try:
        with only_run(engine) if exclusive else nullcontext() as lock_pid:
            ensure_ops(engine)
            run = Run(run_id=run_id, engine=engine, lock_pid=lock_pid)
            started = _open(engine, run_id, step)
            code = 1
            try:
                yield run
                code = 0
            except MigrationError as exc:
                code = exc.exit_code
                raise
            finally:
                try:
                    _close(run, step, started, code)
                except DBAPIError:
                    if code == 0:
                        raise  # else the reason is on its way already
    finally:
        engine.dispose()
