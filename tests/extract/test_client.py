"""The conversation with a server that misbehaves: what is retried, how long, and what is not."""

from __future__ import annotations

import asyncio
import logging
import tracemalloc

import orjson
import pytest

from extract.catalogue.discovery import discover
from extract.reading.rows import connection
from extract.sonar.client import Clock, Manners, Query, Sonar, Tally
from extract.sonar.failures import RateLimited, Unreachable
from runtime.errors import ConfigError, FatalSourceError, RetriableSourceError
from runtime.settings import SonarApi
from tests.extract.scripted import Reply, Script, free_port, scripted

GOOD = Reply(b'{"data": {"things": {"entities": [{"id": "7"}]}}}')
TOKEN = "token-that-must-not-show"
QUERY = "query Rows($size: Int!) { things(paginator: {page: 1, records_per_page: $size}) { id } }"


class PatientClock(Clock):
    """Time passes by sleeping only, and each sleep is noted."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def now(self) -> float:
        """Return the sum of all sleeps."""
        return sum(self.waits)

    async def sleep(self, seconds: float) -> None:
        """Note the wait."""
        self.waits.append(seconds)
        await asyncio.sleep(0)


def _ask(
    url: str,
    *,
    clock: PatientClock | None = None,
    manners: Manners | None = None,
    tally: Tally | None = None,
) -> bytes:
    async def run() -> bytes:
        api = SonarApi(url=url, host="127.0.0.1", key=TOKEN)
        patience = manners or Manners(delay=0.001, retries=3)
        async with Sonar(api, patience, clock=clock) as sonar:
            data = await sonar.ask(Query(QUERY).with_values(size=5), tally)
            return bytes(data["things"])

    return asyncio.run(run())


def _asked(script: Script) -> list[object]:
    return [orjson.loads(body)["variables"] for body in script.bodies]


@pytest.mark.parametrize(
    "fault",
    [
        Reply(status=500),
        Reply(status=503, body=b"<html>"),
        Reply(status=429),
        Reply(b"<html>maintenance</html>"),
        Reply(GOOD.body, sends=20),
        Reply(GOOD.body[:20]),
        Reply(drops=True),
        Reply(b'{"errors": [{"message": "Internal server error"}], "data": {"things": null}}'),
        Reply(b'{"error": "Too many attempts"}'),
    ],
    ids=["500", "503", "429", "html", "cut", "short", "dropped", "errors", "error-text"],
)
def test_what_passes_is_asked_again(fault: Reply) -> None:
    tally = Tally()
    with scripted(fault, fault, GOOD) as script:
        assert b'"7"' in _ask(script.url, tally=tally)
        assert _asked(script) == [{"size": 5}] * 3
    assert (tally.requests, tally.retries) == (1, 2)


def test_a_server_that_is_too_slow_is_asked_again() -> None:
    tally = Tally()
    with scripted(Reply(after=600), GOOD) as script:
        # Long enough for a good answer of a busy machine, which would be asked for again too.
        manners = Manners(timeout=8, delay=0.001, retries=1)
        assert b'"7"' in _ask(script.url, manners=manners, tally=tally)
        assert len(script.bodies) == 2
    assert (tally.requests, tally.retries) == (1, 1)


def test_a_large_answer_is_in_memory_once() -> None:
    text = b"x" * 16_000_000
    large = Reply(b'{"data": {"things": {"entities": [{"id": "7", "text": "%b"}]}}}' % text)

    async def run(url: str) -> int:
        api = SonarApi(url=url, host="127.0.0.1", key=TOKEN)
        async with Sonar(api, Manners()) as sonar:
            data = await sonar.ask(Query(QUERY).with_values(size=5))
            return len(connection(data["things"]).present)

    with scripted(large) as script:
        tracemalloc.start()
        try:
            assert asyncio.run(run(script.url)) == 1
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 1.5 * len(text)


def test_patience_is_bounded() -> None:
    with (
        scripted(Reply(status=500)) as script,
        pytest.raises(RetriableSourceError, match="HTTP 500"),
    ):
        _ask(script.url)
    assert len(script.bodies) == 4


def test_retry_after_is_honoured() -> None:
    clock = PatientClock()
    limited = Reply(status=429, headers=[("Retry-After", "17")])
    with scripted(limited, limited) as script, pytest.raises(RateLimited):
        _ask(script.url, clock=clock, manners=Manners(retries=1))
    assert 17 in clock.waits


def test_waits_grow_and_carry_jitter() -> None:
    clock = PatientClock()
    with scripted(Reply(status=500)) as script, pytest.raises(RetriableSourceError):
        _ask(script.url, clock=clock, manners=Manners(delay=1.0, retries=4))
    for attempt, wait in enumerate(clock.waits):
        assert 0.75 * 2**attempt <= wait <= 1.25 * 2**attempt
    assert len(clock.waits) == 4


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Reply(status=401), ConfigError),
        (Reply(status=403), ConfigError),
        (Reply(status=302, headers=[("Location", "/login")]), ConfigError),
        (Reply(b'{"errors": [{"message": "Syntax Error: Expected Name"}]}'), FatalSourceError),
    ],
    ids=["401", "403", "redirect", "bad-query"],
)
def test_what_does_not_pass_is_not_asked_again(fault: Reply, kind: type[Exception]) -> None:
    with scripted(fault) as script, pytest.raises(kind):
        _ask(script.url)
    assert len(script.bodies) == 1


def test_nobody_there() -> None:
    with pytest.raises(Unreachable, match="no connection"):
        _ask(f"http://127.0.0.1:{free_port()}")


def test_a_host_that_no_name_server_knows() -> None:
    with pytest.raises(Unreachable, match="host name is not known"):
        _ask("http://sonar.invalid")


def test_https_where_plain_http_is_spoken() -> None:
    with scripted(GOOD) as script, pytest.raises(ConfigError, match="speaks plain http"):
        _ask(script.url.replace("http:", "https:"))


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schlüssel"])
def test_a_token_that_can_be_none_is_refused_unsent(key: str) -> None:
    with pytest.raises(ConfigError, match="SONAR_API_KEY") as caught:
        Sonar(SonarApi(url="http://127.0.0.1", host="127.0.0.1", key=key), Manners())
    assert key not in str(caught.value)


def test_a_limit_told_in_headers_is_kept_before_it_is_met() -> None:
    told = Reply(GOOD.body, headers=[("X-RateLimit-Limit", "2")])

    async def run(url: str) -> list[float]:
        clock = PatientClock()
        api = SonarApi(url=url, host="127.0.0.1", key=TOKEN)
        async with Sonar(api, Manners(), clock=clock) as sonar:
            for _ in range(3):
                await sonar.ask(Query(QUERY).with_values(size=5))
            assert sonar.budget.limit == 2
        return clock.waits

    with scripted(told) as script:
        assert 60 <= sum(asyncio.run(run(script.url))) <= 62


def test_what_was_a_sonar_until_now_is_waited_for() -> None:
    away = Reply(status=302, headers=[("Location", "/maintenance")])

    async def run(url: str) -> None:
        api = SonarApi(url=url, host="127.0.0.1", key=TOKEN)
        async with Sonar(api, Manners(delay=0.001)) as sonar:
            for _ in range(2):
                await sonar.ask(Query(QUERY).with_values(size=5))

    with scripted(GOOD, away, away, GOOD) as script:
        asyncio.run(run(script.url))
        assert len(script.bodies) == 4


def test_the_token_is_in_no_message(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    echo = Reply(b'{"errors": [{"message": "Internal server error"}]}', status=200)
    with scripted(echo) as script, pytest.raises(RetriableSourceError) as caught:
        _ask(script.url)
    assert TOKEN not in str(caught.value)
    assert TOKEN not in caplog.text


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (Reply(b"<html><body>Welcome</body></html>"), "web page"),
        (Reply(b'{"data": {"__schema": null}}'), "not a Sonar"),
        (Reply(b'{"data": {}}'), "not a Sonar"),
        (Reply(b'{"data": {"__schema": {"types": []}}}'), "not a Sonar"),
        (Reply(status=404), "no GraphQL at SONAR_URL"),
        (Reply(b"<html>plain HTTP sent to HTTPS port</html>", status=400), "needs https"),
        (
            Reply(b'{"errors": [{"message": "GraphQL introspection is not allowed"}]}'),
            "refuses introspection",
        ),
        (Reply(b'{"error": {"message": "Unauthenticated."}}'), "refuses the token"),
    ],
    ids=["html", "null", "nothing", "empty", "404", "tls", "introspection", "token"],
)
def test_what_is_no_sonar_is_said_in_one_line(reply: Reply, says: str) -> None:
    async def run(url: str) -> None:
        api = SonarApi(url=url, host="127.0.0.1", key=TOKEN)
        async with Sonar(api, Manners(delay=0.001)) as sonar:
            discover(await sonar.schema())

    with scripted(reply) as script, pytest.raises(ConfigError, match=says) as caught:
        asyncio.run(run(script.url))
    assert "\n" not in str(caught.value)
