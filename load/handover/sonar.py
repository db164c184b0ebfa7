"""Reads secrets by id from Sonar, and nothing else; what comes stays in memory.

gql is not used here: at the level DEBUG it logs whole answers. No text of Sonar's is repeated in an
error, because it may be part of an answer that holds secrets.
"""

from __future__ import annotations

import asyncio
import logging
import random
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec

from load.handover.allowed import FromSonar
from load.handover.secret import Secret, Told
from runtime.errors import ConfigError, FatalSourceError, RetriableSourceError
from runtime.settings import SonarApi

logger = logging.getLogger(__name__)

AT_ONCE = 50  # records of one request
_RETRIES = 5
_LONGEST_WAIT = 60.0
_LIMIT = re.compile(r"request limit|rate.?limit|too many|throttl|limit of \d+", re.IGNORECASE)
_DENIAL = re.compile(
    r"permission|authori[sz]ed|unauthenticated|forbidden|denied|not allowed|cannot query field",
    re.IGNORECASE,
)


class _Envelope(msgspec.Struct):
    data: dict[str, Any] | None = None
    errors: Any = None
    error: Any = None
    message: Any = None


_DECODER = msgspec.json.Decoder(_Envelope)


class Sonar:
    """An open conversation with one Sonar; use as an async context manager.

    `delay` is the first wait before a request is repeated; it doubles.
    """

    def __init__(self, api: SonarApi, *, delay: float = 1.0, timeout: float = 60.0) -> None:
        self._api = api
        self._delay = delay
        self._timeout = aiohttp.ClientTimeout(total=timeout, sock_connect=10.0)

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            timeout=self._timeout, headers={"Authorization": f"Bearer {self._api.key}"}
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def secrets(self, allowed: FromSonar, keys: Sequence[str]) -> Mapping[str, Told]:
        """Return what Sonar says of these records, by key; a record that is gone is not there.

        Raises:
            ConfigError: Sonar refuses the token, or denies the field to it.
            SourceError: it failed, after retries where these may help.
        """
        found: dict[str, Told] = {}
        for start in range(0, len(keys), AT_ONCE):
            page = [str(int(key)) for key in keys[start : start + AT_ONCE]]  # an id, in a query
            found |= read(allowed, page, await self._ask(allowed, _query(allowed, page)))
        return found

    async def _ask(self, allowed: FromSonar, query: str) -> Mapping[str, Any]:
        body = msgspec.json.encode({"query": query})
        for attempt in range(_RETRIES + 1):
            try:
                return await self._once(allowed, body)
            except RetriableSourceError as exc:
                if attempt == _RETRIES:
                    raise
                jitter = random.uniform(0.75, 1.25)  # noqa: S311 - may be guessed
                wait = min(_LONGEST_WAIT, self._delay * 2.0**attempt * jitter)
                logger.info("event=retry attempt=%d wait=%.1f cause=%s", attempt + 1, wait, exc)
                await asyncio.sleep(wait)
        raise AssertionError  # the last turn returns or raises

    async def _once(self, allowed: FromSonar, body: bytes) -> Mapping[str, Any]:
        try:
            async with self._session.post(
                self._api.endpoint,
                data=body,
                headers={"Content-Type": "application/json"},
                allow_redirects=False,
            ) as response:
                status, answer = response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as exc:
            raise RetriableSourceError(
                f"no answer of Sonar came ({type(exc).__name__}): check SONAR_URL and the network"
            ) from None
        return _data(allowed, status, answer)


def _query(allowed: FromSonar, keys: Sequence[str]) -> str:
    leaves = f"entities {{ id {allowed.field} updated_at }}"
    roots = (f"k{key}: {allowed.collection}(id: {key}) {{ {leaves} }}" for key in keys)
    return f"query {{ {' '.join(roots)} }}"


def _data(allowed: FromSonar, status: int, answer: bytes) -> Mapping[str, Any]:
    """Return the data of an answer that says nothing of errors.

    Raises:
        ConfigError, SourceError: what the answer amounts to.
    """
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise ConfigError(
            f"Sonar refuses the token (HTTP {status}): check SONAR_API_KEY, and that this "
            "machine's address is on the instance's allow list"
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise RetriableSourceError(f"Sonar answered HTTP {status} when asked for {allowed.source}")
    try:
        envelope = _DECODER.decode(answer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise RetriableSourceError(
            f"Sonar's answer to {allowed.source} (HTTP {status}) is no complete JSON"
        ) from None
    said = envelope.errors or envelope.error or (envelope.message if not envelope.data else None)
    if said:
        raise _refusal(allowed, str(said))
    if envelope.data is None:
        raise RetriableSourceError(f"Sonar answered without data when asked for {allowed.source}")
    return envelope.data


def _refusal(allowed: FromSonar, said: str) -> Exception:
    if _LIMIT.search(said):
        return RetriableSourceError("Sonar limits the rate of requests")
    if _DENIAL.search(said):
        return ConfigError(
            f"Sonar does not give {allowed.source} to this token: give its user the permission to "
            "see it, or have the secrets entered in Splynx by hand (they stay listed)"
        )
    return FatalSourceError(f"Sonar answered with an error when asked for {allowed.source}")


def read(allowed: FromSonar, keys: Sequence[str], data: Mapping[str, Any]) -> Mapping[str, Told]:
    """Return what the data of an answer say of these records, by key. Pure.

    Raises:
        FatalSourceError: a record's place, or the field, is not in the answer.
    """
    found: dict[str, Told] = {}
    for key in keys:
        answer = data.get(f"k{key}")
        rows = answer.get("entities") if isinstance(answer, dict) else None
        if not isinstance(rows, list):
            raise FatalSourceError(f"Sonar's answer to {allowed.source} lacks a record's place")
        # An argument that Sonar ignores would bring somebody else's secret.
        row = next((r for r in rows if isinstance(r, dict) and str(r.get("id")) == key), None)
        if row is None:
            continue
        if allowed.field not in row:
            raise FatalSourceError(f"Sonar's answer lacks {allowed.source}")
        text = row[allowed.field]
        found[key] = Told(
            Secret(str(text)) if text not in (None, "") else None, _moment(row.get("updated_at"))
        )
    return found


def _moment(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None
