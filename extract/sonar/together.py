"""Tasks side by side that fail as one: the first problem that an operator can act on is raised."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

from runtime.errors import MigrationError

T = TypeVar("T")


async def together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Run everything side by side and return the results in order.

    When one fails, the others are cancelled and its own exception is raised, not a group.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in work]
    except BaseExceptionGroup as problems:
        raise first_problem(problems) from None
    return [task.result() for task in tasks]


def first_problem(problems: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the problem to show: one that an operator can act on, before a bug of ours."""
    leaves: list[BaseException] = []
    for problem in problems.exceptions:
        leaves.append(
            first_problem(problem) if isinstance(problem, BaseExceptionGroup) else problem
        )
    return next((leaf for leaf in leaves if isinstance(leaf, MigrationError)), leaves[0])


async def beside(background: Coroutine[Any, Any, None], work: Coroutine[Any, Any, T]) -> T:
    """Run `work` while `background` runs, which is cancelled afterwards; errors as `together`."""
    try:
        async with asyncio.TaskGroup() as group:
            worker = group.create_task(background)
            task = group.create_task(work)
            await asyncio.wait({task})
            worker.cancel()
    except BaseExceptionGroup as problems:
        raise first_problem(problems) from None
    return task.result()
