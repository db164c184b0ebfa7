"""Whatever the mix of page size, workers, faults and changes: each row lands exactly once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime import warehouse as runtime_warehouse
from runtime.errors import MigrationError
from tests import services
from tests.extract.runs import (
    checksums,
    control,
    forget_faults,
    landed,
    ledger,
    page,
    run,
    truth,
)
from tests.proving import cases

pytestmark = [pytest.mark.postgres, pytest.mark.prove]

Sonars = Callable[..., services.Sonar]
COLLECTIONS = ("accounts", "addresses", "contacts")
ARCHIVED = {"accounts": ", include_archived: true"}
KINDS = ("server_error", "dropped", "dropped_midway", "cut_off", "errors_beside_data")
DRIFT = st.lists(
    st.tuples(
        st.sampled_from(["insert", "update", "delete"]),
        st.sampled_from(COLLECTIONS),
        st.integers(1, 40),
    ),
    max_size=8,
)


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("extract.landing.pipeline.LOCAL", tmp_path / "local")


def _plan(made: services.Sonar, drift: list[tuple[str, str, int]], seed: int) -> None:
    random = Random(seed)
    for action, collection, after in drift:
        how: dict[str, Any] = {"seed": random.randrange(1000)}
        if action == "insert":  # before, between and after the ids that are there
            how = {"values": {"id": str(random.choice([0, 10_000]) + random.randrange(5000))}}
        with suppress(Exception):
            control(made, "rows", action=action, collection=collection, after=after, **how)


def test_each_row_lands_exactly_once(
    warehouses: services.Warehouses, sonar: Sonars, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = sonar()

    @settings(
        max_examples=cases(quick=4, long=60),
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        size=st.integers(1, 9),
        workers=st.integers(1, 5),
        trouble=st.sampled_from([0.0, 0.05, 0.15]),
        drift=DRIFT,
        seed=st.integers(0, 10_000),
    )
    def holds(
        size: int, workers: int, trouble: float, drift: list[tuple[str, str, int]], seed: int
    ) -> None:
        how = (f"--include={','.join(COLLECTIONS)}", f"--page-size={size}", f"--workers={workers}")
        with warehouses.fresh() as url:
            monkeypatch.setenv("WAREHOUSE_URL", services.plain(url))
            control(made, "chaos", probability=trouble, kinds=KINDS, seed=seed)
            _plan(made, drift, seed)
            with suppress(MigrationError):  # it says what is not whole; the next run mends it
                run(*how, "--rate-limit-retries=6")
            forget_faults(made)
            run(*how)
            for engine in services.disposing(runtime_warehouse.connect()):
                for name in COLLECTIONS:
                    expected = truth(made, name, ARCHIVED.get(name, ""))
                    assert landed(engine, name) == sorted(expected.items())
                    assert ledger(engine)[name]["state"] == "complete"

    holds()


def test_a_naive_page_walk_loses_rows_where_the_extractor_does_not(
    warehouses: services.Warehouses, sonar: Sonars, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = sonar()

    def drift() -> None:
        for number, key in enumerate(["1", "2", "3"]):
            change = {"action": "delete", "collection": "addresses", "key": key}
            control(made, "rows", **change, after=number + 2, counted="addresses")

    def again() -> None:
        for key in ("1", "2", "3"):
            control(made, "rows", action="insert", collection="addresses", values={"id": key})

    before = set(truth(made, "addresses"))
    drift()
    found: list[str] = []
    for number in count(1):
        if not (rows := page(made, "addresses", number, 5)):
            break
        found += rows
    after = set(truth(made, "addresses"))
    assert after - set(found), "rows that were there all the time were not seen"
    again()
    assert set(truth(made, "addresses")) == before
    drift()
    with warehouses.fresh() as url:
        monkeypatch.setenv("WAREHOUSE_URL", services.plain(url))
        run("--include=addresses", "--page-size=5")
        forget_faults(made)
        for engine in services.disposing(runtime_warehouse.connect()):
            assert landed(engine, "addresses") == sorted(truth(made, "addresses").items())
            assert checksums(engine)
