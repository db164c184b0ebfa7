"""Who may call the Splynx sandbox, and which status each kind of call answers."""

from __future__ import annotations

import base64
import http.client
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.sandbox.splynx_process import TIMEOUT, Answer, SplynxProcess, fresh, signature
from tests.services import Splynxes

pytestmark = pytest.mark.mysql


@pytest.fixture(scope="module")
def splynx(splynxes: Splynxes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SplynxProcess]:
    yield from fresh(splynxes, tmp_path_factory.mktemp("rest"))


TOKENS = "admin/auth/tokens"
PARTNERS = "admin/administration/partners"


def token_header(token: str) -> dict[str, str]:
    return {"Authorization": f"Splynx-EA (access_token={token})"}


def new_tokens(splynx: SplynxProcess, **headers: str) -> Any:
    nonce = int(time.time())
    body = {
        "auth_type": "api_key",
        "key": splynx.key,
        "nonce": nonce,
        "signature": signature(nonce, splynx.key, splynx.secret),
    }
    answer = splynx.call("POST", TOKENS, headers, json=body)
    assert answer.status == 201, answer
    return answer.body


def refused(answer: Answer, code: str) -> None:
    assert (answer.status, answer.code) == (401, code)
    assert answer.body["error"]["code"] == 401


def test_basic_needs_the_secret_and_the_option(splynx: SplynxProcess) -> None:
    assert splynx.call("GET", PARTNERS).status == 200
    wrong = base64.b64encode(f"{splynx.key}:wrong".encode()).decode()
    refused(splynx.call("GET", PARTNERS, {"Authorization": f"Basic {wrong}"}), "UNAUTHORIZED")
    refused(splynx.call("GET", PARTNERS, {}), "MISSED_AUTHORIZATION_HEADER")
    refused(splynx.call("GET", PARTNERS, {"Authorization": "Basic %%%"}), "UNAUTHORIZED")
    splynx.execute("update api set unsecure_auth = '0'")
    try:
        refused(splynx.call("GET", PARTNERS), "UNAUTHORIZED")
        assert splynx.call("GET", PARTNERS, splynx.signed()).status == 200
    finally:
        splynx.execute("update api set unsecure_auth = '1'")


def test_a_nonce_has_to_grow(splynx: SplynxProcess) -> None:
    nonce = next(splynx.nonces)
    assert splynx.call("GET", PARTNERS, splynx.signed(nonce)).status == 200
    refused(splynx.call("GET", PARTNERS, splynx.signed(nonce)), "INVALID_SASH")
    refused(splynx.call("GET", PARTNERS, splynx.signed(nonce - 1)), "INVALID_SASH")
    assert splynx.scalar("select last_nonce from api") == nonce
    splynx.execute("update api set check_nonce = '0'")
    try:
        assert splynx.call("GET", PARTNERS, splynx.signed(nonce - 1)).status == 200
    finally:
        splynx.execute("update api set check_nonce = '1'")


def test_a_signature_of_another_secret_is_refused_and_uses_no_nonce(splynx: SplynxProcess) -> None:
    before = splynx.scalar("select last_nonce from api")
    refused(splynx.call("GET", PARTNERS, splynx.signed(secret="other")), "INVALID_SASH")
    assert splynx.scalar("select last_nonce from api") == before


def test_the_secret_is_not_stored_as_it_is(splynx: SplynxProcess) -> None:
    assert splynx.secret not in splynx.scalar("select secret from api")


def test_tokens_by_key_work_renew_and_are_banned_after(splynx: SplynxProcess) -> None:
    began = int(time.time())
    first = new_tokens(splynx)
    assert began <= first["access_token_expiration"] - 1800 <= time.time()
    assert "admin/customers/customer:add" in first["permissions"]
    old = token_header(first["access_token"])
    assert splynx.call("GET", PARTNERS, old).status == 200
    second = splynx.call("GET", f"{TOKENS}/{first['refresh_token']}", {})
    assert second.status == 200
    assert second.body["access_token"] != first["access_token"]
    assert splynx.call("GET", PARTNERS, token_header(second.body["access_token"])).status == 200
    refused(splynx.call("GET", PARTNERS, old), "TOKEN_BANNED")
    refused(splynx.call("GET", f"{TOKENS}/{first['refresh_token']}", {}), "TOKEN_BANNED")
    assert splynx.call("DELETE", f"{TOKENS}/{second.body['access_token']}", {}).status == 204
    refused(splynx.call("GET", PARTNERS, token_header(second.body["access_token"])), "TOKEN_BANNED")


