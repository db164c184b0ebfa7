"""The parts of the writer that need no server."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from load.rest.bodies import Draft, Ids, Row, body
from load.rest.jobs import Job, marks, parents_first
from load.rest.lookups import same
from load.rest.shape_meta import read_shapes
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


def test_only_what_sonar_left_alone_is_staffs() -> None:
    before, now = _customer(1), _customer(1)
    now.draft = replace(now.draft, row=Row("account:1", {**now.draft.row.values, "city": "New"}))
    now.body = body(now.draft, Ids())
    assert now.theirs({"city", "login"}) == set()
    now.base = marks(before.ready)
    assert now.theirs({"city", "login", "computed"}) == {"login"}
    now.base = now.base[1:]
    assert now.theirs({"city", "login"}) == set()


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
