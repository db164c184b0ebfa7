"""Headers that say who asks: constant ones, and signed ones with a nonce that grows.

Why signed requests go one at a time: load.rest.authentication.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from load.rest.failures import Unauthorized
from runtime.settings import SplynxApi

SCHEME = "Splynx-EA"
_NONCES_A_SECOND = 100  # what the published client counts in; see Nonces


class Credential(NamedTuple):
    """The header of one request; `number` tells tokens apart."""

    header: str | None
    number: int = 0


class Authentication(Protocol):
    """How requests prove who asks."""

    @property
    def way(self) -> str:
        """What is in use, for a report."""

    async def prepare(self) -> None:
        """Do what has to be done before a request may be sent."""

    def credential(self) -> AbstractAsyncContextManager[Credential]:
        """Hold a credential from now until the answer begins."""

    async def mended(self, refusal: Unauthorized, used: Credential) -> bool:
        """Return whether the refused request may be sent again, with another credential."""


@dataclass(frozen=True, slots=True)
class Constant:
    """The same header for every request; None: none."""

    way: str
    header: str | None = field(repr=False)

    async def prepare(self) -> None:
        """Nothing to do."""

    @asynccontextmanager
    async def credential(self) -> AsyncIterator[Credential]:
        """Hold the header."""
        yield Credential(self.header)

    async def mended(self, _refusal: Unauthorized, _used: Credential) -> bool:
        """Nothing to mend."""
        return False


class Nonces:
    """Numbers that only grow: hundredths of a second since 1970, as the published client counts.

    Never ahead of the clock, so that a later run starts above this one; a finer unit would lock
    every other client of the key out for good. 100 a second is more than one request at a time
    needs over a network.
    """

    def __init__(self) -> None:
        self._began = time.time() - time.monotonic()
        self._last = 0

    async def next(self) -> int:
        """Return the next number, at the earliest when its moment has come."""
        self._last = max(self._last + 1, self._ticks())
        while self._ticks() < self._last:
            await asyncio.sleep(1 / _NONCES_A_SECOND)
        return self._last

    def _ticks(self) -> int:
        return int((self._began + time.monotonic()) * _NONCES_A_SECOND)


class Signature:
    """Signed requests, one at a time from nonce to answer."""

    way = "signature"

    def __init__(self, api: SplynxApi) -> None:
        self._api = api
        self._nonces = Nonces()
        self._turn = asyncio.Lock()

    async def prepare(self) -> None:
        """Nothing to do."""

    @asynccontextmanager
    async def credential(self) -> AsyncIterator[Credential]:
        """Hold the turn with the next nonce."""
        async with self._turn:
            nonce = await self._nonces.next()
            signed = f"key={self._api.user}&nonce={nonce}&signature={self.sign(nonce)}"
            yield Credential(f"{SCHEME} ({signed})")

    async def mended(self, _refusal: Unauthorized, _used: Credential) -> bool:
        """Nothing to mend: a nonce that is too small stays so until the clock catches up."""
        return False

    def sign(self, nonce: int) -> str:
        """Return the signature of a nonce."""
        message = f"{nonce}{self._api.user}".encode()
        return hmac.new(self._api.secret.encode(), message, hashlib.sha256).hexdigest().upper()
