"""Additional fields and files of the Splynx sandbox."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.splynx_process import SplynxProcess, fresh
from tests.services import Splynxes

pytestmark = pytest.mark.mysql

CUSTOMERS = "admin/customers/customer"
FIELDS = "admin/config/additional-fields/customers"
DOCUMENTS = "admin/customers/customer-documents"
ATTACHMENTS = "admin/support/ticket-attachments"
FLAGS = ("is_required", "is_unique", "is_add", "show_in_list", "searchable", "readonly", "disabled")
BYTES = bytes(range(256)) * 40


@pytest.fixture(scope="module")
def started(
    splynxes: Splynxes, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SplynxProcess]:
    yield from fresh(splynxes, tmp_path_factory.mktemp("rest"))


@pytest.fixture
def splynx(started: SplynxProcess) -> Iterator[SplynxProcess]:
    yield started
    for field in started.get(FIELDS):
        assert started.call("DELETE", f"{FIELDS}--{field['name']}").status == 204


def define(splynx: SplynxProcess, name: str, kind: str = "string", **values: Any) -> None:
    body = {"name": name, "title": name.title(), "type": kind, **dict.fromkeys(FLAGS, 0), **values}
    answer = splynx.call("POST", FIELDS, json=body)
    assert (answer.status, answer.body) == (201, {"name": name})


def test_values_are_written_read_and_searched(splynx: SplynxProcess) -> None:
    plain = splynx.customer()
    assert "additional_attributes" not in splynx.get(f"{CUSTOMERS}/{plain}")
    define(splynx, "sonar_key")
    key = splynx.customer(additional_attributes={"sonar_key": 17, "no_such": "x"})
    assert splynx.get(f"{CUSTOMERS}/{key}")["additional_attributes"] == {"sonar_key": "17"}
    assert splynx.get(f"{CUSTOMERS}/{plain}")["additional_attributes"] == {"sonar_key": ""}
    assert splynx.scalar("select value from customers_values where id = :id", id=key) == "17"
    search = {"additional_attributes[sonar_key]": "17"}
    assert [row["id"] for row in splynx.get(CUSTOMERS, params=search)] == [key]
    assert splynx.call("HEAD", CUSTOMERS, params=search).headers["X-total-count"] == "1"
    several = {
        "additional_attributes[sonar_key][0]": "IN",
        "additional_attributes[sonar_key][1][0]": "16",
        "additional_attributes[sonar_key][1][1]": "17",
    }
    assert [row["id"] for row in splynx.get(CUSTOMERS, params=several)] == [key]
    change = {"additional_attributes": {"sonar_key": "18"}}
    assert splynx.call("PUT", f"{CUSTOMERS}/{key}", json=change).status == 202
    assert splynx.get(CUSTOMERS, params=search) == []


def test_definitions_are_read_changed_and_removed(splynx: SplynxProcess) -> None:
    define(splynx, "colour", "select", select_values="red,green")
    assert [field["name"] for field in splynx.get(FIELDS)] == ["colour"]
    assert splynx.get(f"{FIELDS}--colour")["type"] == "select"
    options = splynx.call("OPTIONS", CUSTOMERS).body
    assert [(f["name"], f["required"]) for f in options["additional_attributes"]] == [
        ("colour", False)
    ]
    assert splynx.call("PUT", f"{FIELDS}--colour", json={"is_required": 1}).status == 202
    assert splynx.call("OPTIONS", CUSTOMERS).body["additional_attributes"][0]["required"]
    body = {"name": "A", "partner_id": 1, "location_id": 1, "category": "person"}
    assert splynx.call("POST", CUSTOMERS, json=body).fields == ["colour"]
    wrong = {**body, "additional_attributes": {"colour": "blue"}}
    assert splynx.call("POST", CUSTOMERS, json=wrong).fields == ["colour"]
    splynx.create(CUSTOMERS, {**body, "additional_attributes": {"colour": "red"}})
    assert splynx.call("DELETE", f"{FIELDS}--colour").status == 204
    assert splynx.call("GET", f"{FIELDS}--colour").status == 404
    assert splynx.scalar("select count(*) from customers_values") == 0


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("integer", "12", "twelve"),
        ("decimal", "1.5", "one"),
        ("date", "2026-01-31", "2026-02-31"),
        ("boolean", True, "maybe"),
    ],
)
def test_values_have_to_fit_the_type(
    splynx: SplynxProcess, kind: str, good: object, bad: object
) -> None:
    define(splynx, "typed", kind)
    splynx.customer(additional_attributes={"typed": good})
    body = {"name": "A", "partner_id": 1, "location_id": 1, "category": "person"}
    answer = splynx.call("POST", CUSTOMERS, json={**body, "additional_attributes": {"typed": bad}})
    assert answer.fields == ["typed"]


def test_unique_values_and_defaults(splynx: SplynxProcess) -> None:
    first = splynx.customer()
    define(splynx, "tag", is_unique=1)
    define(splynx, "tier", default_value="gold", set_default_value=1)
    assert splynx.get(f"{CUSTOMERS}/{first}")["additional_attributes"]["tier"] == "gold"
    key = splynx.customer(additional_attributes={"tag": "one"})
    same = {"additional_attributes": {"tag": "one"}}
    assert splynx.call("PUT", f"{CUSTOMERS}/{first}", json=same).fields == ["tag"]
    assert splynx.call("PUT", f"{CUSTOMERS}/{key}", json=same).status == 202


def test_definitions_that_are_refused(splynx: SplynxProcess) -> None:
    answer = splynx.call("POST", FIELDS, json={"name": "x"})
    assert answer.fields == ["title", "type", *FLAGS]
    define(splynx, "once")
    body = {"name": "once", "title": "T", "type": "string", **dict.fromkeys(FLAGS, 0)}
    assert splynx.call("POST", FIELDS, json=body).fields == ["name"]
    assert splynx.call("POST", FIELDS, json={**body, "name": "n", "type": "x"}).fields == ["type"]
    assert splynx.call("GET", FIELDS, params={"limit": "5"}).status == 400
    assert splynx.call("GET", "admin/config/additional-fields/nothing").status == 404


def test_a_document_keeps_its_bytes(splynx: SplynxProcess) -> None:
    customer = splynx.customer()
    body = {"customer_id": customer, "type": "uploaded", "title": "Contract"}
    key = splynx.create(DOCUMENTS, body)
    assert splynx.call("GET", f"admin/config/download/customer_documents--{key}").status == 404
    files = {"file": ("../con tract.pdf", BYTES, "application/pdf")}
    sent = splynx.call("POST", f"{DOCUMENTS}/{key}--upload", files=files)
    assert (sent.status, sent.body) == (202, None)
    (listed,) = splynx.get(f"{DOCUMENTS}/{customer}")
    assert (listed["id"], listed["filename_original"]) == (key, "con tract.pdf")
    loaded = splynx.get(f"admin/config/download/customer_documents--{key}")
    assert (loaded["name"], loaded["content_type"]) == ("con tract.pdf", "application/pdf")
    assert base64.b64decode(loaded["content"]) == BYTES
    assert (splynx.files / listed["filename_uploaded"]).read_bytes() == BYTES
    assert splynx.call("POST", f"{DOCUMENTS}/{key}--upload", json={}).status == 400
    assert splynx.call("DELETE", f"{DOCUMENTS}/{key}").status == 204
    assert splynx.get(f"{DOCUMENTS}/{customer}") == []


def test_a_file_that_is_too_large(splynx: SplynxProcess) -> None:
    body = {"customer_id": splynx.customer(), "type": "uploaded", "title": "Big"}
    key = splynx.create(DOCUMENTS, body)
    files = {"file": ("big.bin", bytes(20 * 1024 * 1024 + 1))}
    answer = splynx.call("POST", f"{DOCUMENTS}/{key}--upload", files=files)
    assert (answer.status, answer.code) == (400, "INVALID_INPUT_DATA")


def test_messages_carry_files(splynx: SplynxProcess) -> None:
    ticket = splynx.create(
        "admin/support/tickets", {"subject": "S", "priority": "low", "type_id": 1}
    )
    answer = splynx.call(
        "POST",
        "admin/support/ticket-messages",
        data={"ticket_id": ticket, "message": "See file"},
        files={"files[0]": ("a.txt", b"A"), "files[1]": ("b.txt", b"B")},
    )
    assert answer.status == 201
    message = answer.body["id"]
    more = splynx.call(
        "POST", ATTACHMENTS, params={"message_id": message}, files={"files[0]": ("c.bin", BYTES)}
    )
    assert more.status == 201
    one = splynx.get(f"{ATTACHMENTS}/{more.body['id']}", params={"with_content": "true"})
    assert (one["message_id"], base64.b64decode(one["content"])) == (message, BYTES)
    read = splynx.get(f"admin/support/ticket-messages/{message}")
    assert [file["filename_original"] for file in read["files"]] == ["a.txt", "b.txt", "c.bin"]
    assert len(splynx.get(ATTACHMENTS)) == 3
    assert splynx.call("DELETE", f"{ATTACHMENTS}/{more.body['id']}").status == 204
    assert len(splynx.get(ATTACHMENTS)) == 2
    gone = splynx.call("POST", ATTACHMENTS, params={"message_id": 999}, files={"f": ("c", b"C")})
    assert gone.status == 404
