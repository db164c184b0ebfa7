"""Pages that fail for what is in them, over HTTP: one bad row, and more rows than get through."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from tests.sandbox.sonar_process import Answer, SonarProcess, running


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SonarProcess]:
    with running(tmp_path_factory.mktemp("flaws"), "--size", "tiny", "--seed", "3") as server:
        yield server


@pytest.fixture
def sonar(started: SonarProcess) -> Iterator[SonarProcess]:
    yield started
    started.control("DELETE", "faults")


def plan(sonar: SonarProcess, **body: Any) -> None:
    answer = sonar.control("POST", "faults", body)
    assert answer.status == 200, answer.body


def page(sonar: SonarProcess, low: int, high: int, fields: str = "id name") -> Answer:
    """Ask for the contacts with ids above `low` up to `high`."""
    bounds = f'{{attribute: "id", search_value: {low}, operator: GT}}, {{attribute: "id", search_value: {high}, operator: LTE}}'  # noqa: E501
    return sonar.post(
        f"{{ contacts(search: [{{integer_fields: [{bounds}]}}]) {{ entities {{ {fields} }} }} }}"
    )


def good(answer: Answer) -> bool:
    return answer.status == 200 and "errors" not in answer.body


def test_one_bad_row_is_found_by_halving(sonar: SonarProcess) -> None:
    plan(sonar, kind="unreadable_row", collection="contacts", key="6")
    low, high = 0, 16
    assert page(sonar, low, high).status == 500
    while high - low > 1:
        middle = (low + high) // 2
        if good(page(sonar, low, middle)):
            low = middle
        else:
            high = middle
    assert high == 6
    assert good(page(sonar, 0, 5))
    assert good(page(sonar, 6, 16))
    ids = page(sonar, 0, 16, "id __typename").body["data"]["contacts"]["entities"]
    assert "6" in {row["id"] for row in ids}, "its id can still be read"
    assert good(sonar.post("{ contacts { page_info { total_count } } }"))
    assert good(sonar.post("{ services { entities { id name } } }"))
    both = "{ services { entities { id } } contacts { entities { ...Told } } } fragment Told on Contact { name }"  # noqa: E501
    assert sonar.post(both).status == 500, "one bad page fails the whole request"


def test_the_field_that_cannot_be_read_may_be_named(sonar: SonarProcess) -> None:
    plan(
        sonar, kind="unreadable_row", collection="contacts", key=6, field="role", answer="error"
    )  # a number will do for the key
    assert good(page(sonar, 0, 16))
    failed = page(sonar, 0, 16, "id named: role")
    assert failed.status == 200
    assert failed.body["data"] is None
    assert failed.body["errors"][0]["message"] == "Internal server error"
    assert good(page(sonar, 6, 16, "id role"))


def test_pages_that_are_too_large(sonar: SonarProcess) -> None:
    plan(sonar, kind="too_large", collection="contacts", limit=4)
    assert [page(sonar, 0, high).status for high in (4, 5, 16)] == [200, 500, 500]
    assert good(sonar.post("{ services { entities { id } } }"))


def test_a_page_that_is_too_large_can_time_out(sonar: SonarProcess) -> None:
    plan(
        sonar, kind="too_large", collection="contacts", limit=4, answer="timed_out", seconds=0.3,
        after=1, times=2,
    )  # fmt: skip
    assert page(sonar, 0, 16).status == 200
    started = time.perf_counter()
    assert page(sonar, 0, 16).status == 504
    assert time.perf_counter() - started >= 0.3
    assert [page(sonar, 0, 16).status for _ in range(2)] == [504, 200]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"kind": "unreadable_row", "collection": "contacts"}, "needs a key"),
        ({"kind": "unreadable_row", "key": "1"}, "needs a collection"),
        ({"kind": "too_large", "collection": "contacts"}, "needs a limit"),
        ({"kind": "too_large", "collection": "contacts", "limit": 4, "answer": "x"}, "answer must"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(
    sonar: SonarProcess, body: dict[str, Any], told: str
) -> None:
    answer = sonar.control("POST", "faults", body)
    assert answer.status == 422
    assert told in answer.body["message"]


def test_every_answer_tells_the_time_by_which_records_are_stamped(sonar: SonarProcess) -> None:
    began = datetime.now(UTC).replace(microsecond=0)  # both are told in whole seconds
    sonar.control("POST", "rows", {"action": "update", "collection": "contacts", "key": "1"})
    told = parsedate_to_datetime(page(sonar, 0, 16).headers["Date"])
    row = page(sonar, 0, 1, "updated_at").body["data"]["contacts"]["entities"][0]
    stamped = datetime.fromisoformat(row["updated_at"])
    assert began <= stamped <= told <= datetime.now(UTC)
