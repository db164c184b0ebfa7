"""Who asks: each way, renewal by one for all, and what a wrong credential says."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from load.rest.client import Splynx
from load.rest.failures import Forbidden, NotSent, Unauthorized
from runtime.log import redact
from runtime.settings import Way
from tests.load.rest.talking import (
    PARTNERS,
    TOKENS,
    Impatient,
    api,
    arrivals,
    counter,
    partners,
    talk,
)
from tests.sandbox.splynx_process import SplynxProcess

pytestmark = pytest.mark.mysql


def side_by_side(splynx: Splynx, workers: int, times: int, **search: Any) -> Any:
    async def worker() -> None:
        for _ in range(times):
            await splynx.search(PARTNERS, limit=1, **search)

    return asyncio.gather(*(worker() for _ in range(workers)))


@pytest.mark.parametrize(
    ("way", "words"),
    [("basic", "basic"), ("signature", "signature"), ("token", "access token by key")],
)
def test_each_way_is_taken(server: SplynxProcess, way: Way, words: str) -> None:
    async def work(splynx: Splynx) -> str:
        await splynx.get(f"{PARTNERS}/1")
        return splynx.way

    assert talk(api(server, way), work) == words


@pytest.mark.parametrize("way", ["basic", "signature", "token"])
def test_a_wrong_secret_is_refused_once_and_not_shown(server: SplynxProcess, way: Way) -> None:
    settings = replace(api(server, way), secret="wrong-and-secret")
    before = arrivals(server)
    with pytest.raises(Unauthorized, match="SPLYNX_API_SECRET") as raised:
        talk(settings, lambda splynx: splynx.get(f"{PARTNERS}/1"))
    assert raised.value.exit_code == 2
    assert "wrong-and-secret" not in str(raised.value) + repr(settings)
    assert arrivals(server) - before == (2 if way == "token" else 1)


def test_an_address_outside_the_white_list_is_forbidden(server: SplynxProcess) -> None:
    server.execute("update api set white_list = :list", list='["10.0.0.1"]')
    try:
        with pytest.raises(Forbidden, match="white list"):
            talk(api(server, "token"), lambda splynx: splynx.get(f"{PARTNERS}/1"))
    finally:
        server.execute("update api set white_list = '[]'")


def test_a_login_buys_a_token_and_a_wrong_password_does_not(server: SplynxProcess) -> None:
    password = "s3cret-grace"
    person = {"login": "grace", "name": "G", "email": "g@example.org", "password": password}
    server.create("admin/administration/administrators", {**person, "role_name": "administrator"})
    settings = replace(api(server, "login"), user="grace", secret=password)

    async def work(splynx: Splynx) -> tuple[str, int]:
        await side_by_side(splynx, 5, 2)
        return splynx.way, splynx.tally.tokens

    assert talk(settings, work) == ("access token by log-in", 1)
    with pytest.raises(Unauthorized, match="check SPLYNX_LOGIN and SPLYNX_PASSWORD"):
        talk(replace(settings, secret="no"), work)


def test_a_token_that_ends_under_twenty_workers_is_renewed_once(server: SplynxProcess) -> None:
    server.fault(kind="slow", seconds=0.2, path=f"{TOKENS}/", times=1)  # so that all pile up
    server.fault(kind="expire_tokens", path=PARTNERS, after=30)
    obtained = counter(server, TOKENS)
    before = partners(server, "Renewed %")

    async def work(splynx: Splynx) -> tuple[int, int]:
        async def worker(number: int) -> None:
            for turn in range(5):
                await splynx.create(PARTNERS, {"name": f"Renewed {number}-{turn}"})

        await asyncio.gather(*(worker(number) for number in range(20)))
        return splynx.tally.tokens, splynx.tally.retries

    tokens, repeated = talk(api(server, "token"), work, workers=20)
    assert obtained() == 3  # the log-in, the renewal, and the wait planned on it
    assert tokens == 2
    assert repeated >= 1
    assert partners(server, "Renewed %") - before == 100


def test_a_token_is_renewed_before_it_ends(server: SplynxProcess) -> None:
    clock = Impatient()
    refresh = counter(server, f"{TOKENS}/", "GET")

    async def work(splynx: Splynx) -> tuple[int, int]:
        await side_by_side(splynx, 10, 1)
        clock.waits.append(1760.0)  # of 1800
        await side_by_side(splynx, 10, 1)
        early = refresh()
        clock.waits.append(15.0)
        await side_by_side(splynx, 10, 1)
        return early, splynx.tally.tokens

    early, tokens = talk(api(server, "token"), work, clock=clock)
    assert (early, refresh(), tokens) == (0, 1, 2)


def test_a_refresh_token_that_has_ended_leads_to_a_new_log_in(server: SplynxProcess) -> None:
    async def work(splynx: Splynx) -> int:
        await splynx.get(f"{PARTNERS}/1")
        server.control("POST", "clock", {"seconds": 90_000})
        await splynx.get(f"{PARTNERS}/1")
        return splynx.tally.tokens

    assert talk(api(server, "token"), work) == 2


@pytest.mark.parametrize("code", ["TOKEN_BANNED", "UNAUTHORIZED", "EMPTY_ACCESS_TOKEN"])
def test_a_token_that_was_withdrawn_is_replaced(server: SplynxProcess, code: str) -> None:
    body = {"error": {"message": "", "code": 401, "internal_code": code}}
    fault = {"kind": "answer", "path": PARTNERS, "status": 401, "body": body}

    async def work(splynx: Splynx) -> int:
        await splynx.create(PARTNERS, {"name": f"After {code}"})
        return splynx.tally.tokens

    server.fault(**fault, times=1)
    assert talk(api(server, "token"), work) == 2
    assert partners(server, f"After {code}") == 1
    server.fault(**fault, times=None)
    with pytest.raises(Unauthorized, match=code):
        talk(api(server, "token"), work)


def test_without_an_answer_to_the_log_in_nothing_else_is_sent(server: SplynxProcess) -> None:
    server.fault(kind="lost_reply", path=TOKENS, times=None)
    before = arrivals(server)
    with pytest.raises(NotSent, match="no access token") as raised:
        talk(api(server, "token"), lambda splynx: splynx.create(PARTNERS, {"name": "x"}))
    assert not raised.value.is_uncertain
    assert arrivals(server) - before == 3


@pytest.mark.parametrize("code", ["IP_CHANGED", "USER_AGENT_CHANGED"])
def test_a_token_that_is_bound_elsewhere_is_no_use(server: SplynxProcess, code: str) -> None:
    body = {"error": {"message": "", "code": 401, "internal_code": code}}
    server.fault(kind="answer", path=PARTNERS, status=401, body=body)
    with pytest.raises(Unauthorized, match="SPLYNX_AUTH=signature"):
        talk(api(server, "token"), lambda splynx: splynx.get(f"{PARTNERS}/1"))


@pytest.mark.parametrize(("status", "code"), [(405, "METHOD_NOT_ALLOWED"), (404, "NOT_FOUND")])
def test_without_tokens_requests_are_signed(server: SplynxProcess, status: int, code: str) -> None:
    body = {"error": {"message": "", "code": status, "internal_code": code}}
    server.fault(kind="answer", path=TOKENS, status=status, body=body, times=None)

    async def work(splynx: Splynx) -> tuple[str, int]:
        await side_by_side(splynx, 5, 1)
        return splynx.way, splynx.tally.requests

    assert talk(api(server, "token"), work) == ("signature", 6)


def test_twenty_workers_sign_without_a_refused_nonce(server: SplynxProcess) -> None:
    server.fault(kind="slow", seconds=0.02, probability=0.3, times=None)  # some overtake others
    used = server.scalar("select usage_count from api")
    before = arrivals(server)

    async def work(splynx: Splynx) -> int:
        await side_by_side(splynx, 20, 3)
        return splynx.tally.requests

    assert talk(api(server, "signature"), work, workers=20) == 60
    assert arrivals(server) - before == 60
    assert server.scalar("select usage_count from api") - used == 60


def test_tokens_are_masked_in_everything_that_is_written(server: SplynxProcess) -> None:
    async def work(splynx: Splynx) -> str:
        await splynx.get(f"{PARTNERS}/1")
        conversation: Any = splynx._conversation
        return str(conversation._authentication._token.access)

    token = talk(api(server, "token"), work)
    assert len(token) > 20
    assert redact(f"Splynx-EA (access_token={token})") == "Splynx-EA (access_token=***)"
