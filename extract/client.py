"""The conversation with Sonar: one gql session, one budget, bounded retries, typed failures.

gql's transport is subclassed at `execute`, its public method, so that an answer's bytes are split
instead of parsed and its status and headers are seen. Each document is parsed and printed once.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec
import orjson
from gql import Client, GraphQLRequest
from gql.transport.aiohttp import AIOHTTPTransport
from graphql import ExecutionResult, GraphQLSchema

from extract.answers import Answer, parse
from extract.discovery import INTROSPECTION, schema_from
from extract.failures import RateLimited, Unreachable
from runtime.errors import ConfigError, RetriableSourceError
from runtime.log import redact
from runtime.settings import SonarApi

logger = logging.getLogger(__name__)

_LONGEST_WAIT = 60.0
_LONGEST_RETRY_AFTER = 900.0
_FIRST_CONTACT_RETRIES = 2  # a wrong address is more likely than a passing fault
_CONNECT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Manners:
    """How patiently Sonar is asked. `delay` is the first wait; it doubles with each attempt."""

    workers: int = 4
    timeout: float = 60.0
    delay: float = 1.0
    retries: int = 5


@dataclass(slots=True)
class Tally:
    """What a conversation cost."""

    requests: int = 0
    retries: int = 0
    bytes: int = 0
    replaced: int = 0

    def add(self, answer: Answer) -> None:
        """Count one answer."""
        self.bytes += answer.size
        self.replaced += answer.replaced


class Clock:
    """Time as the conversation needs it."""

    def now(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


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


class _Transport(AIOHTTPTransport):
    """gql's HTTP transport, with answers kept as bytes per entity."""

    async def execute(
        self,
        request: GraphQLRequest,
        *,
        extra_args: dict[str, Any] | None = None,  # noqa: ARG002 - gql's signature
        upload_files: bool = False,  # noqa: ARG002 - gql's signature
    ) -> ExecutionResult:
        if self.session is None:
            raise RetriableSourceError("the session with Sonar is closed")
        try:
            async with self.session.post(
                self.url, data=orjson.dumps(request.payload), allow_redirects=False
            ) as response:
                body = await response.read()
        except aiohttp.ClientConnectorError as exc:
            raise Unreachable(f"no connection to Sonar: {exc.strerror or exc}") from None
        except TimeoutError:
            raise RetriableSourceError("Sonar did not answer in time") from None
        except aiohttp.ClientError as exc:
            raise RetriableSourceError(
                f"the connection to Sonar broke ({type(exc).__name__})"
            ) from None
        answer = parse(response.status, response.headers.get("Retry-After"), body)
        return ExecutionResult(data={"answer": answer})


class Sonar:
    """An open conversation with one Sonar instance; use as an async context manager."""

    def __init__(
        self,
        api: SonarApi,
        manners: Manners,
        *,
        clock: Clock | None = None,
    ) -> None:
        self.manners = manners
        self.total = Tally()
        self._clock = clock or Clock()
        self._slots = asyncio.Semaphore(manners.workers)
        self._quiet_until = 0.0
        timeout = aiohttp.ClientTimeout(total=manners.timeout, sock_connect=_CONNECT_SECONDS)
        transport = _Transport(
            url=api.endpoint,
            headers={
                "Authorization": f"Bearer {api.key}",
                "Content-Type": "application/json",
                "Accept": "application/json",
            },
            client_session_args={"timeout": timeout},
        )
        self._client = Client(transport=transport, execute_timeout=None)

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
    ) -> Mapping[str, msgspec.Raw]:
        """Return the data of one request, retried as `Manners` says or `retries` times.

        Raises:
            ConfigError, FatalSourceError: at once. RetriableSourceError: after the last attempt.
        """
        tally = tally if tally is not None else Tally()
        most = self.manners.retries if retries is None else retries
        for attempt in range(most + 1):
            try:
                answer = await self._once(query)
            except RetriableSourceError as exc:
                tally.retries += 1
                self.total.retries += 1
                if attempt == most:
                    raise
                await self._wait(exc, attempt)
            else:
                for each in (tally, self.total):
                    each.requests += 1
                    each.add(answer)
                return answer.data
        raise AssertionError("unreachable")

    async def schema(self) -> GraphQLSchema:
        """Return the schema by introspection.

        Raises:
            ConfigError: what answers is not a GraphQL server.
        """
        try:
            retries = min(_FIRST_CONTACT_RETRIES, self.manners.retries)
            data = await self.ask(Query(INTROSPECTION), retries=retries)
        except Unreachable as exc:
            raise Unreachable(f"{exc}: check SONAR_URL and the network") from None
        except RetriableSourceError as exc:
            if "web page" in str(exc):
                raise ConfigError(
                    "SONAR_URL answers with a web page instead of GraphQL: this is not a Sonar"
                ) from None
            raise
        return schema_from(bytes(data.get("__schema", b"null")))

    async def _once(self, query: Query) -> Answer:
        async with self._slots:
            while (rest := self._quiet_until - self._clock.now()) > 0:
                await self._clock.sleep(rest)
            result = await self._session.execute(query, get_execution_result=True)
        answer: Answer = result.data["answer"]
        return answer

    async def _wait(self, exc: RetriableSourceError, attempt: int) -> None:
        """Back off; a rate limit is everybody's, so all workers pause for it."""
        doubled = self.manners.delay * 2**attempt
        wait = min(_LONGEST_WAIT, doubled * random.uniform(0.75, 1.25))  # noqa: S311 - jitter
        if isinstance(exc, RateLimited):
            if exc.retry_after is not None:
                wait = min(_LONGEST_RETRY_AFTER, exc.retry_after)
            self._quiet_until = max(self._quiet_until, self._clock.now() + wait)
        logger.info(
            "event=retry attempt=%d wait=%.1f cause=%s", attempt + 1, wait, redact(str(exc))
        )
        await self._clock.sleep(wait)
