"""One creation, so that it happens once: the intent first, and a look before anything is repeated.

After a reply that was lost nobody knows whether the row is there. It is looked up at once, and once
more after a while, because the request may still be at work behind a gateway that gave up; only
then it is sent again. What looks like it is sent by one task at a time, so that of two records that
look alike at most one is in doubt.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from weakref import WeakValueDictionary

import orjson

from load.rest.bodies import Body
from load.rest.budget import Clock
from load.rest.client import Manners, Splynx
from load.rest.failures import Failure, ModuleOff
from load.rest.intents import Entry, Ledger
from load.rest.lookups import is_there, sought
from runtime.errors import FatalTargetError, MigrationError
from runtime.log import redact

logger = logging.getLogger(__name__)

_LONGEST_WAIT = 60.0
_SECRET_BYTES = 24


@dataclass(frozen=True, slots=True)
class Arrived:
    """A row that is in Splynx now; one that `was_found` by looking may hold other values.

    One that `was_resent` may come twice: it was in doubt before it was sent or found.
    """

    id: int | None
    was_found: bool = False
    was_resent: bool = False


class Doubtful(Exception):  # noqa: N818 - named for what happened
    """It failed again and again, and may be there all the same; `cause` is the last failure."""

    def __init__(self, cause: MigrationError) -> None:
        super().__init__(str(cause))
        self.cause = cause


class Sending:
    """Creates rows in one Splynx; for many tasks of one event loop."""

    def __init__(self, splynx: Splynx, ledger: Ledger, manners: Manners, clock: Clock) -> None:
        self._splynx = splynx
        self._ledger = ledger
        self._manners = manners
        self._clock = clock
        self._turns: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()

    async def create(
        self,
        body: Body,
        entries: Sequence[Entry],
        arrive: Callable[[Arrived], Awaitable[None]],
        *,
        in_doubt: bool = False,
    ) -> None:
        """Have Splynx hold a new row, announced by `entries`, exactly once.

        `in_doubt` says that an earlier run may have sent it. `arrive` writes down what came of it,
        before the next row that looks like it is sent.

        Raises:
            Unclear: several rows of Splynx may be it.
            Doubtful: see there; the intent has to stay.
            Failure: fatal ones mean that it has certainly not been created.
        """
        async with self._turn(body):
            await self._ledger.intend(entries)
            await arrive(await self._created(body, in_doubt=in_doubt))

    async def _created(self, body: Body, *, in_doubt: bool) -> Arrived:
        attempt = 0
        while True:
            if in_doubt and (found := await self._found(body)):
                return replace(found, was_resent=True)
            try:
                made = await self._splynx.create(body.path, _filled(body))
                key = made.id if body.draft.shape.has_id else None
                return Arrived(key, was_resent=in_doubt)
            except Failure as exc:
                # What is refused may be refused because it has arrived meanwhile.
                is_moot = in_doubt and isinstance(exc, FatalTargetError)
                if (exc.is_uncertain or is_moot) and (found := await self._found(body)):
                    return replace(found, was_resent=in_doubt)
                if not exc.is_uncertain:
                    raise
                if attempt >= self._manners.retries:
                    raise Doubtful(exc) from None
                logger.info("event=look_up cause=%s", redact(str(exc)))
            await self._clock.sleep(min(_LONGEST_WAIT, self._manners.delay * 2.0**attempt))
            in_doubt, attempt = True, attempt + 1

    async def _found(self, body: Body) -> Arrived | None:
        try:
            there, key = await is_there(self._splynx, self._ledger, sought(body))
        except (FatalTargetError, ModuleOff) as exc:
            raise Doubtful(exc) from None
        return Arrived(key, was_found=True) if there else None

    def _turn(self, body: Body) -> asyncio.Lock:
        alike = orjson.dumps([body.path, body.identity], option=orjson.OPT_SORT_KEYS)
        return self._turns.setdefault(alike, asyncio.Lock())


def _filled(body: Body) -> dict[str, object]:
    """Return the body of the POST; secrets are made here and kept nowhere."""
    return {
        **body.create,
        **{name: secrets.token_urlsafe(_SECRET_BYTES) for name in body.draft.shape.secret},
    }
