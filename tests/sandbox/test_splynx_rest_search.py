"""Lists of the Splynx sandbox: every operator, order, limit, offset, and what is ignored."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox.splynx_process import SplynxProcess, fresh
from tests.services import Splynxes

pytestmark = pytest.mark.mysql


@pytest.fixture(scope="module")
def splynx(splynxes: Splynxes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SplynxProcess]:
    yield from fresh(splynxes, tmp_path_factory.mktemp("rest"))


PATH = "admin/customers/customer"
CITIES = ("Alpha", "Beta", "Gamma", "Delta", "Beta")


@pytest.fixture(scope="module")
def stored(splynx: SplynxProcess) -> SplynxProcess:
    for number, city in enumerate(CITIES, start=1):
        splynx.customer(name=f"C{number}", city=city, phone="1,22" if number == 3 else "")
    splynx.execute("update customers set gps = '1,2' where id in (2, 4)")
    return splynx


def where(field: str, *parts: str) -> list[tuple[str, str]]:
    return [(f"main_attributes[{field}][{number}]", part) for number, part in enumerate(parts)]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ([("main_attributes[city]", "Beta")], [2, 5]),
        (where("city", "=", "Beta"), [2, 5]),
        (where("city", "!=", "Beta"), [1, 3, 4]),
        (where("city", "<>", "Beta"), [1, 3, 4]),
        (where("id", ">=", "4"), [4, 5]),
        (where("id", "<=", "2"), [1, 2]),
        (where("id", ">", "4"), [5]),
        (where("id", "<", "2"), [1]),
        (where("gps", "IS", "NULL"), [1, 3, 5]),
        (where("gps", "is", "not null"), [2, 4]),
        (where("city", "REGEXP", "^[AG]"), [1, 3]),
        (where("id", "BETWEEN", "2", "4"), [2, 3, 4]),
        (where("city", "LIKE", "%lta"), [4]),
        (where("phone", "FIND_IN_SET", "22"), [3]),
        (
            [
                ("main_attributes[id][0]", "IN"),
                ("main_attributes[id][1][0]", "1"),
                ("main_attributes[id][1][1]", "5"),
            ],
            [1, 5],
        ),
        ([*where("city", "=", "Beta"), *where("id", ">", "2")], [5]),
        ([("main_attributes[no_such]", "1")], [1, 2, 3, 4, 5]),
        ([("city", "Beta"), ("page", "2"), ("per_page", "1")], [1, 2, 3, 4, 5]),
    ],
    ids=lambda value: " ".join(part for _, part in value) if isinstance(value[0], tuple) else None,
)
def test_search(stored: SplynxProcess, query: list[tuple[str, str]], ids: list[int]) -> None:
    assert [row["id"] for row in stored.get(PATH, params=query)] == ids
    head = stored.call("HEAD", PATH, params=query)
    assert head.headers["X-total-count"] == str(len(ids))


@pytest.mark.parametrize(
    "query",
    [
        where("city", "ALMOST", "Beta"),
        where("city", "REGEXP", "["),
        where("id", "BETWEEN", "1"),
        where("gps", "IS", "missing"),
    ],
)
def test_a_search_that_cannot_be_read(stored: SplynxProcess, query: list[tuple[str, str]]) -> None:
    assert stored.call("GET", PATH, params=query).status == 400


def test_order_limit_and_offset(stored: SplynxProcess) -> None:
    def ids(**query: str) -> list[int]:
        return [row["id"] for row in stored.get(PATH, params=query)]

    assert ids(**{"order[id]": "DESC", "limit": "2"}) == [5, 4]
    assert ids(**{"order[city]": "ASC"}) == [1, 2, 5, 4, 3]
    assert ids(limit="2", offset="2") == [3, 4]
    assert ids(limit="2", offset="4") == [5]
    assert ids(offset="3") == [4, 5]
    assert ids(limit="2", offset="9") == []
    assert ids(**{"limit": "many", "order[no_such]": "ASC"}) == [1, 2, 3, 4, 5]


def test_head_counts_without_the_limit(stored: SplynxProcess) -> None:
    head = stored.call("HEAD", PATH, params={"limit": "2"})
    assert head.headers["X-total-count"] == "5"
    assert head.headers["Access-Control-Expose-Headers"] == "X-total-count"


def test_services_of_all_customers(stored: SplynxProcess) -> None:
    plan = stored.create(
        "admin/tariffs/internet",
        {
            "title": "Plan",
            "speed_download": 1024,
            "speed_upload": 512,
            "partners_ids": [1],
            "available_for_locations": [1],
            "billing_types": ["recurring"],
            "customer_categories": ["person", "company"],
        },
    )
    service = {
        "tariff_id": plan,
        "status": "active",
        "description": "Plan",
        "quantity": 1,
        "start_date": "2026-01-01",
    }
    for owner in (1, 2):
        body = {**service, "login": f"s{owner}"}
        stored.create(f"{PATH}/{owner}/internet-services", body)
    of_one = stored.get(f"{PATH}/2/internet-services")
    assert [(row["login"], row["type"]) for row in of_one] == [("s2", "internet")]
    of_all = stored.get(f"{PATH}/0/internet-services", params={"limit": "10"})
    assert [row["customer_id"] for row in of_all] == [1, 2]
    assert stored.call("GET", f"{PATH}/1/internet-services--{of_one[0]['id']}").status == 404


def test_deleted_rows_are_in_no_list(stored: SplynxProcess) -> None:
    key = stored.customer(city="Omega")
    assert stored.call("DELETE", f"{PATH}/{key}").status == 204
    assert stored.get(PATH, params={"main_attributes[city]": "Omega"}) == []
    assert stored.call("PUT", f"{PATH}/{key}", json={"city": "x"}).status == 404
