"""One conversation: whose turn it is, what is sent again, and what never is.

Repeated are requests that a second time changes nothing about (GET, HEAD, OPTIONS, PUT, DELETE),
and a POST that was certainly not carried out (`NotSent`, 429, a refused token). Any other POST
raises at once with `is_uncertain`: its caller looks up what became of it. Other 4xx are never
repeated.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec

from load.rest import answers
from load.rest.authentication import chosen
from load.rest.budget import Budget, Clock
from load.rest.credentials import Authentication, Constant, Credential
from load.rest.failures import (
    Failure,
    Invalid,
    NotFound,
    NotSent,
    Passing,
    RateLimited,
    ReplyLost,
    ServerFault,
    Unauthorized,
)
from load.rest.requests import Answer, Request
from load.rest.tokens import Obtained
from load.rest.transport import Transport
from runtime.log import redact
from runtime.settings import SplynxApi

logger = logging.getLogger(__name__)

_LONGEST_WAIT = 60.0
_FIRST_CONTACT_RETRIES = 2  # a wrong address is more likely than a passing fault
_MOST_RENEWALS = 10  # of one request; each token that ends may meet it again
_NOBODY = Constant("nobody", None)


@dataclass(frozen=True, slots=True)
class Manners:
    """How patiently Splynx is asked. `delay` is the first wait; it doubles with each attempt.

    `patience` is how many seconds one request waits for rate limits, all its waits together.
    """

    workers: int = 16
    timeout: float = 60.0
    delay: float = 1.0
    retries: int = 5
    patience: float = 900.0
    requests_per_minute: int | None = None


@dataclass(slots=True)
class Tally:
    """What the conversation cost.

    `tokens` were obtained or renewed; `seconds` is the sum over requests that ran side by side.
    """

    requests: int = 0
    retries: int = 0
    tokens: int = 0
    seconds: float = 0.0
    sent: int = 0
    received: int = 0


class Conversation:
    """Requests of many tasks to one Splynx."""

    def __init__(self, api: SplynxApi, manners: Manners, clock: Clock) -> None:
        self.manners = manners
        self.tally = Tally()
        self.budget = Budget(clock, manners.requests_per_minute)
        self._clock = clock
        self._authentication = chosen(api, self._obtain, clock)
        self._slots = asyncio.Semaphore(manners.workers)
        self._transport = Transport(api.url, connections=manners.workers, timeout=manners.timeout)
        self._has_worked = False

    async def open(self) -> None:
        """Get ready to send; nothing is sent yet."""
        await self._transport.open()

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.close()

    @property
    def way(self) -> str:
        """How it is proven who asks."""
        return self._authentication.way

    async def ask(self, request: Request) -> Answer:
        """Return the successful answer to a request.

        Raises:
            Failure: as load.rest.failures says. ConfigError: the certificate, or no TLS.
        """
        return await self._persist(
            request, self._authentication, is_repeatable=request.is_idempotent
        )

    async def _persist(
        self, request: Request, authentication: Authentication, *, is_repeatable: bool
    ) -> Answer:
        """Return the successful answer, after as many attempts as are safe and polite."""
        attempt, limited, waited, is_doubtful = 0, 0, 0.0, False
        while True:
            try:
                return await self._once(request, authentication)
            except NotFound:
                if request.method == "DELETE" and is_doubtful:
                    return Answer(HTTPStatus.NO_CONTENT, {}, b"")
                raise
            except Passing as exc:
                is_doubtful |= exc.is_uncertain
                is_limit = isinstance(exc, RateLimited)
                wait = self._wait_for(exc, limited if is_limit else attempt)
                enough = exc.is_final or (not is_limit and attempt >= self._most(exc))
                if (
                    enough
                    or waited + wait > self.manners.patience
                    or (exc.is_uncertain and not is_repeatable)
                ):
                    raise
                await self._back_off(exc, wait)
                attempt, limited = attempt + (not is_limit), limited + is_limit
                waited += wait

    async def _once(self, request: Request, authentication: Authentication) -> Answer:
        """Return the successful answer of one attempt; a refused token is renewed meanwhile."""
        for renewal in range(_MOST_RENEWALS + 1):
            await authentication.prepare()
            async with self._slots:
                sent = await self.budget.turn()
                credential, answer = await self._exchange(request, authentication)
            failure = answers.failure(request, answer, has_worked=self._has_worked)
            self._learn(failure, sent)
            if failure is None:
                return answer
            if (
                isinstance(failure, Unauthorized)
                and renewal < _MOST_RENEWALS
                and await authentication.mended(failure, credential)
            ):
                self.tally.retries += 1
                continue
            raise failure
        raise AssertionError  # the last turn returns or raises

    async def _exchange(
        self, request: Request, authentication: Authentication
    ) -> tuple[Credential, Answer]:
        began = time.perf_counter()
        self.tally.requests += 1
        self.tally.sent += len(request.body or b"") + sum(len(f.content) for f in request.files)
        try:
            credential, answer = await self._transport.exchange(request, authentication)
        finally:
            self.tally.seconds += time.perf_counter() - began
        self.tally.received += len(answer.body)
        return credential, answer

    def _learn(self, failure: Failure | None, sent: float) -> None:
        if isinstance(failure, RateLimited):
            self.budget.refused(sent)
        else:
            self.budget.granted()
        self._has_worked |= (
            failure is None or failure.internal_code is not None or isinstance(failure, Invalid)
        )

    def _most(self, exc: Passing) -> int:
        is_first = not self._has_worked and isinstance(exc, NotSent | ReplyLost)
        most = self.manners.retries
        return min(_FIRST_CONTACT_RETRIES, most) if is_first else most

    def _wait_for(self, exc: Passing, attempt: int) -> float:
        named = exc.retry_after if isinstance(exc, RateLimited | ServerFault) else None
        if named is not None:
            return max(named, self.manners.delay)
        jitter = random.uniform(0.75, 1.25)  # noqa: S311 - may be guessed
        return min(_LONGEST_WAIT, self.manners.delay * 2.0 ** min(attempt, 30) * jitter)

    async def _back_off(self, exc: Passing, wait: float) -> None:
        """Wait; a rate limit, or a time that Splynx names, is everybody's."""
        self.tally.retries += 1
        if isinstance(exc, RateLimited) or getattr(exc, "retry_after", None) is not None:
            self.budget.pause(wait)
        logger.info("event=retry wait=%.1f cause=%s", wait, redact(str(exc)))
        await self._clock.sleep(wait)

    async def _obtain(self, method: str, path: str, body: Mapping[str, Any] | None) -> Obtained:
        """Ask for a token. One too many does no harm, so that it is asked for again at will.

        Raises:
            NotSent: in vain; the request that needs the token has not been sent.
        """
        encoded = None if body is None else msgspec.json.encode(body)
        request = Request(method, path, body=encoded, sent=body)
        try:
            answer = await self._persist(request, _NOBODY, is_repeatable=True)
        except Passing as exc:
            failure = NotSent(f"no access token: {exc}", status=exc.status)
            failure.is_final = True
            raise failure from None
        self.tally.tokens += 1
        told = answers.content(answer)
        return Obtained(told if isinstance(told, dict) else {}, answer.headers.get("date"))
