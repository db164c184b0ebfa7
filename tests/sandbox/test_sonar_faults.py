"""The Sonar sandbox told to fail, and to move while it is being read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox.sonar.faults import InvalidFaultError, Plan, read_fault
from tests.sandbox.sonar_process import SonarProcess, running

NAMES = '{ services(sorter: [{attribute: "id", direction: ASC}]) { entities { id name } page_info { total_count } } }'  # noqa: E501


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SonarProcess]:
    with running(tmp_path_factory.mktemp("faults"), "--size", "tiny", "--seed", "3") as server:
        yield server


@pytest.fixture
def sonar(started: SonarProcess) -> Iterator[SonarProcess]:
    yield started
    started.control("DELETE", "faults")


def plan(sonar: SonarProcess, **fault: Any) -> None:
    answer = sonar.control("POST", "faults", fault)
    assert answer.status == 200, answer.body


def change(sonar: SonarProcess, **body: Any) -> Any:
    answer = sonar.control("POST", "rows", body)
    assert answer.status == 200, answer.body
    return answer.body


def keys(sonar: SonarProcess) -> list[str]:
    return [entity["id"] for entity in sonar.data(NAMES)["services"]["entities"]]


def test_rate_limits_with_and_without_retry_after(sonar: SonarProcess) -> None:
    plan(sonar, kind="rate_limited", times=2, retry_after=7)
    answers = [sonar.post(NAMES) for _ in range(3)]
    assert [answer.status for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "7"
    plan(sonar, kind="rate_limited")
    assert "Retry-After" not in sonar.post(NAMES).headers
    assert sonar.post(NAMES).status == 200


@pytest.mark.parametrize(("kind", "status"), [("server_error", 500), ("bad_gateway", 502)])
def test_server_errors_are_pages(sonar: SonarProcess, kind: str, status: int) -> None:
    plan(sonar, kind=kind)
    answer = sonar.post(NAMES)
    assert answer.status == status
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.body.startswith("<html>")
    assert sonar.post(NAMES).status == 200


def test_a_dropped_connection(sonar: SonarProcess) -> None:
    plan(sonar, kind="dropped")
    with pytest.raises(requests.ConnectionError):
        sonar.post(NAMES)
    assert sonar.post(NAMES).status == 200


def test_an_answer_cut_off(sonar: SonarProcess) -> None:
    whole = sonar.post(NAMES)
    plan(sonar, kind="cut_off")
    answer = sonar.post(NAMES)
    assert answer.status == 200
    assert isinstance(answer.body, str)
    assert 0 < len(answer.body) < int(whole.headers["Content-Length"])


def test_errors_beside_data_lose_rows(sonar: SonarProcess) -> None:
    before = keys(sonar)
    plan(sonar, kind="errors_beside_data")
    answer = sonar.post(NAMES)
    assert answer.body["errors"]
    assert 0 < len(answer.body["data"]["services"]["entities"]) < len(before)
    assert keys(sonar) == before


def test_a_fault_waits_for_its_collection_and_its_turn(sonar: SonarProcess) -> None:
    plan(sonar, kind="server_error", collection="services", after=1)
    other = "{ contacts { entities { id } } }"
    asked = (other, NAMES, other, NAMES, NAMES)
    assert [sonar.post(query).status for query in asked] == [200, 200, 200, 500, 200]
    plan(sonar, kind="server_error", collection="services")
    renamed = "{ a: contacts { entities { id } } ...More } fragment More on Query { b: services { entities { id } } }"  # noqa: E501
    assert sonar.post(renamed).status == 500


def test_a_denied_collection(sonar: SonarProcess) -> None:
    plan(sonar, kind="denied_collection", collection="services")
    for _ in range(2):
        answer = sonar.post(NAMES)
        assert answer.status == 200
        assert answer.body["errors"][0]["path"] == ["services"]
        assert answer.body["data"] is None
    assert "errors" not in sonar.post("{ contacts { entities { id } } }").body
    sonar.control("DELETE", "faults")
    assert keys(sonar)


def test_a_denied_field(sonar: SonarProcess) -> None:
    plan(sonar, kind="denied_field", collection="services", field="amount")
    query = "{ services { entities { id amount name } } }"
    answer = sonar.post(query)
    entities = answer.body["data"]["services"]["entities"]
    assert list(entities[0]) == ["id", "amount", "name"]
    assert all(entity["amount"] is None and entity["name"] for entity in entities)
    assert answer.body["errors"][0]["path"] == ["services", "entities", 0, "amount"]
    assert len(answer.body["errors"]) == len(entities)
    plan(sonar, kind="denied_field", collection="services", field="name")
    assert sonar.post(query).body["data"]["services"]["entities"] == [None] * len(entities)


def test_a_wrong_total(sonar: SonarProcess) -> None:
    count = len(keys(sonar))
    plan(sonar, kind="wrong_total", collection="services", by=-2)
    found = sonar.data(NAMES)["services"]
    assert len(found["entities"]) == count
    assert found["page_info"]["total_count"] == count - 2


def test_records_change_now(sonar: SonarProcess) -> None:
    before = keys(sonar)
    key = change(sonar, action="insert", collection="services", values={"name": "New"})["key"]
    assert keys(sonar) == [*before, key]
    change(sonar, action="update", collection="services", key=key, values={"name": "Newer"})
    query = f"{{ services(id: {key}) {{ entities {{ name created_at updated_at _version }} }} }}"
    (row,) = sonar.data(query)["services"]["entities"]
    assert row["name"] == "Newer"
    assert row["_version"] == "2"
    assert row["updated_at"] >= row["created_at"] > "2025-07"
    change(sonar, action="delete", collection="services", key=key)
    assert keys(sonar) == before


def test_an_account_is_archived(sonar: SonarProcess) -> None:
    count = "{ accounts { page_info { total_count } } }"
    before = sonar.data(count)["accounts"]["page_info"]["total_count"]
    key = sonar.data("{ accounts { entities { id } } }")["accounts"]["entities"][0]["id"]
    change(sonar, action="archive", collection="accounts", key=key)
    assert sonar.data(count)["accounts"]["page_info"]["total_count"] == before - 1
    values = {"archived_at": None}
    change(sonar, action="update", collection="accounts", key=key, values=values)
    assert sonar.data(count)["accounts"]["page_info"]["total_count"] == before


def test_relations_follow_a_change(sonar: SonarProcess) -> None:
    query = "{ contacts(contactable_type: Account) { entities { id contactable_id } } }"
    contact = sonar.data(query)["contacts"]["entities"][0]
    owned = f"{{ accounts(id: {contact['contactable_id']}, include_archived: true) {{ entities {{ contacts {{ entities {{ id }} }} }} }} }}"  # noqa: E501
    before = sonar.data(owned)["accounts"]["entities"][0]["contacts"]["entities"]
    assert {"id": contact["id"]} in before
    values = {"contactable_type": "Vendor"}
    change(sonar, action="update", collection="contacts", key=contact["id"], values=values)
    after = sonar.data(owned)["accounts"]["entities"][0]["contacts"]["entities"]
    assert {"id": contact["id"]} not in after
    owner = {"contactable_type": "Account", "contactable_id": contact["contactable_id"]}
    key = change(sonar, action="insert", collection="contacts", values=owner)["key"]
    new = sonar.data(owned)["accounts"]["entities"][0]["contacts"]["entities"]
    assert new == [*after, {"id": key}]


def test_a_null_where_none_may_be_takes_the_record_out(sonar: SonarProcess) -> None:
    key = keys(sonar)[0]
    values: dict[str, str | None] = {"name": None}
    change(sonar, action="update", collection="services", key=key, values=values)
    answer = sonar.post(NAMES)
    assert answer.body["data"]["services"]["entities"][0] is None
    assert answer.body["errors"][0]["path"] == ["services", "entities", 0, "name"]
    values = {"name": "Named again"}
    change(sonar, action="update", collection="services", key=key, values=values)
    assert keys(sonar)[0] == key


def test_a_record_vanishes_while_paging(sonar: SonarProcess) -> None:
    before = keys(sonar)
    change(
        sonar, action="delete", collection="services", key=before[0], after=1, counted="services"
    )
    page = """query ($page: Int!) { services(sorter: [{attribute: "id", direction: ASC}]
        paginator: {page: $page, records_per_page: 2}) { entities { id } } }"""
    seen: list[str] = []
    for number in range(1, len(before)):
        sonar.data("{ contacts { entities { id } } }")
        found = sonar.data(page, page=number)["services"]["entities"]
        seen += [entity["id"] for entity in found]
    assert before[2] not in seen, "the page after the loss starts one record too late"
    assert keys(sonar) == before[1:]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", {"kind": "no_such_fault"}),
        ("faults", {"kind": "denied_collection"}),
        ("faults", {"kind": "denied_field", "collection": "services"}),
        ("faults", {"kind": "server_error", "collection": "no_such_collection"}),
        ("faults", {"kind": "server_error", "colection": "services"}),
        ("rows", {"action": "delete", "collection": "services", "key": "999999"}),
        ("rows", {"action": "explode", "collection": "services"}),
        ("rows", {"action": "insert", "collection": "available_reports"}),
        ("rows", {"action": "delete", "collection": "services"}),
    ],
)
def test_a_control_request_that_makes_no_sense_is_refused(
    sonar: SonarProcess, path: str, body: dict[str, str]
) -> None:
    answer = sonar.control("POST", path, body)
    assert answer.status == 422
    assert answer.body["message"]


def test_what_is_planned_can_be_seen(sonar: SonarProcess) -> None:
    before = sonar.control("GET", "faults").body["requests"]
    plan(sonar, kind="bad_gateway", times=3)
    sonar.post(NAMES)
    shown = sonar.control("GET", "faults").body
    assert shown["requests"] == before + 1
    assert [(fault["kind"], fault["times"]) for fault in shown["faults"]] == [("bad_gateway", 2)]


def test_a_plan_counts_down_without_a_server() -> None:
    made = Plan(faults=[read_fault({"kind": "cut_off", "times": 2, "after": 1})])
    spoiled = [bool(made.take(frozenset({"accounts"}))) for _ in range(5)]
    assert spoiled == [False, True, True, False, False]
    assert made.requests == 5
    with pytest.raises(InvalidFaultError):
        read_fault({"kind": "denied_field", "collection": "accounts"})