def test_tokens_by_key_and_secret_and_by_login(splynx: SplynxProcess) -> None:
    body = {"auth_type": "api_key", "key": splynx.key, "secret": splynx.secret}
    assert splynx.call("POST", TOKENS, {}, json=body).status == 201
    refused(splynx.call("POST", TOKENS, {}, json={**body, "secret": "no"}), "UNAUTHORIZED")
    splynx.create(
        "admin/administration/administrators",
        {
            "login": "eve",
            "name": "Eve",
            "email": "eve@example.org",
            "password": "s3cret-eve",
            "role_name": "administrator",
        },
    )
    login = {"auth_type": "admin", "login": "eve", "password": "s3cret-eve"}
    made = splynx.call("POST", TOKENS, {}, json=login)
    assert made.status == 201
    assert splynx.call("GET", PARTNERS, token_header(made.body["access_token"])).status == 200
    refused(splynx.call("POST", TOKENS, {}, json={**login, "password": "x"}), "INVALID_USER")
    nobody = {"auth_type": "admin", "login": "admin", "password": ""}
    refused(splynx.call("POST", TOKENS, {}, json=nobody), "INVALID_USER")
    refused(splynx.call("POST", TOKENS, {}, json={}), "INVALID_AUTH_TYPE")


def test_tokens_expire(splynx: SplynxProcess) -> None:
    made = new_tokens(splynx)
    splynx.control("POST", "clock", {"seconds": 1801})
    refused(
        splynx.call("GET", PARTNERS, token_header(made["access_token"])), "EXPIRED_ACCESS_TOKEN"
    )
    assert splynx.call("GET", f"{TOKENS}/{made['refresh_token']}", {}).status == 200
    made = new_tokens(splynx)
    splynx.control("POST", "clock", {"seconds": 90_000})
    answer = splynx.call("GET", f"{TOKENS}/{made['refresh_token']}", {})
    refused(answer, "EXPIRED_REFRESH_TOKEN")


def test_a_token_is_bound_to_agent_and_address(splynx: SplynxProcess) -> None:
    token = token_header(new_tokens(splynx, **{"User-Agent": "one"})["access_token"])
    assert splynx.call("GET", PARTNERS, {**token, "User-Agent": "one"}).status == 200
    refused(splynx.call("GET", PARTNERS, {**token, "User-Agent": "two"}), "USER_AGENT_CHANGED")
    connection = http.client.HTTPConnection(
        urlsplit(splynx.url).netloc, source_address=("127.0.0.2", 0), timeout=TIMEOUT
    )
    connection.request("GET", f"/api/2.0/{PARTNERS}", headers={**token, "User-Agent": "one"})
    answer = connection.getresponse()
    assert answer.status == 401
    assert json.loads(answer.read())["error"]["internal_code"] == "IP_CHANGED"
    connection.close()


def test_an_empty_or_unknown_token_is_refused(splynx: SplynxProcess) -> None:
    refused(splynx.call("GET", PARTNERS, token_header("")), "EMPTY_ACCESS_TOKEN")
    refused(splynx.call("GET", PARTNERS, token_header("nonsense")), "UNAUTHORIZED")


def test_an_address_outside_the_white_list_is_forbidden(splynx: SplynxProcess) -> None:
    splynx.execute("update api set white_list = :list", list='["10.0.0.1"]')
    try:
        assert splynx.call("GET", PARTNERS).status == 403
        assert splynx.call("GET", PARTNERS, splynx.signed()).status == 403
    finally:
        splynx.execute("update api set white_list = '[]'")


def test_the_status_of_each_method(splynx: SplynxProcess) -> None:
    made = splynx.call("POST", PARTNERS, json={"name": "Second"})
    assert (made.status, made.body) == (201, {"id": 2})
    item = f"{PARTNERS}/2"
    assert splynx.call("GET", item).body == {"id": 2, "name": "Second"}
    changed = splynx.call("PUT", item, json={"name": "Third"})
    assert (changed.status, changed.body) == (202, None)
    assert splynx.get(item)["name"] == "Third"
    head = splynx.call("HEAD", PARTNERS)
    assert (head.status, head.headers["X-total-count"]) == (204, "2")
    options = splynx.call("OPTIONS", PARTNERS)
    assert options.status == 200
    assert {"name": "name", "title": "Name", "type": "string", "required": True} in options.body[
        "attributes"
    ]
    gone = splynx.call("DELETE", item)
    assert (gone.status, gone.body) == (204, None)
    assert splynx.call("GET", item).status == 404
    assert splynx.scalar("select deleted from partners where id = 2") == "1"


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "code"),
    [
        ("POST", PARTNERS, {"data": "{not json"}, 400, "BAD_REQUEST"),
        ("POST", PARTNERS, {"json": [1]}, 400, "BAD_REQUEST"),
        ("PUT", PARTNERS, {"json": {}}, 400, "BAD_REQUEST"),
        ("DELETE", PARTNERS, {}, 400, "BAD_REQUEST"),
        ("GET", f"{PARTNERS}/99", {}, 404, "NOT_FOUND"),
        ("PUT", f"{PARTNERS}/99", {"json": {"name": "x"}}, 404, "NOT_FOUND"),
        ("GET", f"{PARTNERS}/abc", {}, 404, "NOT_FOUND"),
        ("GET", "admin/administration/roles", {}, 404, "NOT_FOUND"),
        ("POST", "admin/customers/customer/99/internet-services", {"json": {}}, 404, "NOT_FOUND"),
        ("POST", "admin/config/taxes", {"json": {}}, 405, "METHOD_NOT_ALLOWED"),
        ("PUT", "admin/customers/customer-notes/1--1", {"json": {}}, 405, "METHOD_NOT_ALLOWED"),
        ("GET", TOKENS, {}, 405, "METHOD_NOT_ALLOWED"),
        ("GET", "admin/customers/customer/0/internet-services", {}, 500, "SERVER_ERROR"),
        ("GET", "admin/support/ticket-messages", {}, 500, "SERVER_ERROR"),
    ],
)
def test_refusals(  # noqa: PLR0913, PLR0917  one parameter per column of the table
    splynx: SplynxProcess,
    method: str,
    path: str,
    options: dict[str, Any],
    status: int,
    code: str,
) -> None:
    answer = splynx.call(method, path, **options)
    assert (answer.status, answer.code) == (status, code)


