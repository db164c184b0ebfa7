"""Looks at many collections at once, against the sandbox and a server that answers by script."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

import pytest

from extract.proof.judgement import Figures
from extract.proof.looks import Asked, Look, look
from extract.sonar.client import Manners, Sonar
from extract.sonar.failures import TokenRefused, Unreachable
from runtime.settings import SonarApi
from tests.extract.landed import HASTY, made_up
from tests.extract.scripted import Reply, Script, free_port, scripted

LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)


def _scripted(script: Script, *asked: Asked, manners: Manners = HASTY) -> dict[str, Look]:
    async def looked() -> dict[str, Look]:
        async with Sonar(SonarApi(script.url, "127.0.0.1", "token"), manners) as sonar:
            return await look(sonar, asked)

    return asyncio.run(looked())


def _answer(*counts: int, **totals: str) -> Reply:
    aggregations = [
        {"field": name, "aggregation_function": "SUM", "value": value}
        for name, value in totals.items()
    ]
    data = {
        f"c{number}": {"page_info": {"total_count": count}, "aggregations": aggregations}
        for number, count in enumerate(counts)
    }
    return Reply(json.dumps({"data": data}).encode())


def _error(message: str) -> Reply:
    return Reply(json.dumps({"errors": [{"message": message}], "data": None}).encode())


NO_FIELD = _error('Cannot query field "aggregations" on type "ThingConnection".')
ONCE = Manners(delay=0.01, retries=0, workers=1)


def test_a_field_that_sonar_cannot_total_costs_that_total_only() -> None:
    replies = [
        NO_FIELD,  # everything
        _answer(9, id="45"),
        NO_FIELD,  # both leaves
        NO_FIELD,  # amount
        _answer(9, length="7"),
        _answer(4),  # changed
    ]
    asked = Asked(made_up("things"), LONG_AGO, ("amount", "length"))
    with scripted(*replies) as script:
        seen = _scripted(script, asked, manners=ONCE)["things"]
    assert seen.figures == Figures(9, {"sum(id)": 45, "sum(length)": 7})
    assert (seen.changed, seen.problem) == (4, None)
    sent = [json.loads(body)["variables"] for body in script.bodies]
    assert [len(one.get("c0_sums", [])) for one in sent] == [9, 3, 6, 3, 3, 0]
    assert sent[-1] == {"c0_since": "1990-01-01T00:00:00+00:00"}


def test_a_collection_that_cannot_be_totalled_at_all_is_counted() -> None:
    with scripted(NO_FIELD, NO_FIELD, _answer(9)) as script:
        seen = _scripted(script, Asked(made_up("things"), None, ("amount",)), manners=ONCE)
    assert seen["things"].figures == Figures(9)
    assert seen["things"].problem is None


def test_changes_that_cannot_be_counted_are_unknown_not_none() -> None:
    with scripted(NO_FIELD, _answer(9, id="45"), NO_FIELD) as script:
        seen = _scripted(script, Asked(made_up("things"), LONG_AGO), manners=ONCE)["things"]
    assert (seen.figures, seen.changed) == (Figures(9, {"sum(id)": 45}), None)


def test_what_fails_for_good_says_why() -> None:
    with scripted(_error("Unknown argument paginator")) as script:
        seen = _scripted(script, Asked(made_up("things")), manners=ONCE)["things"]
    assert seen.problem
    assert not seen.denied
    assert len(script.bodies) == 3


def test_a_failing_batch_is_halved_until_the_rest_is_known() -> None:
    bad = _error("Unknown argument paginator")
    replies = [bad, _answer(1, 2), bad, _answer(3), bad, bad]
    asked = [Asked(made_up(name, has_aggregation=False)) for name in ("a", "b", "c", "d")]
    with scripted(*replies) as script:
        looks = _scripted(script, *asked, manners=ONCE)
    assert [looks[name].figures.count for name in "abcd"] == [1, 2, 3, None]
    assert [bool(looks[name].problem) for name in "abcd"] == [False, False, False, True]


def test_a_server_that_is_gone_or_a_refused_token_ends_it() -> None:
    with pytest.raises(Unreachable):
        _scripted(Script([], url=f"http://127.0.0.1:{free_port()}"), Asked(made_up("things")))
    with scripted(Reply(status=401)) as script, pytest.raises(TokenRefused):
        _scripted(script, Asked(made_up("things")))
