"""Passes over all collections: look, read what moved, and look again until nothing does.

What Sonar is when nothing moved in a whole pass is what landed, as of the moment the looks of that
pass began: then the extraction is consistent. A source that never rests is left after a few passes.
Lists and single objects are one answer each, without a count to watch: they are read once a run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from extract.proof.looks import Look, look
from extract.reading.one_collection import OneCollection
from extract.reading.walks import Means
from extract.sonar.together import together

CATCH_UPS = 3


@dataclass(frozen=True, slots=True)
class Rest:
    """Whether the last pass found no change, and Sonar's time when it began."""

    consistent: bool
    as_of: datetime | None


async def read_all(means: Means, collections: Sequence[OneCollection]) -> Rest:
    """Read the collections until a pass moves nothing, with at most `CATCH_UPS` more passes.

    Raises:
        Unreachable, ConfigError, WarehouseError: the run cannot go on.
    """
    passes = 1 if means.extent.sample is not None else 1 + CATCH_UPS
    moved, looks = True, dict[str, Look]()
    for number in range(passes):
        looks = await _look(means, collections)
        for one in collections:
            one.saw(looks.get(one.collection.name))
        if not number:
            means.counters.expected = sum(one.expected for one in collections)
        means.counters.done, means.counters.step = 0, "caught up" if number else "read"
        work = (_read(means, one, again=number > 0) for one in _by_size(collections))
        moved = any(await together(work))
        await _keep_watermarks(means, collections)
        if not moved and not any(one.unsettled for one in collections):
            break
    seen = [each.at for each in looks.values() if each.problem is None]
    consistent = not moved and means.extent.sample is None
    return Rest(consistent, min(seen) if consistent and seen else None)


async def _look(means: Means, collections: Sequence[OneCollection]) -> dict[str, Look]:
    asked = [each for one in collections if (each := one.asked) is not None]
    return await look(means.sonar, asked, together=means.looked) if asked else {}


def _by_size(collections: Sequence[OneCollection]) -> Sequence[OneCollection]:
    """Return the largest first: what takes longest should not begin last."""
    return sorted(collections, key=lambda one: one.expected, reverse=True)


async def _read(means: Means, one: OneCollection, *, again: bool) -> bool:
    moved = await one.read(again=again)
    means.counters.done += 1
    return moved


async def _keep_watermarks(means: Means, collections: Sequence[OneCollection]) -> None:
    idle = {one.collection.name: one.idle for one in collections if one.idle is not None}
    for one in collections:
        one.idle = None
    if idle:
        await asyncio.to_thread(means.states.keep, idle)
