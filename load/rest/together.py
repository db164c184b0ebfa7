"""What many tasks want at the same time, done in one go.

While one batch is under way, what comes in waits and makes the next one: so a batch grows with the
load, and a task that is alone does not wait for others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Together(Generic[Item, Answer]):
    """Calls `work` with up to `most` items at a time, never twice at once.

    `work` returns one answer an item, in their order; what it raises goes to all who wait for it.
    With a `moment`, so many seconds must have passed without a new item before it is called with
    fewer.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]],
        *,
        most: int,
        moment: float = 0.0,
    ) -> None:
        self._work = work
        self._most = most
        self._moment = moment
        self._waiting: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._working: asyncio.Task[None] | None = None

    async def ask(self, item: Item) -> Answer:
        """Return the answer to `item`."""
        return await self.put(item)

    def put(self, item: Item) -> asyncio.Future[Answer]:
        """Return what will hold the answer to `item`."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work_off())
        return future

    async def _work_off(self) -> None:
        while self._waiting:
            await self._gather()
            batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            try:
                answers = await self._work([item for item, _ in batch])
            except Exception as exc:  # noqa: BLE001 - it is everybody's who waits
                for _, future in batch:
                    if not future.done():
                        future.set_exception(exc)
                continue
            for (_, future), answer in zip(batch, answers, strict=True):
                if not future.done():
                    future.set_result(answer)

    async def _gather(self) -> None:
        """Wait until a batch is full, or nothing more came for a moment."""
        known = 0
        while self._moment and known < len(self._waiting) < self._most:
            known = len(self._waiting)
            await asyncio.sleep(self._moment)
