"""The conversation with a real server that fails on demand: each failure has its own type."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest

from extract.sonar.budget import Budget
from extract.sonar.client import Answered, Clock, Manners, Query, Sonar
from extract.sonar.failures import (
    ConnectionLost,
    CutOff,
    Denied,
    ErrorsBesideData,
    FieldsDenied,
    Oversized,
    Rate,
    RateLimited,
    ServerFailed,
    TimedOut,
    TokenExpired,
    TokenRefused,
)
from runtime.settings import SonarApi
from tests import services

PAGE = Query(
    "{ people: contacts(paginator: {page: 1, records_per_page: 5}) { entities { id username } } }"
)


@pytest.fixture(scope="module")
def server() -> Iterator[services.Sonar]:
    """One server for the module; what was ordered is taken back after each test."""
    with ExitStack() as stack:
        yield services.Sonars(stack).start("tiny", 1, {})


@pytest.fixture(autouse=True)
def _good_again(server: services.Sonar) -> Iterator[None]:
    yield
    order(server, "faults", method="DELETE")


def order(server: services.Sonar, path: str, method: str = "POST", **body: Any) -> Any:
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{server.url}/_sandbox/{path}",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {server.token}"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.loads(answer.read())


class QuickClock(Clock):
    """Sleeping takes no time, but is counted."""

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> float:
        """Return the sum of all sleeps."""
        return self.passed

    async def sleep(self, seconds: float) -> None:
        """Count the wait."""
        self.passed += seconds
        await asyncio.sleep(0)


def talk(
    server: services.Sonar,
    work: Callable[[Sonar], Awaitable[Answered]],
    manners: Manners | None = None,
    clock: Clock | None = None,
) -> Answered:
    async def run() -> Answered:
        api = SonarApi(url=server.url, host="127.0.0.1", key=server.token)
        async with Sonar(api, manners or Manners(retries=0), clock=clock) as sonar:
            return await work(sonar)

    return asyncio.run(run())


def ask(server: services.Sonar, manners: Manners | None = None) -> Answered:
    return talk(server, lambda sonar: sonar.ask(PAGE), manners, QuickClock())


@pytest.mark.parametrize(
    ("fault", "kind", "detail"),
    [
        ({"kind": "rate_limited", "retry_after": 90, "times": None},
         RateLimited, {"retry_after": 90}),
        ({"kind": "rate_limited", "times": None}, RateLimited, {"retry_after": None, "rate": None}),
        ({"kind": "limit_reached", "times": None}, RateLimited, {"rate": Rate(400)}),
        ({"kind": "server_error"}, ServerFailed, {"page_maximum": None}),
        ({"kind": "bad_gateway"}, ServerFailed, {}),
        ({"kind": "cut_off"}, CutOff, {}),
        ({"kind": "dropped_midway"}, CutOff, {}),
        ({"kind": "dropped"}, ConnectionLost, {}),
        ({"kind": "slow", "seconds": 600}, TimedOut, {}),
        ({"kind": "errors_beside_data"}, ErrorsBesideData, {}),
        ({"kind": "denied_collection", "collection": "contacts"}, Denied, {"roots": {"people"}}),
        ({"kind": "denied_field", "collection": "contacts", "field": "username"},
         FieldsDenied, {"fields": {"username"}}),
        ({"kind": "page_limit", "limit": 3}, Oversized, {"page_maximum": 3}),
        ({"kind": "expired_token"}, TokenRefused, {}),
    ],
    ids=lambda value: value.get("kind") if isinstance(value, dict) else "",
)  # fmt: skip
def test_each_failure_has_its_type(
    server: services.Sonar, fault: dict[str, Any], kind: type[Exception], detail: dict[str, Any]
) -> None:
    order(server, "faults", **fault)
    with pytest.raises(kind) as caught:
        ask(server, Manners(retries=0, timeout=0.5 if fault["kind"] == "slow" else 60))
    assert type(caught.value) is kind
    assert {name: getattr(caught.value, name) for name in detail} == detail
    assert server.token not in str(caught.value)
    order(server, "faults", method="DELETE")
    assert len(ask(server)) == 1


def test_an_answer_says_when_how_long_and_how_much(server: services.Sonar) -> None:
    began, started = datetime.now(UTC).replace(microsecond=0), time.perf_counter()
    answered = ask(server)
    assert 0 < answered.seconds <= time.perf_counter() - started
    assert list(answered) == ["people"]
    assert bytes(answered["people"]).startswith(b'{"entities":[{"id":"1"')
    assert answered.size > len(bytes(answered["people"]))
    assert answered.date is not None
    assert began <= answered.date <= datetime.now(UTC)


def test_a_rate_limit_is_outwaited_although_no_retry_is_left(server: services.Sonar) -> None:
    order(server, "faults", kind="limit_reached", times=5)
    assert len(ask(server)) == 1


def test_a_refused_size_is_not_asked_for_again(server: services.Sonar) -> None:
    order(server, "faults", kind="page_limit", limit=3)
    before = order(server, "faults", method="GET")["requests"]
    with pytest.raises(Oversized):
        ask(server, Manners(retries=5))
    assert order(server, "faults", method="GET")["requests"] == before + 1


def test_a_token_that_ends_is_told_from_a_wrong_one(server: services.Sonar) -> None:
    async def twice(sonar: Sonar) -> Answered:
        await sonar.ask(PAGE)
        return await sonar.ask(PAGE)

    order(server, "faults", kind="expired_token", after=1)
    with pytest.raises(TokenExpired, match="until now") as caught:
        talk(server, twice)
    assert caught.value.exit_code == 2
    order(server, "faults", method="DELETE")
    order(server, "faults", kind="expired_token", after=1, times=1)
    with pytest.raises(Denied, match="elsewhere"):  # one collection, by status
        talk(server, twice)


def test_a_server_that_is_away_for_a_moment_costs_retries_only(server: services.Sonar) -> None:
    for kind in ("dropped", "server_error", "cut_off", "slow"):
        order(server, "faults", kind=kind, seconds=0.1)
    assert len(ask(server, Manners(retries=4))) == 1


def _busy(server: services.Sonar, budget: Budget, requests: int) -> tuple[int, float]:
    """Ask so many times with eight workers; return the refusals and how long it took."""

    async def run() -> int:
        api = SonarApi(url=server.url, host="127.0.0.1", key=server.token)
        manners = Manners(workers=8, delay=0.2, retries=5)
        async with Sonar(api, manners, budget=budget) as sonar:
            await asyncio.gather(*(sonar.ask(PAGE) for _ in range(requests)))
            assert sonar.total.requests == requests
            return sonar.total.retries

    started = time.monotonic()
    return asyncio.run(run()), time.monotonic() - started


def test_a_given_budget_is_used_and_kept(server: services.Sonar) -> None:
    order(server, "budget", requests=40, seconds=2)
    refused, seconds = _busy(server, Budget(limit=40, period=2.0), 100)
    assert refused <= 8
    assert seconds >= 4  # three windows, the last begun


def test_an_unknown_budget_is_learned(server: services.Sonar) -> None:
    order(server, "budget", requests=60, seconds=1)
    budget = Budget(period=1.0)
    refused, _ = _busy(server, budget, 300)
    assert budget.limit is None or 40 <= budget.limit <= 120
    assert refused <= 5 * 8  # each worker once a window


def test_a_named_limit_is_taken_over(server: services.Sonar) -> None:
    order(server, "faults", kind="limit_reached", limit=123)
    budget = Budget()
    refused, _ = _busy(server, budget, 3)
    assert (refused, budget.limit, budget.period) == (1, 123, 60.0)


def test_a_get_tells_its_status_only(server: services.Sonar) -> None:
    async def status(sonar: Sonar) -> Answered:
        assert await sonar.status_of("/api/files/0") == 404
        order(server, "faults", kind="dropped", times=9, collection="api/files")
        with pytest.raises(ConnectionLost):
            await sonar.status_of("/api/files/0")
        return await sonar.ask(PAGE)

    talk(server, status)
