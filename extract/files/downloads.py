"""One file at a time from Sonar's endpoint for bytes into the store, or the error that says why.

`GET /api/files/{id}` with the Bearer token answers with the bytes; that is all that is published.
Whether it redirects to a storage elsewhere is not, so redirects are followed (the token goes to
Sonar alone: aiohttp drops it where the origin changes). What arrives is a file only when it has as
many bytes as the record says; anything else is an answer that went wrong.
"""

from __future__ import annotations

import asyncio
import logging
import random
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Self
from urllib.parse import quote

import aiohttp

from extract.files.store import FileStore, Stored
from extract.sonar.answers import parse
from extract.sonar.client import Sonar, Tally
from extract.sonar.failures import (
    ConnectionLost,
    CutOff,
    Denied,
    RateLimited,
    ServerFailed,
    TimedOut,
    Unreachable,
    WebPage,
)
from runtime.errors import FatalSourceError, RetriableSourceError
from runtime.log import redact
from runtime.settings import SonarApi

logger = logging.getLogger(__name__)

_CHUNK = 256 * 1024
_COMPLAINT = 16 * 1024  # an error in JSON is shorter than this
_LONGEST_WAIT = 60.0
_LONGEST_RETRY_AFTER = 900.0
_CONNECT_SECONDS = 10.0
_WINDOWS = 2  # of the request budget, before a rate limit is final
_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


class Missing(FatalSourceError):  # noqa: N818 - named for what happened
    """Sonar has a record of the file and no bytes."""


class TooLarge(FatalSourceError):  # noqa: N818
    """There are more bytes than are wanted; `size` is how many, where that is known."""

    def __init__(self, message: str, size: int | None = None) -> None:
        super().__init__(message)
        self.size = size


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file as its record describes it."""

    key: str
    size: int | None
    mime_type: str | None


class Downloads:
    """A session with the endpoint for bytes; it shares the budget and the manners of `sonar`."""

    def __init__(
        self, sonar: Sonar, api: SonarApi, store: FileStore, max_bytes: int | None
    ) -> None:
        self.tally = Tally()
        self._sonar = sonar
        self._api = api
        self._store = store
        self._max_bytes = max_bytes

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            headers={
                "Authorization": f"Bearer {self._api.key}",
                "Accept": "*/*",
                "Accept-Encoding": "identity",  # most files are compressed already
            },
            # A large file may take long as long as bytes keep coming.
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=_CONNECT_SECONDS, sock_read=self._sonar.manners.timeout
            ),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def fetch(self, wanted: Wanted) -> Stored:
        """Fetch a file into the store; what may pass is tried again, as `Manners` says.

        A rate limit is waited for over two windows of the budget, however few retries are left.

        Raises:
            TokenRefused: the token is refused. WarehouseError: the disk is full.
            Denied, Missing, TooLarge: this file cannot be had.
            Unreachable: no connection. SourceError: this file failed for good.
        """
        attempt, waited = 0, 0.0
        while True:
            try:
                return await self._once(wanted)
            except RetriableSourceError as exc:
                is_limit = isinstance(exc, RateLimited)
                patient = is_limit and waited < _WINDOWS * self._sonar.budget.period
                if attempt >= self._sonar.manners.retries and not patient:
                    raise
                self.tally.retries += 1
                waited += await self._wait(exc, wanted, attempt)
                attempt += 1

    def check_size(self, size: int | None, *, is_all: bool = True) -> None:
        """Refuse more bytes than are wanted; without `is_all` there are more to come.

        Raises:
            TooLarge: `size` is above the maximum.
        """
        if self._max_bytes is not None and size is not None and size > self._max_bytes:
            what = f"{size:,} bytes" if is_all else "more bytes than its record says"
            raise TooLarge(f"{what}: above --max-file-mb", size if is_all else None)

    async def _once(self, wanted: Wanted) -> Stored:
        address = f"{self._api.url}/api/files/{quote(wanted.key, safe='')}"
        self.tally.requests += 1
        try:
            async with self._sonar.budget.turn(), self._session.get(address) as response:
                return await self._received(response, wanted)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as exc:
            raise Unreachable(f"no connection to Sonar ({type(exc).__name__})") from None
        except TimeoutError:
            raise TimedOut("Sonar did not send the file in time") from None
        except aiohttp.ClientPayloadError:
            raise CutOff("the file was cut off on the way") from None
        except aiohttp.ClientError as exc:
            raise ConnectionLost(f"the connection to Sonar broke ({type(exc).__name__})") from None

    async def _received(self, response: aiohttp.ClientResponse, wanted: Wanted) -> Stored:
        retry_after = response.headers.get("Retry-After")
        if response.status == HTTPStatus.FORBIDDEN:
            raise Denied("the token may not download this file (HTTP 403)")
        if response.status in _GONE:
            raise Missing(f"Sonar has no bytes for this record (HTTP {response.status})")
        if response.status != HTTPStatus.OK:
            parse(response.status, retry_after, b"")
            raise FatalSourceError(f"Sonar answered HTTP {response.status}")
        self.check_size(response.content_length)
        beginning = b""
        with self._store.incoming() as incoming:
            async for chunk in response.content.iter_chunked(_CHUNK):
                beginning += chunk[: _COMPLAINT - len(beginning)]
                incoming.write(chunk)
                self.tally.bytes += len(chunk)
                self.check_size(incoming.size, is_all=False)
            if not _is_file(wanted, incoming.size, response.content_type):
                if response.content_type == "application/json" and incoming.size <= _COMPLAINT:
                    parse(response.status, retry_after, beginning)  # raises what it says
                if response.content_type == "text/html":
                    raise WebPage("Sonar answered with a web page instead of the file")
                raise CutOff(f"Sonar's record says {wanted.size} bytes, {incoming.size} came")
            return await asyncio.to_thread(incoming.commit)

    async def _wait(self, exc: RetriableSourceError, wanted: Wanted, attempt: int) -> float:
        """Back off; a rate limit is everybody's, so everybody pauses for it."""
        manners, budget = self._sonar.manners, self._sonar.budget
        doubled = manners.delay * float(2 ** min(attempt, 30))
        least = budget.period / 8 if attempt >= manners.retries else 0.0
        wait = min(_LONGEST_WAIT, max(least, doubled * random.uniform(0.75, 1.25)))  # noqa: S311
        named = exc.retry_after if isinstance(exc, RateLimited | ServerFailed) else None
        if named is not None:
            wait = max(least, min(_LONGEST_RETRY_AFTER, named))
        if isinstance(exc, RateLimited) or named is not None:
            budget.pause(wait)
        logger.info(
            "event=retry file=%s attempt=%d wait=%.1f cause=%s",
            wanted.key,
            attempt + 1,
            wait,
            redact(str(exc)),
        )
        await asyncio.sleep(wait)
        return wait


def _is_file(wanted: Wanted, size: int, content_type: str) -> bool:
    """Tell bytes of the file from an error or a web page that came with status 200."""
    if wanted.size is not None:
        return size == wanted.size
    said = {"application/json", "text/html"}
    return content_type not in said or content_type == wanted.mime_type
