"""What an endpoint says of itself decides before anything is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy import Engine

from runtime.errors import GateFailed
from tests.load.rest import rest_world as world
from tests.sandbox.splynx_process import SplynxProcess, fresh
from tests.services import Splynxes

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]

TARIFFS = "admin/tariffs/internet"
PAYMENTS = "admin/finance/payments"


@pytest.fixture(scope="module")
def server(splynxes: Splynxes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SplynxProcess]:
    """Yield a server of its own: what is loaded here stays in it."""
    yield from fresh(splynxes, tmp_path_factory.mktemp("api"))


@pytest.fixture
def at_server(warehouse: Engine, server: SplynxProcess) -> Iterator[SplynxProcess]:
    with world.at(server):
        world.create_marts(warehouse, 10)
        world.inspect(warehouse, server.url.removeprefix("http://"))
        world.accept(warehouse)
        yield server
    server.control("DELETE", "faults")


def _say(server: SplynxProcess, path: str, changes: Mapping[str, Mapping[str, Any] | None]) -> None:
    """Have OPTIONS of an endpoint tell attributes otherwise; None: it has no such attribute."""
    told = server.call("OPTIONS", path).body
    attributes = {row["name"]: row for row in told["attributes"]}
    for name, change in changes.items():
        attributes[name] = {"name": name, **attributes.get(name, {}), **(change or {})}
        if change is None:
            del attributes[name]
    body = {**told, "attributes": list(attributes.values())}
    server.fault(kind="answer", method="OPTIONS", path=path, body=body, times=None)


@pytest.mark.parametrize(
    ("path", "changes", "said"),
    [
        (PAYMENTS, {"comment": None}, "has no comment"),
        (PAYMENTS, {"amount": {"readonly": "1"}}, "amount is read-only there"),
        (PAYMENTS, {"till": {"required": True}}, "it demands till, which is never sent"),
        (TARIFFS, {"title": {"values": ["Plan 1", "Plan 3"]}}, "title does not take Plan 2"),
    ],
)
def test_what_an_endpoint_would_not_take_is_refused_before_any_write(
    at_server: SplynxProcess,
    path: str,
    changes: Mapping[str, Mapping[str, Any] | None],
    said: str,
) -> None:
    _say(at_server, path, changes)
    before = at_server.scalar("select count(*) from partners")
    with pytest.raises(GateFailed) as refused:
        world.run_load()
    (line,) = refused.value.report["contract"]
    assert line.startswith(f"{path}: ")
    assert said in line
    assert at_server.scalar("select count(*) from partners") == before


def test_an_endpoint_that_is_missing_is_refused_and_a_silent_one_is_not(
    at_server: SplynxProcess,
) -> None:
    missing = {"error": {"message": "-", "code": 404, "internal_code": "NOT_FOUND"}}
    at_server.fault(
        kind="answer", method="OPTIONS", path=PAYMENTS, status=404, body=missing, times=None
    )
    with pytest.raises(GateFailed, match="no such endpoint"):
        world.run_load()
    at_server.control("DELETE", "faults")
    silent = {"error": {"message": "-", "code": 405, "internal_code": "METHOD_NOT_ALLOWED"}}
    at_server.fault(kind="answer", method="OPTIONS", status=405, body=silent, times=None)
    assert world.run_load().written.created > 0
