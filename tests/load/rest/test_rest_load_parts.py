"""The parts of the writer that need no server."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from load.rest.bodies import Draft, Ids, Row, body
from load.rest.jobs import Job, parents_first
from load.rest.lookups import same
from load.rest.marks import found_marks, marks
from load.rest.shape_meta import read_shapes
from load.rest.standing import Aim, Standing
from load.rest.together import Together
from tests.load.rest.rest_world import MANIFEST

CUSTOMERS = read_shapes(MANIFEST)["customers"]


def _customer(number: int, parent: int | None = None) -> Job:
    values: dict[str, str | None] = dict.fromkeys(c.name for c in CUSTOMERS.mart.columns)
    values |= {"id": str(number), "parent_id": None if parent is None else str(parent)}
    job = Job(Draft(CUSTOMERS, Row(f"account:{number}", values)), None)
    job.body = body(job.draft, Ids())
    return job


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ([(3, 2), (2, 1), (1, None)], [1, 2, 3]),
        ([(1, None), (2, 9)], [1, 2]),
        ([(1, 1), (2, None)], [1, 2]),
        ([(2, 3), (3, 2), (1, None)], [3, 2, 1]),
    ],
    ids=["a chain", "a parent that is elsewhere", "its own parent", "a circle"],
)
def test_parents_go_first(given: list[tuple[int, int | None]], wanted: list[int]) -> None:
    jobs = parents_first([_customer(number, parent) for number, parent in given])
    assert [job.draft.planned_id for job in jobs] == wanted


@pytest.mark.parametrize(
    ("found", "wanted", "is_same"),
    [
        ("1.5000", "1.5", True),
        (2, "2", True),
        (None, "", True),
        ("A", "a", False),
        ("12", "1.2", False),
        (None, "0", False),
    ],
)
def test_two_scalars_are_one_value(found: object, wanted: object, *, is_same: bool) -> None:
    assert same(found, wanted) is is_same


def test_an_attribute_is_of_whoever_changed_it() -> None:
    """Sonar changed city and name, staff name and login; what nobody wrote before is ours."""
    before, now = _customer(1), _customer(1)
    values = {**now.draft.row.values, "city": "New", "name": "Of Sonar"}
    now.draft = replace(now.draft, row=Row("account:1", values))
    now.body = body(now.draft, Ids())
    held = {**before.ready.whole, "name": "Of staff", "login": "theirs", "computed": 1}
    wrong = {"city", "name", "login", "computed"}
    now.sort_out(wrong, held, ())
    assert now.open == wrong
    assert not now.kept | now.contested
    now.base = marks(before.ready)
    now.sort_out(wrong, held, ())
    assert now.open == {"city", "computed"}
    assert now.kept == {"login"}
    assert now.contested == {"name"}
    now.sort_out(wrong, held, (), overwrites=True)
    assert now.open == {"city", "computed", "name"}
    assert not now.contested
    now.base = now.base[1:]
    now.sort_out({"city", "login"}, held, ())
    assert now.open == {"city", "login"}


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ({"partner_id": "5"}, {"partner_id": 5}),
        ({"parent_id": None}, {"parent_id": 0}),
        ({"date_add": None}, {"date_add": "0000-00-00"}),
        ({"city": None}, {"city": ""}),
        ({}, {"additional_attributes": {"theirs": "1", "ours": ""}}),
    ],
)
def test_what_splynx_answers_has_the_marks_of_what_was_sent(
    sent: dict[str, str | None], found: dict[str, object]
) -> None:
    job = _customer(1)
    job.draft = replace(job.draft, row=Row("account:1", {**job.draft.row.values, **sent}))
    job.body = body(job.draft, Ids())
    record = {**job.ready.whole, **found}
    assert list(found_marks(CUSTOMERS, record, ("ours",)).values()) == marks(job.ready)
    changed = {**record, "name": "another"}
    assert list(found_marks(CUSTOMERS, changed, ("ours",)).values()) != marks(job.ready)


def test_what_an_undoing_did_itself_is_no_edit_of_staffs() -> None:
    """A late attribute may follow from what was taken back before a kill; a value of before too."""
    job = _customer(1)
    written = {**job.ready.whole, "status": "active"}
    base = list(found_marks(CUSTOMERS, written, ()).values())
    row = Standing(CUSTOMERS, "account:1", {"id": 7}, "customer/7", Aim.DELETE, base)
    assert row.edited(written, ()) == []
    assert row.edited({**written, "status": "new", "city": "x"}, ()) == ["city", "status"]
    row.was_begun = True
    assert row.edited({**written, "status": "new", "city": "x"}, ()) == ["city"]
    row.image = {"record": {**written, "city": "x"}}
    assert row.edited({**written, "city": "x"}, ()) == []
    assert row.edited({**written, "city": "y"}, ()) == ["city"]
    assert row.to_put_back({**written, "city": "y"}, ()) == {"city": "x"}


def test_what_comes_in_meanwhile_makes_the_next_batch() -> None:
    batches: list[list[int]] = []
    gate = asyncio.Event()

    async def work(items: Sequence[int]) -> Sequence[int]:
        batches.append(list(items))
        await gate.wait()
        if 13 in items:
            raise ValueError("13")
        return [item * 2 for item in items]

    async def run() -> list[int | BaseException]:
        together: Together[int, int] = Together(work, most=3)
        first = asyncio.create_task(together.ask(1))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        rest = asyncio.gather(*(together.ask(n) for n in (2, 3, 4, 13)), return_exceptions=True)
        await asyncio.sleep(0)
        gate.set()
        return [await first, *await rest]

    found = asyncio.run(run())
    assert batches == [[1], [2, 3, 4], [13]]
    assert found[:4] == [2, 4, 6, 8]
    assert isinstance(found[4], ValueError)
