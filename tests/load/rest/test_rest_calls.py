"""The calls of the client and what they give back, against the sandbox."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from load.rest.client import File, Splynx
from load.rest.failures import Unexpected
from tests.load.rest.talking import PARTNERS, talk
from tests.sandbox.splynx_process import SplynxProcess

pytestmark = pytest.mark.mysql

CUSTOMERS = "admin/customers/customer"
FIELDS = "admin/config/additional-fields/customers"
KEY = {
    "name": "sonar_key",
    "title": "Sonar key",
    "type": "string",
    "is_unique": "1",
    **dict.fromkeys(
        ("is_required", "is_add", "show_in_list", "searchable", "readonly", "disabled"), "0"
    ),
}
PERSON = {"partner_id": 1, "location_id": 1, "category": "person"}


def test_a_record_lives_from_create_to_delete(server: SplynxProcess) -> None:
    async def work(splynx: Splynx) -> None:
        made = await splynx.create(CUSTOMERS, {**PERSON, "name": "Zoë Ørsted 北"})
        path = f"{CUSTOMERS}/{made.id}"
        assert (await splynx.get(path))["name"] == "Zoë Ørsted 北"
        await splynx.update(path, {"city": "A & B = C"})
        assert (await splynx.get(path))["city"] == "A & B = C"
        await splynx.delete(path)
        assert await splynx.count(CUSTOMERS, main_attributes={"id": made.id}) == 0
        tally = splynx.tally
        assert (tally.requests, tally.retries) == (6, 0)
        assert tally.sent > 40
        assert tally.received > 100
        assert tally.seconds > 0

    talk(server, work)


def test_searches_reach_php_as_they_are_meant(server: SplynxProcess) -> None:
    names = ["Srch a", "Srch b&c=d", "Srch é[0]", "Srch +"]

    async def found(splynx: Splynx, condition: Any, **rest: Any) -> list[str]:
        rows = await splynx.search(PARTNERS, main_attributes={"name": condition}, **rest)
        return [row["name"] for row in rows]

    async def work(splynx: Splynx) -> None:
        for name in names:
            await splynx.create(PARTNERS, {"name": name})
        like = ("LIKE", "Srch%")
        for name in names:
            assert await found(splynx, name) == [name]
        assert await found(splynx, like, order={"id": "DESC"}) == names[::-1]
        assert await found(splynx, like, order={"id": "ASC"}, limit=2, offset=1) == names[1:3]
        assert await found(splynx, ("IN", names[1:])) == names[1:]
        assert await found(splynx, ("BETWEEN", "Srch a", "Srch b")) == names[:1]
        assert await splynx.count(PARTNERS, main_attributes={"name": like}) == 4

    talk(server, work)


def test_a_field_of_ours_is_defined_by_name_filled_and_found(server: SplynxProcess) -> None:
    async def work(splynx: Splynx) -> None:
        assert (await splynx.create(FIELDS, KEY)).key == "sonar_key"
        body = {**PERSON, "name": "Keyed", "additional_attributes": {"sonar_key": "account:7"}}
        made = await splynx.create(CUSTOMERS, body)
        with pytest.raises(TypeError):
            _ = (await splynx.create(FIELDS, {**KEY, "name": "other"})).id
        for key, ids in (("account:7", [made.id]), ("account:8", [])):
            rows = await splynx.search(CUSTOMERS, additional_attributes={"sonar_key": key})
            assert [row["id"] for row in rows] == ids
        options = await splynx.options(CUSTOMERS)
        assert options.attributes["name"].is_required
        assert options.additional is not None
        assert options.additional["sonar_key"].rest["is_unique"] == "1"
        assert (await splynx.options(PARTNERS)).attributes["name"].type == "string"

    talk(server, work)


def test_files_arrive_byte_for_byte(server: SplynxProcess) -> None:
    content = bytes(range(256)) * 40
    customer = server.customer()

    async def work(splynx: Splynx) -> None:
        body = {"customer_id": customer, "type": "uploaded", "title": "Contract"}
        document = await splynx.create("admin/customers/customer-documents", body)
        file = File("file", "Vertrag ü.pdf", content, "application/pdf")
        path = f"admin/customers/customer-documents/{document.id}--upload"
        assert await splynx.upload(path, [file]) is None
        back = await splynx.get(f"admin/config/download/customer_documents--{document.id}")
        assert base64.b64decode(back["content"]) == content
        assert back["name"] == "Vertrag ü.pdf"

    talk(server, work)


def test_an_answer_of_another_shape_is_not_taken_for_one(server: SplynxProcess) -> None:
    server.fault(kind="answer", method="POST", path=PARTNERS, status=201, body={"ok": 1})
    with pytest.raises(Unexpected) as raised:
        talk(server, lambda splynx: splynx.create(PARTNERS, {"name": "x"}))
    assert raised.value.is_uncertain
    server.fault(kind="answer", method="GET", path=PARTNERS, body={"id": 1})
    with pytest.raises(Unexpected, match="a list"):
        talk(server, lambda splynx: splynx.search(PARTNERS))
    server.fault(kind="answer", method="HEAD", path=PARTNERS)
    with pytest.raises(Unexpected, match="X-total-count"):
        talk(server, lambda splynx: splynx.count(PARTNERS))
