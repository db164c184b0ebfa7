"""A run that ends early, by a kill or by Sonar, is made good by the next one."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine

from extract.landing import conveyor
from runtime import warehouse as runtime_warehouse
from runtime.errors import ConfigError
from tests import services
from tests.extract.runs import (
    ROWS,
    checksums,
    control,
    forget_faults,
    ledger,
    requests,
    run,
    scalar,
)
from tests.proving import cases

pytestmark = [pytest.mark.postgres, pytest.mark.prove]

Sonars = Callable[..., services.Sonar]
NAMES = "--include=accounts,account_ip_assignments,addresses,contacts,phone_numbers,system_setting"
SMALL = (NAMES, "--page-size=2", "--workers=3")


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("extract.landing.pipeline.LOCAL", tmp_path / "local")
    monkeypatch.setattr(conveyor, "SLICE_ROWS", 4)  # so that little is lost of a tiny tenant
    monkeypatch.setattr(conveyor, "IDLE_SECONDS", 0.1)
    # However long the server takes to end the session of a killed run, the next one waits for it.
    monkeypatch.setattr(runtime_warehouse, "_PATIENCE", "60s")


def _killed(sonar: services.Sonar, after: int, delay: float) -> bool:
    """Run in a process of its own that is killed; return whether it was still at work."""
    before = requests(sonar)
    child = os.fork()
    if not child:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        try:
            run(*SMALL)
        finally:
            os._exit(0)
    while requests(sonar) < before + after and not os.waitpid(child, os.WNOHANG)[0]:
        time.sleep(0.002)
    time.sleep(delay)
    try:
        os.kill(child, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def test_killed_anywhere_the_next_run_ends_where_an_uninterrupted_one_does(
    warehouses: services.Warehouses, sonar: Sonars, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = sonar()
    with warehouses.fresh() as url:
        monkeypatch.setenv("WAREHOUSE_URL", services.plain(url))
        before = requests(made)
        run(*SMALL)
        whole = requests(made) - before
        for engine in services.disposing(runtime_warehouse.connect()):
            expected = checksums(engine, ROWS)
    random, killed = Random(11), 0
    for _ in range(cases(quick=5, long=50)):
        with warehouses.fresh() as url:
            monkeypatch.setenv("WAREHOUSE_URL", services.plain(url))
            killed += _killed(made, random.randrange(2, whole), random.random() / 2)
            run(*SMALL)
            for engine in services.disposing(runtime_warehouse.connect()):
                assert checksums(engine, ROWS) == expected
                states = {row["state"] for row in ledger(engine).values()}
                assert states <= {"complete", "skipped", "excluded"}
    assert killed


def test_a_walk_goes_on_where_it_stood(
    warehouse: Engine, sonar: Sonars, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = sonar("demo")
    names = ("--include=addresses", "--page-size=10", "--workers=1")
    control(made, "faults", kind="expired_token", after=60)
    with pytest.raises(ConfigError):
        run(*names)
    assert ledger(warehouse)["addresses"]["state"] == "failed"
    there = scalar(warehouse, "select count(*) from raw_sonar.addresses")
    assert there > 0
    assert scalar(warehouse, "select ranges is not null from ops.extract_state")
    forget_faults(made)
    monkeypatch.setattr(conveyor, "SLICE_ROWS", 50_000)
    before = requests(made)
    run(*names)
    row = ledger(warehouse)["addresses"]
    assert (row["mode"], row["state"], row["grade"]) == ("resumed", "complete", "proven")
    count = made.truth["counts"]["addresses"]
    assert row["changed_rows"] == count - there
    pages = -(-(count - there) // 10)
    assert requests(made) - before <= pages + 12  # what had landed was not read again
