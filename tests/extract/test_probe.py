"""The probe against a real Sonar sandbox, honest and not, and what is kept of its findings."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import pytest
from graphql import build_schema
from sqlalchemy import Engine

from extract.__main__ import cli
from extract.probing import findings, rules
from extract.probing.interview import MOST_REQUESTS
from extract.probing.probe import Finding, Traits, load_traits, probe, save
from extract.sonar.client import Manners, Sonar
from runtime.errors import ConfigError, MigrationError
from runtime.settings import SonarApi
from tests import services
from tests.extract.scripted import Reply, free_port, scripted

Sonars = Callable[..., services.Sonar]


@pytest.fixture(scope="module")
def server() -> Iterator[services.Sonar]:
    """One server for the module."""
    with ExitStack() as stack:
        yield services.Sonars(stack).start("tiny", 1, {"archived_accounts": 2})


def _order(server: services.Sonar, method: str = "POST", **body: Any) -> Any:
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{server.url}/_sandbox/faults",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {server.token}"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.loads(answer.read())


def _probe(server: services.Sonar, *faults: Mapping[str, Any]) -> dict[str, Finding]:
    async def run() -> dict[str, Finding]:
        api = SonarApi(url=server.url, host="127.0.0.1", key=server.token)
        async with Sonar(api, Manners(retries=1, delay=0.01)) as sonar:
            schema = await sonar.schema()
            for fault in faults:
                _order(server, **fault)
            return {finding.question: finding for finding in await probe(sonar, schema)}

    before = _order(server, method="GET")["requests"]
    try:
        found = asyncio.run(run())
        assert _order(server, method="GET")["requests"] - before <= MOST_REQUESTS + 2
    finally:
        _order(server, method="DELETE")
    return found


def test_an_honest_sonar_is_found_to_be_one(server: services.Sonar) -> None:
    found = _probe(server)
    yes = {name for name, finding in found.items() if finding.answer == "yes"}
    assert yes == {
        "honest_counts",
        "ids_sorted",
        "id_filter",
        "bounds_and",
        "criteria_and",
        "updated_at",
        "exact_sums",
        "archived",
        "batches",
        "files",
    }
    assert found["page_maximum"].answer == "1000+"
    assert "of no rows: MAX None, MIN None, SUM 0" in found["exact_sums"].evidence
    assert [name for name, finding in found.items() if not finding.ok] == []


@pytest.mark.parametrize(
    ("fault", "question", "answer"),
    [
        ({"kind": "page_limit", "limit": 7}, "page_maximum", "7"),
        ({"kind": "capped_total", "collection": "debits", "limit": 100}, "honest_counts", "no"),
        ({"kind": "wrong_total", "collection": "debits", "by": 3}, "honest_counts", "no"),
        ({"kind": "wrong_total", "collection": "debits", "by": -1}, "honest_counts", "no"),
        ({"kind": "denied_collection", "collection": "api/files"}, "files", "no"),
        ({"kind": "denied_collection", "collection": "accounts"}, "archived", "unknown"),
        ({"kind": "rate_limited", "retry_after": 0}, "honest_counts", "yes"),
        ({"kind": "limit_reached", "limit": 300}, "requests_per_minute", "300"),
    ],
    ids=lambda value: value.get("kind") if isinstance(value, dict) else "",
)
def test_what_is_not_so_is_found(
    server: services.Sonar, fault: dict[str, Any], question: str, answer: str
) -> None:
    found = _probe(server, fault)
    assert found[question].answer == answer
    assert found["id_filter"].answer == found["updated_at"].answer == "yes"  # the rest goes on


def test_a_schema_without_rows_to_walk_leaves_questions_open() -> None:
    schema = build_schema("type Query { things: Things } type Things { entities: [Thing] }"
                          " type Thing { id: ID name: String }")  # fmt: skip

    async def run(url: str) -> dict[str, Finding]:
        async with Sonar(SonarApi(url=url, host="x", key="key"), Manners(retries=0)) as sonar:
            return {finding.question: finding for finding in await probe(sonar, schema)}

    with scripted(Reply()) as script:
        found = asyncio.run(run(script.url))
    assert found["honest_counts"].answer == "unknown"
    assert found["archived"].answer == "unknown"


@pytest.mark.parametrize(
    ("ascending", "descending", "answer"),
    [
        ([1, 2, 10], [10, 2], "yes"),
        ([1, 10, 2], [2, 10], "no"),
        ([1, 2, 10], [1, 2], "no"),
        ([1, 2, 10], [], "unknown"),
    ],
)
def test_an_order_by_text_is_no_order(
    ascending: list[int], descending: list[int], answer: str
) -> None:
    assert rules.sorted_ids(ascending, descending).answer == answer


_HONEST = {"all": 90, "after": 59, "between": 29, "future": 0, "past": 90, "both": 0}


@pytest.mark.parametrize(
    ("change", "question", "answer"),
    [
        ({}, "bounds_and", "yes"),
        ({"between": 90}, "bounds_and", "no"),
        ({"between": 59}, "bounds_and", "no"),
        ({"between": None}, "bounds_and", "unknown"),
        ({"after": 90}, "id_filter", "no"),
        ({"both": 59}, "criteria_and", "no"),
        ({"future": 90, "both": 59}, "criteria_and", "unknown"),
        ({"future": 90, "both": 59}, "updated_at", "no"),
        ({"past": 80}, "updated_at", "no"),
        ({"past": None}, "updated_at", "unknown"),
    ],
)
def test_filters_are_judged_by_what_they_leave(
    change: dict[str, int | None], question: str, answer: str
) -> None:
    counts: dict[str, int | None] = {**_HONEST, **change}
    found = {f.question: f for f in rules.filters(counts, low=30, high=60)}
    assert found[question].answer == answer


def _totals(total: Any, smallest: Any = "1", largest: Any = "3") -> dict[str, Any]:
    values = {"SUM": total, "MIN": smallest, "MAX": largest}
    named = [{"field": "id", "aggregation_function": n, "value": v} for n, v in values.items()]
    return {"aggregations": named}


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (_totals("6"), "yes"),
        (_totals(6, 1, 3), "yes"),
        (_totals("6.0", "1.0", "3.0"), "yes"),
        (_totals("1.23456E9"), "no"),
        (_totals("7"), "no"),
        (_totals(None), "unknown"),
        (None, "unknown"),
    ],
)
def test_totals_are_judged_by_their_form_and_the_rows(answer: Any, verdict: str) -> None:
    assert rules.totals(answer, _totals("0", None, None), [1, 2, 3], 3).answer == verdict


def test_a_page_that_is_cut_without_a_word_is_found() -> None:
    assert findings.page(1000, 200, 5000, 1000, refused=False).answer == "200"
    assert findings.page(1000, 200, 200, 1000, refused=False).answer == "1000+"
    assert findings.clock(-75.0).ok is False
    assert findings.clock(None).ok is False
    assert findings.clock(-0.3).answer == "+0 s"
    assert findings.latency([9.0]).ok is False
    assert findings.archived(3, 4, None).answer == "no"


@pytest.mark.postgres
def test_findings_are_kept_and_become_traits(warehouse: Engine) -> None:
    with warehouse.begin() as session:
        assert load_traits(session, "here") == Traits()
        kept = [
            findings.page(7, 7, 90, 1000, refused=True),
            findings.batches(worked=False, problem="no"),
            findings.requests(400, 60.0),
            *rules.filters({**_HONEST, "future": 5}, low=30, high=60),
        ]
        save(session, "here", kept)
        save(session, "elsewhere", [findings.page(500, 500, 900, 1000, refused=True)])
        traits = load_traits(session, "here")
        assert (traits.page_maximum, traits.requests_per_minute) == (7, 400)
        assert (traits.batches, traits.bounds_and, traits.updated_at) == (False, True, False)
        assert traits.criteria_and is True  # unknown: as documented
        assert traits.probed_at is not None
        save(session, "here", [findings.page(1000, 1000, 9000, 1000, refused=False)])
        assert load_traits(session, "here").page_maximum is None


@pytest.mark.postgres
def test_the_doctor_says_what_is_well_and_keeps_it(
    warehouse: Engine, sonar: Sonars, capsys: pytest.CaptureFixture[str]
) -> None:
    made = sonar()
    _order(made, kind="page_limit", limit=5)
    cli.main(["doctor", "--json"], standalone_mode=False)
    checks = {check["what"]: check for check in json.loads(capsys.readouterr().out)}
    assert checks["warehouse"]["state"] == checks["Sonar"]["state"] == "ok"
    assert checks["largest page"]["state"] == "attention"
    with warehouse.begin() as session:
        assert load_traits(session, "127.0.0.1").page_maximum == 5


@pytest.mark.postgres
def test_the_doctor_names_each_trouble_and_looks_further(
    warehouse: Engine,  # noqa: ARG001 - sets WAREHOUSE_URL
    sonar: Sonars,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def examine(error: type[MigrationError], code: int) -> dict[str, str]:
        with pytest.raises(error) as caught:
            cli.main(["doctor", "--json"], standalone_mode=False)
        assert caught.value.exit_code == code
        return {c["what"]: c["state"] for c in json.loads(capsys.readouterr().out)}

    states = examine(ConfigError, 2)
    assert (states["settings"], states["warehouse"]) == ("mend", "ok")
    made = sonar()
    monkeypatch.setenv("SONAR_API_KEY", "wrong-token")
    states = examine(ConfigError, 2)
    assert (states["settings"], states["Sonar"]) == ("ok", "mend")
    monkeypatch.setenv("SONAR_API_KEY", made.token)
    monkeypatch.setenv("WAREHOUSE_URL", f"postgresql://u:p@127.0.0.1:{free_port()}/w")
    states = examine(MigrationError, 5)
    assert (states["warehouse"], states["Sonar"]) == ("mend", "ok")
    assert states["counts are true"] == "ok"
