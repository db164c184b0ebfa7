"""Each way in which Splynx refuses: its class, its exit code, and a line that helps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from load.rest.client import Splynx
from load.rest.failures import (
    BadRequest,
    Failure,
    Forbidden,
    Invalid,
    MethodNotAllowed,
    ModuleOff,
    NotASplynx,
    NotFound,
    NotJson,
    NotSent,
    PartnerRestricted,
    Problem,
    RateLimited,
    ReplyLost,
    ServerFault,
    Unauthorized,
    Undeletable,
)
from runtime.errors import ConfigError
from tests.extract.scripted import free_port
from tests.load.rest.talking import PARTNERS, Impatient, api, arrivals, talk
from tests.sandbox.splynx_process import SplynxProcess

pytestmark = pytest.mark.mysql

CUSTOMERS = "admin/customers/customer"


def refused(server: SplynxProcess, method: str, path: str, body: Any = None) -> Failure:
    async def work(splynx: Splynx) -> None:
        match method:
            case "POST":
                await splynx.create(path, body or {})
            case "PUT":
                await splynx.update(path, body or {})
            case "DELETE":
                await splynx.delete(path)
            case "HEAD":
                await splynx.count(path)
            case _:
                await splynx.search(path)

    with pytest.raises(Failure) as raised:
        talk(server, work)
    assert "\n" not in str(raised.value)
    assert server.secret not in str(raised.value)
    return raised.value


def test_a_missing_right_names_controller_and_action(server: SplynxProcess) -> None:
    where = "controller = 'admin/finance/payments' and action in ('add', 'index')"
    server.execute(f"update permissions_api_key set action = concat('no_', action) where {where}")
    try:
        made = refused(server, "POST", "admin/finance/payments")
        counted = refused(server, "HEAD", "admin/finance/payments")
    finally:
        server.execute("update permissions_api_key set action = replace(action, 'no_', '')")
    assert isinstance(made, Forbidden)
    assert (made.controller, made.action, made.exit_code) == ("admin/finance/payments", "add", 2)
    assert "grant the action add of admin/finance/payments" in str(made)
    assert isinstance(counted, Forbidden)
    assert (counted.action, counted.internal_code) == ("index", "FORBIDDEN")


def test_a_module_that_is_off_is_told_from_a_missing_method(server: SplynxProcess) -> None:
    server.control("POST", "modules", {"module": "support", "on": False})
    try:
        failures = [
            refused(server, method, "admin/support/tickets") for method in ("GET", "POST", "HEAD")
        ]
    finally:
        server.control("POST", "modules", {"module": "support", "on": True})
    for failure in failures:
        assert isinstance(failure, ModuleOff)
        assert failure.exit_code == 2
        assert "admin/support/tickets is switched off" in str(failure)
    other = refused(server, "POST", "admin/config/taxes")
    assert isinstance(other, MethodNotAllowed)
    assert other.exit_code == 5


def test_another_partners_record_is_restricted(server: SplynxProcess) -> None:
    theirs = server.customer(partner_id=server.create(PARTNERS, {"name": "Other"}))
    server.execute("update api set partner_id = 1")
    try:
        failure = refused(server, "PUT", f"{CUSTOMERS}/{theirs}", {"name": "x"})
    finally:
        server.execute("update api set partner_id = 0")
    assert isinstance(failure, PartnerRestricted)
    assert failure.exit_code == 2


def test_a_missing_record_is_told_from_a_missing_endpoint(server: SplynxProcess) -> None:
    record = refused(server, "DELETE", f"{PARTNERS}/999")
    endpoint = refused(server, "GET", "admin/administration/roles")
    assert isinstance(record, NotFound)
    assert isinstance(endpoint, NotFound)
    assert (record.is_endpoint, endpoint.is_endpoint) == (False, True)
    assert (record.exit_code, endpoint.exit_code) == (5, 5)


def test_validation_names_fields_and_never_values(server: SplynxProcess) -> None:
    body = {"name": "Ada Lovelace", "status": "sesame", "category": "person", "city": "c" * 99}
    failure = refused(server, "POST", CUSTOMERS, body)
    assert isinstance(failure, Invalid)
    fields = {problem.field for problem in failure.problems}
    assert fields == {"partner_id", "location_id", "status", "city"}
    assert "sesame" not in str(failure)
    assert "cc" not in str(failure)


@pytest.mark.parametrize(
    "shape",
    [
        [{"field": "login", "message": 'Login "ada99" is used!'}],
        [{"attribute": "login", "error": "Login ada99 is used!"}],
        {"login": ["Login 'ada99' is used!"]},
        {"login": "Login ADA99 is used!"},
        {"0": {"field": "login", "message": "Login ada99 is used!"}},
        {"errors": {"login": ["Login ada99 is used!"]}},
        {
            "error": {
                "message": "no",
                "code": 422,
                "errors": [{"field": "login", "message": "Login ada99 is used!"}],
            }
        },
    ],
    ids=["fields", "attributes", "lists", "mapping", "gaps", "errors", "error-object"],
)
def test_every_shape_of_a_failed_validation_is_read(server: SplynxProcess, shape: Any) -> None:
    server.fault(kind="answer", method="POST", status=422, body=shape)
    failure = refused(server, "POST", CUSTOMERS, {"login": "ada99"})
    assert isinstance(failure, Invalid)
    assert Problem("login", "Login … is used!") in failure.problems
    assert "ada99" not in str(failure).lower()
    assert "login: Login … is used!" in str(failure)


CODES: Mapping[str, tuple[int, type[Failure], int, str]] = {
    "BAD_REQUEST": (400, BadRequest, 5, "cannot carry out"),
    "INVALID_INPUT_DATA": (400, BadRequest, 5, "cannot carry out"),
    "UNAUTHORIZED": (401, Unauthorized, 2, "check SPLYNX_API_KEY"),
    "MISSED_AUTHORIZATION_HEADER": (401, Unauthorized, 2, "drops the header"),
    "INVALID_SASH": (401, Unauthorized, 2, "a key of its own"),
    "INVALID_AUTH_TYPE": (401, Unauthorized, 2, "SPLYNX_AUTH=signature"),
    "INVALID_USER": (401, Unauthorized, 2, "SPLYNX_LOGIN"),
    "INVALID_TWO_FACTOR_CODE": (400, Unauthorized, 2, "two factors"),
    "MISSED_TWO_FACTOR_CODE": (400, Unauthorized, 2, "two factors"),
    "EXCEEDED_MAX_ATTEMPTS": (429, Unauthorized, 2, "wait until"),
    "EMPTY_ACCESS_TOKEN": (401, Unauthorized, 2, "got lost"),
    "EXPIRED_ACCESS_TOKEN": (401, Unauthorized, 2, "clocks"),
    "EXPIRED_REFRESH_TOKEN": (401, Unauthorized, 2, "run again"),
    "TOKEN_BANNED": (401, Unauthorized, 2, "withdrawn"),
    "IP_CHANGED": (401, Unauthorized, 2, "from several"),
    "USER_AGENT_CHANGED": (401, Unauthorized, 2, "User-Agent"),
    "RESET_PASSWORD_DISABLED": (403, Forbidden, 2, "grant"),
    "RESET_PASSWORD_CODE_INVALID": (400, BadRequest, 5, "cannot carry out"),
    "RESET_PASSWORD_FAIL": (400, BadRequest, 5, "cannot carry out"),
    "FORBIDDEN": (403, Forbidden, 2, "grant"),
    "NOT_FOUND": (404, NotFound, 5, "has no"),
    "METHOD_NOT_ALLOWED": (405, MethodNotAllowed, 5, "has no GET"),
    "METHOD_DISABLED": (405, ModuleOff, 2, "switch it on"),
    "NOT_ALLOWED_BY_PARTNER_RESTRICTION": (405, PartnerRestricted, 2, "bound to no partner"),
    "NOT_ALLOWED_BY_USER_RESTRICTION": (405, PartnerRestricted, 2, "bound to no partner"),
    "ENTITY_CANNOT_BE_DELETED": (400, Undeletable, 5, "other records need it"),
    "SERVER_ERROR": (500, ServerFault, 5, "its own log"),
}


@pytest.mark.parametrize("code", CODES)
def test_every_published_code_has_a_class_and_a_remedy(server: SplynxProcess, code: str) -> None:
    status, kind, exit_code, words = CODES[code]
    error = {"message": "Texte!", "code": status, "internal_code": code}
    server.fault(kind="answer", path=PARTNERS, status=status, body={"error": error}, times=None)
    before = arrivals(server)
    failure = refused(server, "GET", PARTNERS)
    assert type(failure) is kind
    assert (failure.status, failure.internal_code) == (status, code)
    assert failure.exit_code == exit_code
    assert words in str(failure)
    assert arrivals(server) - before == (4 if kind is ServerFault else 1)  # 4xx: never again


@pytest.mark.parametrize(
    ("status", "body", "kind", "exit_code"),
    [
        (200, "<html>maintenance</html>", NotASplynx, 2),
        (403, "<html>firewall</html>", NotASplynx, 2),
        (302, None, NotASplynx, 2),
        (404, {"message": "Not Found"}, NotASplynx, 2),
        (429, "<html>slow down</html>", RateLimited, 5),
        (502, "<html>bad gateway</html>", ReplyLost, 5),
        (504, None, ReplyLost, 5),
        (503, "<html>maintenance</html>", ServerFault, 5),
    ],
)
def test_what_is_not_splynx_at_first_contact(
    server: SplynxProcess, status: int, body: Any, kind: type[Failure], exit_code: int
) -> None:
    server.fault(kind="answer", status=status, body=body, times=None)
    clock = Impatient()
    with pytest.raises(Failure) as raised:
        talk(server, lambda splynx: splynx.search(PARTNERS), clock=clock, patience=1.0)
    assert type(raised.value) is kind
    assert raised.value.exit_code == exit_code


def test_a_web_page_later_on_is_waited_for(server: SplynxProcess) -> None:
    server.fault(kind="answer", body="<html>maintenance</html>", after=1, times=2)

    async def work(splynx: Splynx) -> int:
        return len(await splynx.search(PARTNERS)) - len(await splynx.search(PARTNERS))

    assert talk(server, work) == 0
    server.fault(kind="answer", body="<html>maintenance</html>", after=1, times=None)
    with pytest.raises(NotJson, match="a web page"):
        talk(server, work)


@contextmanager
def said(kind: type[Exception], exit_code: int, words: str) -> Iterator[None]:
    with pytest.raises(kind, match=words) as raised:
        yield
    assert "\n" not in str(raised.value)
    assert raised.value.exit_code == exit_code  # type: ignore[attr-defined]


def test_a_wrong_address_is_one_clear_line(server: SplynxProcess) -> None:
    settings = api(server)

    def ask(url: str) -> None:
        talk(replace(settings, url=url), lambda splynx: splynx.search(PARTNERS))

    with said(NotSent, 5, "host name is not known: check SPLYNX_URL"):
        ask("https://splynx.invalid")
    with said(NotSent, 5, "refused|Cannot connect|check SPLYNX_URL"):
        ask(f"http://127.0.0.1:{free_port()}")
    with said(ConfigError, 2, "speaks plain http"):
        ask(server.url.replace("http:", "https:"))
    with said(NotASplynx, 2, "does not speak HTTP"):
        ask(f"http://127.0.0.1:{server.database.url.port}")