def test_validation_names_every_field(splynx: SplynxProcess) -> None:
    answer = splynx.call("POST", "admin/customers/customer", json={})
    assert answer.status == 422
    assert answer.fields == ["partner_id", "location_id", "name", "category"]
    bad = {
        "name": "x" * 257,
        "partner_id": 77,
        "location_id": 1,
        "category": "lead",
        "status": "gone",
        "city": "c" * 33,
        "date_add": "tomorrow",
        "parent_id": "one",
    }
    answer = splynx.call("POST", "admin/customers/customer", json=bad)
    assert answer.status == 422
    assert set(answer.fields) == set(bad) - {"location_id"}
    assert splynx.call("PUT", f"{PARTNERS}/1", json={"name": ""}).fields == ["name"]


def test_forms_and_unknown_attributes_are_taken(splynx: SplynxProcess) -> None:
    form = {"name": "Bo", "partner_id": "1", "location_id": "1", "category": "person", "id": "77"}
    answer = splynx.call("POST", "admin/customers/customer", data={**form, "no_such": "1"})
    assert answer.status == 201
    assert answer.body["id"] != 77


def test_a_module_that_is_off_refuses_every_method(splynx: SplynxProcess) -> None:
    splynx.control("POST", "modules", {"module": "support", "on": False})
    try:
        for method in ("GET", "POST", "OPTIONS", "PATCH"):
            answer = splynx.call(method, "admin/support/tickets", json={})
            assert (answer.status, answer.code) == (405, "METHOD_DISABLED"), method
        assert answer.headers["Content-Length"] == "88"
        assert splynx.call("GET", PARTNERS).status == 200
    finally:
        splynx.control("POST", "modules", {"module": "support", "on": True})
    assert splynx.call("GET", "admin/support/tickets").status == 200


def test_a_missing_right_is_forbidden(splynx: SplynxProcess) -> None:
    where = "controller = 'admin/finance/payments' and action = 'add'"
    splynx.execute(f"update permissions_api_key set action = 'none' where {where}")
    try:
        answer = splynx.call("POST", "admin/finance/payments", json={})
        assert (answer.status, answer.code) == (403, "FORBIDDEN")
        assert splynx.call("GET", "admin/finance/payments").status == 200
    finally:
        splynx.execute("update permissions_api_key set action = 'add' where action = 'none'")
    assert splynx.call("POST", "admin/finance/payments", json={}).status == 422


def test_a_key_bound_to_a_partner_sees_only_its_own(splynx: SplynxProcess) -> None:
    other = splynx.create(PARTNERS, {"name": "Other"})
    mine, theirs = splynx.customer(), splynx.customer(partner_id=other)
    splynx.execute("update api set partner_id = 1")
    try:
        path = "admin/customers/customer"
        listed = {row["id"] for row in splynx.get(path)}
        assert mine in listed
        assert theirs not in listed
        answers = [
            splynx.call("GET", f"{path}/{theirs}"),
            splynx.call("PUT", f"{path}/{mine}", json={"partner_id": other}),
            splynx.call(
                "POST", "admin/finance/payments", json={"customer_id": theirs, "amount": 1}
            ),
            splynx.call("GET", f"admin/customers/customer-billing/{theirs}"),
        ]
        for answer in answers:
            assert (answer.status, answer.code) == (405, "NOT_ALLOWED_BY_PARTNER_RESTRICTION")
        assert splynx.call("GET", f"{path}/{mine}").status == 200
    finally:
        splynx.execute("update api set partner_id = 0")


def test_the_control_paths_need_their_token(splynx: SplynxProcess) -> None:
    assert splynx.control("GET", "modules").body["finance"] is True
    assert splynx.control("POST", "modules", {"module": "no such", "on": True}).status == 422
    token, splynx.token = splynx.token, "wrong"
    try:
        assert splynx.control("GET", "faults").status == 401
    finally:
        splynx.token = token
