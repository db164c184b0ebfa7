"""Fixtures for all tests: real servers per session, a fresh database per test.

No test sees the operator's settings: the env file is out of sight and its variables are unset, so
that a test can neither read a real tenant nor write to one.
"""

from __future__ import annotations

import gc
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import URL, Engine

from runtime import log
from runtime import warehouse as runtime_warehouse
from services import mariadb, postgres
from tests import proving, scheduling, services

_OPERATOR_VARIABLES = (
    "SONAR_URL",
    "SONAR_API_KEY",
    "WAREHOUSE_URL",
    "WAREHOUSE_LOCK_PID",
    "SPLYNX_MYSQL_URL",
    "SPLYNX_ADMIN_URL",
    "SPLYNX_TARGET",
    "SPLYNX_URL",
    "SPLYNX_API_KEY",
    "SPLYNX_API_SECRET",
    "SPLYNX_LOGIN",
    "SPLYNX_PASSWORD",
    "SPLYNX_AUTH",
)


def pytest_configure(config: pytest.Config) -> None:
    """Treat SIGTERM as Ctrl-C, so that a time limit stops the servers of the session as well."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    gc.set_threshold(50_000, 20, 100)  # at its usual ones it is a quarter of a collection's CPU
    # What holds for all examples is tried with the same ones each time, however long they take.
    settings.register_profile(
        "ours", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("ours")
    if proving.proving():
        config.pluginmanager.register(proving.Record(), "proof")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the groups of tests that take longest."""
    items.sort(key=lambda item: scheduling.place(item.nodeid))


def pytest_collection_finish() -> None:
    """Take what is loaded by now out of the garbage collector's sight: it stays to the end."""
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep tests on one worker that share what is dear; other ways to distribute are xdist's."""
    if config.getvalue("dist") != "loadscope":
        return None
    return scheduling.GroupScheduling(config, log)


@pytest.fixture(autouse=True)
def no_operator_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hide the operator's env file and variables from every test."""
    monkeypatch.setenv("ENV_FILE", str(tmp_path / "no-such.env"))
    monkeypatch.setenv("DBT_PROFILES_DIR", str(tmp_path))
    for name in _OPERATOR_VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def secrets_of_this_test_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what a test registers as a secret: its "wrong" would be masked in later pages."""
    monkeypatch.setattr(log, "_secrets", set(log._secrets))


@pytest.fixture(scope="session", autouse=True)
def fast_servers() -> Iterator[None]:
    """Let every server of the session, however started, trust that the power stays on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postgres, "SETTINGS", {**postgres.SETTINGS, **services.NOT_DURABLE})
        patch.setattr(mariadb, "OPTIONS", {**mariadb.OPTIONS, **services.CARELESS})
        yield


@pytest.fixture(scope="session")
def warehouses(
    fast_servers: None,  # noqa: ARG001 - goes first
) -> Iterator[services.Warehouses]:
    """Postgres of this session, from which `warehouse_url` takes fresh databases."""
    with services.warehouses() as made:
        yield made


@pytest.fixture
def warehouse_url(
    warehouses: services.Warehouses, monkeypatch: pytest.MonkeyPatch
) -> Iterator[URL]:
    """URL of a fresh warehouse that holds the empty `ops` schema; WAREHOUSE_URL leads to it."""
    with warehouses.fresh() as url:
        monkeypatch.setenv("WAREHOUSE_URL", services.plain(url))
        yield url


@pytest.fixture
def warehouse(warehouse_url: URL) -> Iterator[Engine]:  # noqa: ARG001 - sets WAREHOUSE_URL
    """Engine on a fresh warehouse that holds the empty `ops` schema."""
    yield from services.disposing(runtime_warehouse.connect())


@pytest.fixture(scope="session")
def splynxes(
    fast_servers: None,  # noqa: ARG001 - goes first
) -> Iterator[services.Splynxes]:
    """MariaDB of this session, from which `splynx` takes fresh databases."""
    with services.splynxes() as made:
        yield made


@pytest.fixture
def splynx(
    splynxes: services.Splynxes, monkeypatch: pytest.MonkeyPatch
) -> Iterator[services.Splynx]:
    """Fresh Splynx database, named as the target by SPLYNX_MYSQL_URL and SPLYNX_TARGET."""
    with splynxes.fresh() as made:
        monkeypatch.setenv("SPLYNX_MYSQL_URL", services.plain(made.url))
        monkeypatch.setenv("SPLYNX_ADMIN_URL", services.plain(made.admin_url))
        monkeypatch.setenv("SPLYNX_TARGET", made.address)
        yield made


@pytest.fixture
def sonar(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., services.Sonar]]:
    """Start Sonar sandboxes: `sonar(size="tiny", seed=1, **traps)`; SONAR_URL leads to the last."""
    with ExitStack() as stack:
        sonars = services.Sonars(stack)

        def start(size: str = "tiny", seed: int = 1, **traps: int) -> services.Sonar:
            made = sonars.start(size, seed, traps)
            monkeypatch.setenv("SONAR_URL", made.url)
            monkeypatch.setenv("SONAR_API_KEY", made.token)
            return made

        yield start
