"""The client's parts that need no server: settings, queries, masking, shapes, the learned pace."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import deque
from decimal import Decimal
from typing import Any

import pytest

from load.rest import answers, queries, results
from load.rest.budget import Budget, Clock
from load.rest.credentials import Nonces
from load.rest.masking import masked
from load.rest.requests import Answer, Request
from runtime.errors import ConfigError
from runtime.log import redact
from runtime.settings import splynx_api

GIVEN = {"SPLYNX_URL": "https://isp.example/", "SPLYNX_API_KEY": "key-4711"}
SECRET = {"SPLYNX_API_SECRET": "secret-4712"}
LOGIN = {"SPLYNX_LOGIN": "ada", "SPLYNX_PASSWORD": "pass word-4713"}


def settings(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> Any:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return splynx_api()


def test_settings_name_the_key_or_the_login(monkeypatch: pytest.MonkeyPatch) -> None:
    api = settings(monkeypatch, {"SPLYNX_URL": GIVEN["SPLYNX_URL"], **LOGIN})
    assert (api.url, api.address, api.way) == ("https://isp.example", "isp.example", "login")
    api = settings(monkeypatch, {**GIVEN, **SECRET})
    assert (api.way, api.user, api.secret) == ("token", "key-4711", "secret-4712")
    assert "4711" not in repr(api)
    assert "4712" not in repr(api)
    assert redact("key-4711 secret-4712 pass word-4713") == "*** *** ***"
    assert settings(monkeypatch, {"SPLYNX_AUTH": "signature"}).way == "signature"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"SPLYNX_URL": "http://isp.example"}, "SPLYNX_URL is plain http to another machine"),
        ({"SPLYNX_URL": "http://10.1.2.3:8080"}, "plain http to another machine"),
        ({"SPLYNX_URL": "isp.example"}, "not a web address"),
        ({"SPLYNX_URL": "https://a:4711@isp.example"}, "not a web address"),
        ({"SPLYNX_URL": "https://isp.example:x"}, "not a web address"),
        ({"SPLYNX_URL": "https://isp.example/api/2.0"}, "more than the host"),
        ({"SPLYNX_API_SECRET": ""}, "SPLYNX_API_SECRET is not set"),
        ({"SPLYNX_API_SECRET": "4712\u00a0"}, "characters that no API key has"),
        ({"SPLYNX_AUTH": "magic"}, "SPLYNX_AUTH is none of"),
    ],
)
def test_wrong_settings_are_named_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], words: str
) -> None:
    with pytest.raises(ConfigError, match=words) as raised:
        settings(monkeypatch, {**GIVEN, **SECRET, **values})
    assert "471" not in str(raised.value)


@pytest.mark.parametrize("host", ["127.0.0.1:1234", "localhost:1", "[::1]:5"])
def test_plain_http_is_for_this_machine(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    assert settings(monkeypatch, {**GIVEN, **SECRET, "SPLYNX_URL": f"http://{host}"}).url


def test_queries_are_what_php_builds() -> None:
    params = queries.search(
        {"id": (">=", 5), "name": "a&b", "status": ("IN", ["new", "é"])},
        {"sonar_key": "account:1"},
        {"id": "DESC"},
        limit=2,
    )
    assert queries.encode(params).split("&") == [
        "main_attributes%5Bid%5D%5B0%5D=%3E%3D",
        "main_attributes%5Bid%5D%5B1%5D=5",
        "main_attributes%5Bname%5D=a%26b",
        "main_attributes%5Bstatus%5D%5B0%5D=IN",
        "main_attributes%5Bstatus%5D%5B1%5D%5B0%5D=new",
        "main_attributes%5Bstatus%5D%5B1%5D%5B1%5D=%C3%A9",
        "additional_attributes%5Bsonar_key%5D=account%3A1",
        "order%5Bid%5D=DESC",
        "limit=2",
    ]


@pytest.mark.parametrize("condition", [None, ("IN", []), ("=", None), ("SOUNDS", "x"), ("=",), {}])
def test_a_condition_that_php_would_leave_out_is_not_sent(condition: Any) -> None:
    with pytest.raises(ValueError, match="the condition on name"):
        queries.search({"name": condition})


@pytest.mark.parametrize(
    ("method", "path", "controller", "action"),
    [
        ("GET", "admin/customers/customer", "admin/customers/customer", "index"),
        ("GET", "admin/customers/customer/7", "admin/customers/customer", "view"),
        ("PUT", "admin/customers/customer/7/internet-services--3", None, "update"),
        (
            "POST",
            "admin/customers/customer-documents/7--upload",
            "admin/customers/customer-documents",
            "upload",
        ),
        (
            "POST",
            "admin/config/additional-fields/customers",
            "admin/config/additional-fields",
            "add",
        ),
        ("GET", "admin/config/download/customer_documents--4", "admin/config/download", "index"),
    ],
)
def test_the_right_that_a_request_needs(
    method: str, path: str, controller: str | None, action: str
) -> None:
    request = Request(method, path)
    assert request.action == action
    assert controller in {None, request.controller}


def test_a_token_in_a_path_is_not_shown() -> None:
    assert Request("GET", "admin/auth/tokens/0123abc").shown == "GET admin/auth/tokens/…"


def test_nonces_grow_and_leave_the_next_run_above_them() -> None:
    async def take() -> None:
        nonces, last = Nonces(), 0
        for _ in range(40):
            nonce = await nonces.next()
            assert last < nonce <= time.time() * 100
            last = nonce

    asyncio.run(take())


def test_texts_are_shown_without_what_was_sent() -> None:
    sent = {"name": "O'Neil & Sons", "flag": 1, "deep": [{"mail": "ada@example.org"}], "no": None}
    text = "Name O&#x27;Neil &amp; Sons, ADA@example.org and «x y»\n take 10 of 1 at 'most'!"
    assert masked(text, sent) == "Name …, … and … take 10 of … at …!"
    assert len(masked("é" * 999, {})) == 201


def test_money_is_read_exactly() -> None:
    read = answers.content(Answer(200, {}, b'{"total": 0.10, "due": 12345678901234567.89}'))
    assert read == {"total": Decimal("0.10"), "due": Decimal("12345678901234567.89")}


def test_options_are_read_in_both_shapes() -> None:
    row = {"name": "login", "title": "Login", "type": "string", "required": "1"}
    as_list = results.options([row])
    as_object = results.options({"attributes": {"0": row}, "additional_attributes": []})
    assert as_list.attributes == as_object.attributes
    assert as_list.attributes["login"].is_required
    assert (as_list.additional, as_object.additional) == (None, {})


class Virtual(Clock):
    """Time passes by sleeping only."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        """Return the sum of all sleeps."""
        return self.time

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.time += seconds


@pytest.mark.parametrize(
    ("requests", "window", "tells"),
    [(10, 1.0, False), (400, 60.0, True), (400, 60.0, False), (30, 60.0, True)],
)
def test_the_pace_finds_the_limit(requests: int, window: float, *, tells: bool) -> None:
    clock = Virtual()
    budget = Budget(clock)
    taken: deque[float] = deque()
    granted = refused = 0

    async def run() -> None:
        nonlocal granted, refused
        while clock.time < 30 * 60:
            sent = await budget.turn()
            clock.time += 0.001
            while taken and taken[0] <= clock.time - window:
                taken.popleft()
            if len(taken) < requests:
                taken.append(clock.time)
                budget.granted()
                granted += 1
                continue
            refused += 1
            budget.refused(sent)
            budget.pause(math.ceil(taken[0] + window - clock.time) if tells else 1.0)

    asyncio.run(run())
    possible = requests / window * clock.time
    assert granted > 0.75 * possible
    assert refused < 0.2 * granted


@pytest.mark.parametrize("chance", [0.0, 0.01, 0.05, 0.2, 0.5])
def test_refusals_by_chance_are_not_taken_for_a_limit(chance: float) -> None:
    clock, dice = Virtual(), random.Random(1)
    budget = Budget(clock)
    refused = 0

    async def run() -> None:
        nonlocal refused
        for _ in range(10_000):
            sent = await budget.turn()
            clock.time += 0.01
            if dice.random() < chance:
                refused += 1
                budget.refused(sent)
                budget.pause(0.1)
            else:
                budget.granted()

    asyncio.run(run())
    assert clock.time < (100 + 0.1 * refused) * (1.0001 if chance == 0 else 1.5)


def test_the_operators_own_limit_is_kept() -> None:
    clock = Virtual()
    budget = Budget(clock, per_minute=600)

    async def ask() -> None:
        for _ in range(102):
            await budget.turn()
            budget.granted()

    asyncio.run(ask())
    assert clock.time == pytest.approx(10.1)
