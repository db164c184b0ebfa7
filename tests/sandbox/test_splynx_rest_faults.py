"""The Splynx sandbox told to fail: what the client sees, and what is in the database."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import requests

from tests.sandbox.splynx_process import SplynxProcess, fresh
from tests.services import Splynxes

pytestmark = pytest.mark.mysql


@pytest.fixture(scope="module")
def started(
    splynxes: Splynxes, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SplynxProcess]:
    yield from fresh(splynxes, tmp_path_factory.mktemp("rest"))


@pytest.fixture
def splynx(started: SplynxProcess) -> Iterator[SplynxProcess]:
    yield started
    started.control("DELETE", "faults")


PARTNERS = "admin/administration/partners"


def count(splynx: SplynxProcess, name: str) -> int:
    return int(splynx.scalar("select count(*) from partners where name = :name", name=name))


def test_a_lost_reply_is_committed(splynx: SplynxProcess) -> None:
    splynx.fault(kind="lost_reply", method="POST")
    splynx.get(PARTNERS)
    with pytest.raises(requests.ConnectionError):
        splynx.call("POST", PARTNERS, json={"name": "Lost"})
    assert count(splynx, "Lost") == 1
    assert splynx.call("POST", PARTNERS, json={"name": "Kept"}).status == 201


def test_a_late_request_is_carried_out_after_an_equal_one(splynx: SplynxProcess) -> None:
    splynx.fault(kind="late", method="POST")
    with pytest.raises(requests.ConnectionError):
        splynx.call("POST", PARTNERS, json={"name": "Late"})
    splynx.create(PARTNERS, {"name": "Another"})
    assert count(splynx, "Late") == 0
    splynx.create(PARTNERS, {"name": "Late"})
    assert count(splynx, "Late") == 2
    splynx.create(PARTNERS, {"name": "Late"})
    assert count(splynx, "Late") == 3


def test_a_dropped_request_does_nothing(splynx: SplynxProcess) -> None:
    splynx.fault(kind="dropped")
    with pytest.raises(requests.ConnectionError):
        splynx.call("POST", PARTNERS, json={"name": "Dropped"})
    assert count(splynx, "Dropped") == 0


@pytest.mark.parametrize(("kind", "status"), [("server_error", 500), ("bad_gateway", 502)])
def test_server_errors_do_nothing(splynx: SplynxProcess, kind: str, status: int) -> None:
    splynx.fault(kind=kind, times=2, after=1)
    answers = [splynx.call("POST", PARTNERS, json={"name": kind}) for _ in range(4)]
    assert [answer.status for answer in answers] == [201, status, status, 201]
    assert count(splynx, kind) == 2
    is_page = answers[1].headers["Content-Type"].startswith("text/html")
    assert is_page == (kind == "bad_gateway")


def test_rate_limits(splynx: SplynxProcess) -> None:
    splynx.fault(kind="rate_limited", retry_after=3)
    answer = splynx.call("GET", PARTNERS)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "3")
    assert splynx.call("GET", PARTNERS).status == 200


def test_a_slow_answer_comes(splynx: SplynxProcess) -> None:
    splynx.fault(kind="slow", seconds=0.3, path="admin/config")
    began = time.monotonic()
    splynx.get(PARTNERS)
    assert splynx.call("GET", "admin/config/taxes").status == 200
    assert time.monotonic() - began >= 0.3


def test_tokens_expire_in_the_middle(splynx: SplynxProcess) -> None:
    body = {"auth_type": "api_key", "key": splynx.key, "secret": splynx.secret}
    made = splynx.call("POST", "admin/auth/tokens", {}, json=body).body
    header = {"Authorization": f"Splynx-EA (access_token={made['access_token']})"}
    splynx.fault(kind="expire_tokens", after=1)
    answers = [splynx.call("GET", PARTNERS, header) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 401, 401]
    assert answers[1].code == "EXPIRED_ACCESS_TOKEN"
    renewed = splynx.call("GET", f"admin/auth/tokens/{made['refresh_token']}", {})
    header = {"Authorization": f"Splynx-EA (access_token={renewed.body['access_token']})"}
    assert splynx.call("GET", PARTNERS, header).status == 200


def test_a_module_goes_off_in_the_middle(splynx: SplynxProcess) -> None:
    splynx.fault(kind="module_off", module="support", after=1)
    path = "admin/support/tickets"
    assert [splynx.call("GET", path).status for _ in range(3)] == [200, 405, 405]
    splynx.control("POST", "modules", {"module": "support", "on": True})
    assert splynx.call("GET", path).status == 200


def test_chance_is_the_same_for_the_same_seed(splynx: SplynxProcess) -> None:
    def run(seed: int) -> list[int]:
        splynx.fault(kind="server_error", probability=0.3, seed=seed)
        found = [splynx.call("GET", PARTNERS).status for _ in range(30)]
        shown = splynx.control("GET", "faults").body
        assert shown["spoiled"] == {"server_error": found.count(500)}
        splynx.control("DELETE", "faults")
        return found

    first = run(1)
    assert run(1) == first
    assert run(2) != first
    assert 0 < first.count(500) < 30


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "no such"},
        {"kind": "slow", "wrong": 1},
        {"kind": "module_off"},
        {"kind": "module_off", "module": "x"},
    ],
)
def test_a_fault_that_cannot_be_planned(splynx: SplynxProcess, fault: dict[str, str]) -> None:
    assert splynx.control("POST", "faults", fault).status == 422
