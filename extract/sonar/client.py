"""The conversation with Sonar: one gql session, one budget, bounded retries, typed failures.

Each document is parsed and printed once.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp
from gql import Client, GraphQLRequest
from graphql import GraphQLSchema

from extract.catalogue.discovery import INTROSPECTION, schema_from
from extract.sonar.answers import Answered
from extract.sonar.budget import Budget, Clock
from extract.sonar.failures import (
    ConnectionLost,
    Denied,
    FieldsDenied,
    NotASonar,
    Oversized,
    RateLimited,
    ServerFailed,
    TokenExpired,
    TokenRefused,
    Unreachable,
    WebPage,
)
from extract.sonar.transport import Transport
from runtime.errors import ConfigError, FatalSourceError, RetriableSourceError, SourceError
from runtime.log import redact
from runtime.settings import SonarApi

__all__ = ["Answered", "Clock", "Manners", "Query", "Sonar", "Tally"]

logger = logging.getLogger(__name__)

_LONGEST_WAIT = 60.0
_LONGEST_RETRY_AFTER = 900.0
_FIRST_CONTACT_RETRIES = 2  # a wrong address is more likely than a passing fault
_CONNECT_SECONDS = 10.0
_WINDOWS = 2  # so many windows of the request budget are waited for before a rate limit is final


@dataclass(frozen=True, slots=True)
class Manners:
    """How patiently Sonar is asked. `delay` is the first wait; it doubles with each attempt.

    `requests_per_minute` None: as many as Sonar takes, which is learned when it refuses.
    """

    workers: int = 4
    timeout: float = 60.0
    delay: float = 1.0
    retries: int = 5
    requests_per_minute: int | None = None


@dataclass(slots=True)
class Tally:
    """What a conversation cost; `withheld` counts the secrets that were emptied."""

    requests: int = 0
    retries: int = 0
    bytes: int = 0
    replaced: int = 0
    withheld: int = 0

    def add(self, answer: Answered) -> None:
        """Count one answer."""
        self.requests += 1
        self.bytes += answer.size
        self.replaced += answer.replaced


class Query(GraphQLRequest):
    """A document that is parsed once; `with_values` shares its text between requests."""

    def __init__(self, text: str, values: Mapping[str, Any] | None = None) -> None:
        super().__init__(text, variable_values=dict(values or {}))
        self._text = text

    def with_values(self, **values: Any) -> Query:  # noqa: ANN401
        """Return the same query with other variables, without parsing again."""
        twin = object.__new__(Query)
        twin.__dict__.update(self.__dict__, variable_values=values)
        return twin

    @property
    def payload(self) -> dict[str, Any]:
        """The body of the HTTP request."""
        return {"query": self._text, "variables": self.variable_values or {}}


_PING = Query("{ __typename }")


class Sonar:
    """An open conversation with one Sonar instance; use as an async context manager."""

    def __init__(
        self,
        api: SonarApi,
        manners: Manners,
        *,
        clock: Clock | None = None,
        budget: Budget | None = None,
    ) -> None:
        if not (api.key.isascii() and api.key.isprintable()) or " " in api.key:
            raise ConfigError(
                "SONAR_API_KEY holds blanks or characters that no token has: copy it again"
            )
        self.manners = manners
        self.total = Tally()
        self._clock = clock or Clock()
        self.budget = budget or Budget(self._clock, manners.requests_per_minute)
        self._url = api.url
        self._slots = asyncio.Semaphore(manners.workers)
        self._has_worked = False
        timeout = aiohttp.ClientTimeout(total=manners.timeout, sock_connect=_CONNECT_SECONDS)
        self._transport = Transport(
            url=api.endpoint,
            headers={
                "Authorization": f"Bearer {api.key}",
                "Content-Type": "application/json",
                "Accept": "application/json",
            },
            client_session_args={"timeout": timeout},
        )
        self._client = Client(transport=self._transport, execute_timeout=None)

    async def __aenter__(self) -> Self:
        self._session = await self._client.connect_async()  # type: ignore[no-untyped-call]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.close_async()  # type: ignore[no-untyped-call]

    async def ask(
        self, query: Query, tally: Tally | None = None, *, retries: int | None = None
    ) -> Answered:
        """Return the data of one request, retried as `Manners` says or `retries` times.

        A size that Sonar refuses is not asked for again. A rate limit is waited for over two whole
        windows, however few retries are left.

        Raises:
            ConfigError, FatalSourceError: at once. RetriableSourceError: after the last attempt.
        """
        most = self.manners.retries if retries is None else retries
        attempt = 0
        waited = 0.0
        while True:
            try:
                answer = await self._once(query)
            except RetriableSourceError as exc:
                for each in (tally, self.total):
                    if each is not None:
                        each.retries += 1
                is_limit = isinstance(exc, RateLimited)
                patient = is_limit and waited < _WINDOWS * self.budget.period
                if isinstance(exc, Oversized) or (attempt >= most and not patient):
                    raise
                least = self.budget.period / 8 if attempt >= most else 0.0
                waited += await self._wait(exc, attempt, least)
                attempt += 1
            else:
                for each in (tally, self.total):
                    if each is not None:
                        each.add(answer)
                return answer

    async def schema(self) -> GraphQLSchema:
        """Return the schema by introspection, the first thing asked of an instance.

        Raises:
            ConfigError: what answers is not a GraphQL server, or will not be introspected.
        """
        try:
            retries = min(_FIRST_CONTACT_RETRIES, self.manners.retries)
            data = await self.ask(Query(INTROSPECTION), retries=retries)
        except Unreachable as exc:
            raise Unreachable(f"{exc}: check SONAR_URL and the network") from None
        except ConnectionLost as exc:
            raise ConnectionLost(
                f"{exc}: check SONAR_URL (https or http?) and the network"
            ) from None
        except WebPage:
            raise NotASonar(
                "SONAR_URL answers with a web page instead of GraphQL: this is not a Sonar"
            ) from None
        except (Denied, FieldsDenied):
            raise TokenRefused(
                "Sonar refuses introspection, which tells what there is to read: use the token of "
                "a user that may introspect"
            ) from None
        except FatalSourceError as exc:
            raise NotASonar(f"{exc}: this is not a Sonar, or SONAR_URL needs https") from None
        return schema_from(bytes(data.get("__schema", b"null")))

    async def status_of(self, path: str) -> int:
        """Return the HTTP status of a GET below SONAR_URL; asked once, within the budget.

        Raises:
            SourceError: no answer came.
        """
        async with self._slots, self.budget.turn():
            self.total.requests += 1
            return await self._transport.status_of(f"{self._url}{path}")

    async def _once(self, query: Query) -> Answered:
        try:
            answered = await self._send(query)
        except TokenRefused as exc:
            if not self._has_worked:
                raise
            raise await self._refused_now(exc) from None
        except NotASonar as exc:
            if not self._has_worked:
                raise
            raise ServerFailed(f"it was a Sonar until now, and {exc}") from None
        self._has_worked = True
        if self._transport.rate is not None:
            self.budget.told(self._transport.rate)
        return answered

    async def _send(self, query: Query) -> Answered:
        async with self._slots, self.budget.turn():
            result = await self._session.execute(query, get_execution_result=True)
        answered: Answered = result.data["answered"]
        return answered

    async def _refused_now(self, exc: TokenRefused) -> Exception:
        """Tell a token that has ended from one that may not read this collection."""
        try:
            await self._send(_PING)
        except TokenRefused:
            return TokenExpired(
                "Sonar took the token until now and refuses it since: it has expired or was "
                "withdrawn. Put a new one into SONAR_API_KEY and run again"
            )
        except SourceError:
            return exc
        return Denied(f"Sonar denies it, while it takes the token elsewhere ({exc})")

    async def _wait(self, exc: RetriableSourceError, attempt: int, least: float) -> float:
        """Back off; a rate limit is everybody's, so all workers pause for it."""
        doubled = self.manners.delay * 2.0 ** min(attempt, 30)
        jitter = random.uniform(0.75, 1.25)  # noqa: S311 - may be guessed
        wait = min(_LONGEST_WAIT, max(least, doubled * jitter))
        named = exc.retry_after if isinstance(exc, RateLimited | ServerFailed) else None
        if named is not None:
            wait = max(least, min(_LONGEST_RETRY_AFTER, named))
        if isinstance(exc, RateLimited) or named is not None:
            self.budget.pause(wait)
        logger.info(
            "event=retry attempt=%d wait=%.1f cause=%s", attempt + 1, wait, redact(str(exc))
        )
        await self._clock.sleep(wait)
        return wait
