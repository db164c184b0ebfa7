"""Access tokens: bought once, renewed before they end, by one worker for all."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from load.rest.budget import Clock
from load.rest.credentials import SCHEME, Credential, Signature
from load.rest.failures import Failure, NotASplynx, Passing, Unauthorized
from load.rest.headers import http_date
from runtime.log import register_secret
from runtime.settings import SplynxApi

logger = logging.getLogger(__name__)

TOKENS = "admin/auth/tokens"
_EARLY = 30.0  # seconds before its end a token is renewed, but not in its first three quarters
_PUBLISHED_LIFE = 1800.0
_ENDED = frozenset(
    # None: the answer to a HEAD has no body; the last two: withdrawn, or forgotten by a restart
    {"EXPIRED_ACCESS_TOKEN", "EMPTY_ACCESS_TOKEN", None, "TOKEN_BANNED", "UNAUTHORIZED"}
)


class Obtained(NamedTuple):
    """The answer to a request for a token, and the server's `Date`."""

    body: Mapping[str, Any]
    date: str | None


Ask = Callable[[str, str, Mapping[str, Any] | None], Awaitable[Obtained]]


@dataclass(frozen=True, slots=True)
class _Token:
    access: str = field(repr=False)
    refresh: str | None = field(repr=False)
    renew_at: float


class Tokens:
    """Access tokens; where a key cannot buy one, its requests are signed instead."""

    def __init__(self, api: SplynxApi, ask: Ask, clock: Clock) -> None:
        self._api = api
        self._ask = ask
        self._clock = clock
        self._signature = Signature(api)
        self._is_signing = False
        self._token: _Token | None = None
        self._number = 0
        self._renewing = asyncio.Lock()
        self._last_nonce = 0

    @property
    def way(self) -> str:
        """What is in use."""
        if self._is_signing:
            return self._signature.way
        return "access token by log-in" if self._api.way == "login" else "access token by key"

    async def prepare(self) -> None:
        """Get a token, or renew it where it is about to expire."""
        token = self._token
        if not self._is_signing and (token is None or self._clock.now() >= token.renew_at):
            await self._renew(self._number)

    @asynccontextmanager
    async def credential(self) -> AsyncIterator[Credential]:
        """Hold the token, which many may do at once."""
        if self._is_signing:
            async with self._signature.credential() as credential:
                yield credential
        else:
            access = self._token.access if self._token else ""
            yield Credential(f"{SCHEME} (access_token={access})", self._number)

    async def mended(self, refusal: Unauthorized, used: Credential) -> bool:
        """Renew what has ended; a request that went with an older token is sent again at once."""
        if self._is_signing:
            return False
        if used.number != self._number:
            return True
        if refusal.internal_code not in _ENDED:
            return False
        await self._renew(used.number)
        return True

    async def _renew(self, number: int) -> None:
        async with self._renewing:
            if self._number != number or self._is_signing:
                return  # another worker was first
            sent = self._clock.now()
            obtained = await self._by_refresh() or await self._log_in()
            if obtained is None:
                self._is_signing = True
                return
            self._token = _read(obtained, sent)
            self._number += 1

    async def _by_refresh(self) -> Obtained | None:
        if self._token is None or self._token.refresh is None:
            return None
        try:
            return await self._ask("GET", f"{TOKENS}/{self._token.refresh}", None)
        except Passing:
            raise
        except Failure:
            return None  # the refresh token has ended as well, or a lost answer has used it up

    async def _log_in(self) -> Obtained | None:
        """Return a new token; None where this instance gives none for a key."""
        if self._api.way == "login":
            body = {"auth_type": "admin", "login": self._api.user, "password": self._api.secret}
            return await self._ask("POST", TOKENS, body)
        nonce = self._last_nonce = max(self._last_nonce + 1, int(time.time()))
        signature = self._signature.sign(nonce)
        signed = {"key": self._api.user, "nonce": nonce, "signature": signature}
        try:
            return await self._ask("POST", TOKENS, {"auth_type": "api_key", **signed})
        except (Passing, NotASplynx):
            raise
        except Failure as exc:
            if self._number > 0 or exc.internal_code == "EXCEEDED_MAX_ATTEMPTS":
                raise
            # Whatever it is, the first signed request meets it again if it is not about tokens.
            logger.info("event=no_token code=%s status=%s", exc.internal_code, exc.status)
            return None


def _read(obtained: Obtained, sent: float) -> _Token:
    """Return the token; its end is counted from the server's clock where the answer tells it.

    Raises:
        NotASplynx: there is none in the answer.
    """
    body = obtained.body
    access, refresh = body.get("access_token"), body.get("refresh_token")
    if not isinstance(access, str) or not access:
        raise NotASplynx("what answers at SPLYNX_URL gave no access token: this is no Splynx API")
    register_secret(access)
    if isinstance(refresh, str):
        register_secret(refresh)
    date = http_date(obtained.date)
    now = date.timestamp() if date else time.time()
    ends = body.get("access_token_expiration")
    lives = float(ends) - now if isinstance(ends, int | str) and str(ends).isdecimal() else 0.0
    lives = lives if lives > 0 else _PUBLISHED_LIFE  # clocks that disagree: a 401 will tell
    renew_at = sent + lives - min(_EARLY, lives / 4)
    return _Token(access, refresh if isinstance(refresh, str) else None, renew_at)
