"""Limits, expiry, random faults and the request budget of the Sonar sandbox, over HTTP."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
import requests

from sandbox.sonar.faults import TRANSPORT
from sandbox.sonar.pressure import Budget, Chaos
from tests.sandbox.sonar_process import TIMEOUT, Answer, SonarProcess, running

NAMES = "{ contacts(paginator: {page: 1, records_per_page: 50}) { entities { id } page_info { total_count total_pages } } }"  # noqa: E501
OTHER = "{ services { entities { id } page_info { total_count } } }"


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SonarProcess]:
    with running(tmp_path_factory.mktemp("pressure"), "--size", "tiny", "--seed", "3") as server:
        yield server


@pytest.fixture
def sonar(started: SonarProcess) -> Iterator[SonarProcess]:
    yield started
    started.control("DELETE", "faults")


def plan(sonar: SonarProcess, path: str = "faults", **body: Any) -> Any:
    answer = sonar.control("POST", path, body)
    assert answer.status == 200, answer.body
    return answer.body


def page(size: int, collection: str = "contacts") -> str:
    paginator = f"paginator: {{page: 1, records_per_page: {size}}}"
    return f"{{ {collection}({paginator}) {{ entities {{ id }} }} }}"


def outcome(sonar: SonarProcess, query: str = NAMES) -> str:
    """Name what came of a request, as a client can tell it."""
    try:
        answer = sonar.post(query)
    except requests.exceptions.ChunkedEncodingError:
        return "dropped_midway"
    except requests.ConnectionError:
        return "dropped"
    named = {429: "rate_limited", 500: "server_error", 502: "bad_gateway"}.get(answer.status)
    if named is not None:
        return named
    if isinstance(answer.body, str):
        return "cut_off"
    if "error" in answer.body:
        return "limit_reached"
    return "errors_beside_data" if "errors" in answer.body else "good"


def test_the_limit_is_reached_with_status_200(sonar: SonarProcess) -> None:
    plan(sonar, kind="limit_reached")
    plan(sonar, kind="limit_reached", limit=120, after=1)
    answers = [sonar.post(NAMES) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert answers[0].body == {"error": "Request limit of 400/min reached."}
    assert answers[1].body == {"error": "Request limit of 120/min reached."}
    assert list(answers[2].body) == ["data"]


def test_an_answer_that_takes_its_time(sonar: SonarProcess) -> None:
    plan(sonar, kind="slow", seconds=1)
    started = time.perf_counter()
    assert outcome(sonar) == "good"
    assert time.perf_counter() - started >= 1
    plan(sonar, kind="slow", seconds=2 * TIMEOUT)
    with pytest.raises(requests.ReadTimeout):
        requests.post(
            f"{sonar.url}/api/graphql",
            json={"query": NAMES},
            headers={"Authorization": f"Bearer {sonar.token}"},
            timeout=0.2,
        )
    deadline = time.monotonic() + TIMEOUT
    while sonar.control("GET", "faults").body["faults"]:
        assert time.monotonic() < deadline, "the request that is answered slowly did not come"
    assert outcome(sonar) == "good", "one slow answer holds up no other, and is the only one"


def test_a_connection_dropped_midway(sonar: SonarProcess) -> None:
    plan(sonar, kind="dropped_midway")
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match=r"\d+ more expected"):
        sonar.post(NAMES)
    assert outcome(sonar) == "good"


def test_a_smaller_page_is_asked_for_at_run_time(sonar: SonarProcess) -> None:
    assert "errors" not in sonar.post(page(1000)).body
    plan(sonar, kind="page_limit", collection="contacts", limit=10)
    refused = sonar.post(page(11)).body
    details = refused["errors"][0]["extensions"]["validation"]
    assert details == {"paginator": ["The records per page must be between 1 and 10."]}
    assert len(sonar.data(page(10))["contacts"]["entities"]) == 10
    unpaged = sonar.data("{ contacts { page_info { records_per_page } } }")
    assert unpaged["contacts"]["page_info"]["records_per_page"] == 10
    assert "errors" not in sonar.post(page(1000, "addresses")).body
    plan(sonar, kind="page_limit", limit=20)
    assert "errors" in sonar.post(page(21, "addresses")).body
    nested = "{ accounts(paginator: {page: 1, records_per_page: 5}) { entities { contacts(paginator: {page: 1, records_per_page: 21}) { entities { id } } } } }"  # noqa: E501
    assert "errors" in sonar.post(nested).body
    plan(sonar, kind="page_limit", collection="services", limit=3, after=1)
    assert "errors" not in sonar.post(page(5, "services")).body
    assert "errors" in sonar.post(page(5, "services")).body


def test_totals_capped_and_wrong(sonar: SonarProcess) -> None:
    def told() -> tuple[int, int, int]:
        found = sonar.data(NAMES)["contacts"]
        info = found["page_info"]
        return info["total_count"], info["total_pages"], len(found["entities"])

    count = told()[0]
    plan(sonar, kind="capped_total", collection="contacts", limit=7)
    assert told() == (7, 1, count)
    sonar.control("DELETE", "faults")
    plan(sonar, kind="wrong_total", collection="contacts", by=100)
    assert told() == (count + 100, -(-(count + 100) // 50), count)
    plan(sonar, kind="capped_total", collection="contacts", limit=60)
    assert told() == (60, 2, count)


def test_a_collection_that_looks_empty(sonar: SonarProcess) -> None:
    plan(sonar, kind="empty_collection", collection="contacts")
    empty = {"entities": [], "page_info": {"total_count": 0, "total_pages": 0}}
    assert sonar.data(NAMES)["contacts"] == empty
    assert sonar.data(OTHER)["services"]["entities"]


@pytest.mark.parametrize("after", [0, 2])
def test_a_token_expires(sonar: SonarProcess, after: int) -> None:
    plan(sonar, kind="expired_token", after=after)
    answers = [sonar.post(query) for query in (NAMES, OTHER, NAMES, "{ __typename }")]
    assert [answer.status for answer in answers] == [200] * after + [401] * (4 - after)
    assert answers[-1].body == {"message": "Unauthenticated."}
    download = f"{sonar.url}/api/files/1"
    headers = {"Authorization": f"Bearer {sonar.token}"}
    assert requests.get(download, headers=headers, timeout=TIMEOUT).status_code == 401
    sonar.control("DELETE", "faults")
    assert outcome(sonar) == "good"


def run(sonar: SonarProcess, requests_made: int, **chaos: Any) -> list[str]:
    plan(sonar, "chaos", **chaos)
    return [outcome(sonar) for _ in range(requests_made)]


def test_random_faults_follow_seed_and_number(sonar: SonarProcess) -> None:
    kinds = sorted(TRANSPORT - {"slow"})
    first = run(sonar, 25, probability=0.5, seed=7, kinds=kinds)
    assert run(sonar, 25, probability=0.5, seed=7, kinds=kinds) == first
    assert run(sonar, 25, probability=0.5, seed=8, kinds=kinds) != first
    twin = Chaos(0.5, tuple(kinds), seed=7)
    assert [twin.strike(frozenset()) or "good" for _ in range(25)] == first
    assert 5 < first.count("good") < 20
    assert len(set(first)) > 4
    sonar.control("DELETE", "chaos")
    assert {outcome(sonar) for _ in range(5)} == {"good"}


def test_random_faults_are_as_many_as_asked_for_and_of_each_kind() -> None:
    chaos = Chaos(0.1, tuple(sorted(TRANSPORT)), seed=1)
    counted = Counter(chaos.strike(frozenset({"accounts"})) for _ in range(20_000))
    assert counted[None] == pytest.approx(18_000, rel=0.01)
    assert set(counted) == {None, *TRANSPORT}
    assert min(counted.values()) > 2_000 / len(TRANSPORT) * 0.7


def test_random_faults_of_one_collection(sonar: SonarProcess) -> None:
    plan(
        sonar, "chaos", probability=1, kinds=["rate_limited"], collection="contacts", retry_after=3
    )
    assert outcome(sonar, OTHER) == "good"
    answer = sonar.post(NAMES)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "3")
    assert sonar.control("GET", "faults").body["chaos"]["requests"] == 1


def test_a_budget_by_429(sonar: SonarProcess) -> None:
    plan(sonar, "budget", requests=3)
    started = time.monotonic()
    answers = [sonar.post(NAMES) for _ in range(5)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429, 429]
    passed = time.monotonic() - started
    assert 60 - passed <= int(answers[-1].headers["Retry-After"]) <= 60
    assert sonar.control("GET", "faults").body["budget"]["used"] == 3
    sonar.control("DELETE", "budget")
    assert outcome(sonar) == "good"


def test_a_budget_by_text_that_opens_again(sonar: SonarProcess) -> None:
    plan(sonar, "budget", requests=2, seconds=2 * TIMEOUT, answer="limit_reached")
    assert [outcome(sonar) for _ in range(3)] == ["good", "good", "limit_reached"]
    assert sonar.post(NAMES).body == {"error": "Request limit of 2/min reached."}
    plan(sonar, "budget", requests=2, seconds=3, answer="limit_reached")
    deadline = time.monotonic() + TIMEOUT
    for wanted in ("limit_reached", "good"):
        while (last := outcome(sonar)) != wanted and time.monotonic() < deadline:
            assert last in {"limit_reached", "good"}
        assert last == wanted


def test_a_budget_opens_with_the_clock() -> None:
    now = [100.0]
    budget = Budget(2, seconds=60, _clock=lambda: now[0])
    assert [budget.refuse() for _ in range(3)] == [None, None, 60]
    now[0] += 45.5
    assert budget.refuse() == 15
    now[0] += 14.5
    assert [budget.refuse() for _ in range(3)] == [None, None, 60]


def make(sonar: SonarProcess, **change: Any) -> None:
    plan(sonar, "rows", **change)


def test_records_come_and_go_while_paging(sonar: SonarProcess) -> None:
    """Each kind of change is seen by the page after it, and the record is chosen by the seed."""
    walk = """query ($page: Int!) { phone_numbers(sorter: [{attribute: "id", direction: ASC}]
        paginator: {page: $page, records_per_page: 4}) { entities { id extension } } }"""
    every = "{ phone_numbers { entities { id extension } } }"
    before = {row["id"]: row for row in sonar.data(every)["phone_numbers"]["entities"]}
    counted = {"collection": "phone_numbers", "counted": "phone_numbers"}
    make(sonar, action="insert", after=1, **counted, values={"extension": "11"})
    make(sonar, action="update", after=2, **counted, seed=5, values={"extension": "22"})
    make(sonar, action="delete", after=3, **counted, seed=6)
    make(sonar, action="archive", after=2, collection="accounts", counted="phone_numbers", seed=5)
    live = "{ accounts { page_info { total_count } } }"
    accounts = sonar.data(live)["accounts"]["page_info"]["total_count"]
    assert sonar.control("GET", "faults").body["changes"] == 4
    for number in range(1, 5):
        sonar.data(walk, page=number)
        sonar.data(OTHER)  # not counted
        made = sonar.control("GET", "faults").body["made"]
        assert len(made) == (0, 1, 3, 4)[number - 1]
    after = {row["id"]: row for row in sonar.data(every)["phone_numbers"]["entities"]}
    by_action = {one["action"]: one for one in made}
    assert set(after) - set(before) == {by_action["insert"]["key"]}
    assert set(before) - set(after) == {by_action["delete"]["key"]}
    known = sorted(map(int, {*before, by_action["insert"]["key"]}))
    chosen = {seed: str(known[Random(seed).randrange(len(known))]) for seed in (5, 6)}
    assert chosen[5] != chosen[6]
    assert (by_action["update"]["key"], by_action["delete"]["key"]) == (chosen[5], chosen[6])
    assert after[chosen[5]]["extension"] == "22"
    assert sonar.data(live)["accounts"]["page_info"]["total_count"] == accounts - 1


def test_a_planned_change_of_a_lost_record_is_noted(sonar: SonarProcess) -> None:
    key = sonar.data(page(1))["contacts"]["entities"][0]["id"]
    later = {"collection": "contacts", "key": key, "after": 1}
    make(sonar, action="update", **later, values={"role": "Owner"})
    make(sonar, action="delete", collection="contacts", key=key)
    assert [outcome(sonar), outcome(sonar)] == ["good", "good"]
    (made,) = sonar.control("GET", "faults").body["made"]
    assert "does not exist" in made["refused"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", {"kind": "page_limit"}),
        ("faults", {"kind": "capped_total", "limit": 5}),
        ("faults", {"kind": "slow", "seconds": "long"}),
        ("faults", {"kind": "server_error", "times": -1}),
        ("faults", {"kind": "server_error", "after": True}),
        ("faults", {"kind": "denied_field", "collection": "services", "field": "no_such_field"}),
        ("faults", {"kind": "wrong_total", "collection": "api/files"}),
        ("chaos", {}),
        ("chaos", {"probability": 1.5}),
        ("chaos", {"probability": 0.5, "kinds": ["expired_token"]}),
        ("chaos", {"probability": 0.5, "collection": "no_such_collection"}),
        ("chaos", {"probability": 0.5, "requests": 3}),
        ("budget", {}),
        ("budget", {"requests": 0}),
        ("budget", {"requests": 5, "answer": "server_error"}),
        ("budget", {"per_minute": 5}),
        ("rows", {"action": "update", "collection": "contacts", "values": {"role": "x"}}),
        ("rows", {"action": "update", "collection": "contacts", "key": 1, "values": {"x": "y"}}),
        ("rows", {"action": "archive", "collection": "contacts", "key": 1}),
        ("rows", {"action": "delete", "collection": "account_ip_assignments", "seed": 1}),
        ("rows", {"action": "delete", "collection": "contacts", "kye": 1}),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else value,
)
def test_a_control_request_that_makes_no_sense_is_refused(
    sonar: SonarProcess, path: str, body: dict[str, Any]
) -> None:
    answer = sonar.control("POST", path, body)
    assert answer.status == 422
    assert answer.body["message"]
    assert outcome(sonar) == "good"


def download(sonar: SonarProcess, key: str, token: str | None = None) -> requests.Response:
    headers = {"Authorization": f"Bearer {token or sonar.token}", "Accept": "*/*"}
    return requests.get(f"{sonar.url}/api/files/{key}", headers=headers, timeout=TIMEOUT)


BEGINNINGS = {"application/pdf": b"%PDF-", "image/png": b"\x89PNG", "image/jpeg": b"\xff\xd8\xff"}


def test_the_bytes_of_every_file(sonar: SonarProcess) -> None:
    fields = "id filename mime_type file_size_in_bytes fileable_type fileable_id"
    files = sonar.data(f"{{ files {{ entities {{ {fields} }} }} }}")["files"]["entities"]
    assert len(files) == sonar.truth["counts"]["files"] > 5
    assert {row["fileable_type"] for row in files} >= {None, "Account", "Address", "Company"}
    bodies = set()
    for row in files:
        answer = download(sonar, row["id"])
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == row["mime_type"]
        assert len(answer.content) == int(row["file_size_in_bytes"])
        assert answer.content.startswith(BEGINNINGS.get(row["mime_type"], b""))
        assert requests.utils.unquote(answer.headers["Content-Disposition"]).endswith(
            row["filename"]
        )
        bodies.add(answer.content)
    assert len(bodies) == len(files), "no two files hold the same"
    assert download(sonar, files[0]["id"]).content in bodies, "the same bytes each time"


def test_files_that_are_not_there(sonar: SonarProcess) -> None:
    assert download(sonar, "999999").status_code == 404
    assert download(sonar, "x").status_code == 404
    assert download(sonar, "1", token="wrong").status_code == 401
    assert requests.get(f"{sonar.url}/api/files/1", timeout=TIMEOUT).status_code == 401


def test_a_new_file_has_bytes_of_its_own(sonar: SonarProcess) -> None:
    values = {"filename": "letter.txt", "mime_type": "text/plain", "file_size_in_bytes": "70"}
    new = {"action": "insert", "collection": "files", "values": values}
    first, second = (plan(sonar, "rows", **new)["key"] for _ in range(2))
    texts = [download(sonar, key).text for key in (first, second)]
    assert [len(text) for text in texts] == [70, 70]
    assert texts[0] != texts[1]
    for key in (first, second):
        make(sonar, action="delete", collection="files", key=key)
    assert download(sonar, first).status_code == 404


@pytest.mark.parametrize(
    ("kind", "status"),
    [("rate_limited", 429), ("bad_gateway", 502), ("denied_collection", 403)],
)
def test_a_download_refused(sonar: SonarProcess, kind: str, status: int) -> None:
    plan(sonar, kind=kind, collection="api/files", times=1)
    assert outcome(sonar, "{ files { entities { id } } }") == "good", "the list is another matter"
    assert download(sonar, "1").status_code == status
    assert download(sonar, "1").status_code == 200


def test_a_download_cut_off_and_dropped(sonar: SonarProcess) -> None:
    whole = download(sonar, "1").content
    plan(sonar, kind="cut_off", collection="api/files")
    part = download(sonar, "1").content
    assert whole.startswith(part)
    assert 0 < len(part) < len(whole)
    plan(sonar, kind="dropped_midway", collection="api/files")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        download(sonar, "1")
    plan(sonar, kind="dropped", collection="api/files")
    with pytest.raises(requests.ConnectionError):
        download(sonar, "1")


def test_only_post_asks_questions(sonar: SonarProcess) -> None:
    headers = {"Authorization": f"Bearer {sonar.token}"}
    url = f"{sonar.url}/api/graphql"
    asked = requests.get(url, headers=headers, json={"query": NAMES}, timeout=TIMEOUT)
    assert asked.status_code == 405
    answer: Answer = sonar.post("mutation { deleteAccount(id: 1) { success } }")
    assert answer.body["errors"]
    assert "data" not in answer.body
