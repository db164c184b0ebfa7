"""Access tokens: short lived, renewed by a refresh token, bound to address and user agent.

They live in memory: a restart of the server ends them all. The clock can be moved ahead, so that
expiry needs no waiting.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.splynx.rest.errors import unauthorized

ACCESS_SECONDS = 1800
REFRESH_SECONDS = 86400  # not published


@dataclass(frozen=True, slots=True)
class Owner:
    """Who logged in, and from where."""

    kind: str  # api_key or admin
    id: int
    address: str
    agent: str


@dataclass(slots=True)
class _Pair:
    owner: Owner
    access: str
    access_ends: float
    refresh: str
    refresh_ends: float
    banned: bool = False


class Tokens:
    """All pairs that were given out."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._lock = threading.Lock()
        self._by_access: dict[str, _Pair] = {}
        self._by_refresh: dict[str, _Pair] = {}

    def move_clock(self, seconds: float) -> None:
        """Let this much time pass at once."""
        self._ahead += seconds

    def expire_access(self) -> None:
        """End every access token now; refresh tokens stay valid."""
        with self._lock:
            for pair in self._by_access.values():
                pair.access_ends = 0.0

    def issue(self, owner: Owner) -> Mapping[str, Any]:
        """Give out a new pair."""
        now = self._now()
        pair = _Pair(
            owner,
            secrets.token_hex(24),
            now + ACCESS_SECONDS,
            secrets.token_hex(24),
            now + REFRESH_SECONDS,
        )
        with self._lock:
            self._by_access[pair.access] = pair
            self._by_refresh[pair.refresh] = pair
        return {
            "access_token": pair.access,
            "access_token_expiration": int(pair.access_ends),
            "refresh_token": pair.refresh,
            "refresh_token_expiration": int(pair.refresh_ends),
        }

    def owner(self, access: str, address: str, agent: str) -> Owner:
        """Return who holds this access token, or refuse with the reason."""
        if not access:
            raise unauthorized("EMPTY_ACCESS_TOKEN")
        pair = self._by_access.get(access)
        if pair is None:
            raise unauthorized()
        _refuse_moved(pair, address, agent)
        if pair.access_ends <= self._now():
            raise unauthorized("EXPIRED_ACCESS_TOKEN")
        return pair.owner

    def renew(self, refresh: str, address: str, agent: str) -> Owner:
        """Use up a refresh token; return its owner for a new pair."""
        with self._lock:
            pair = self._by_refresh.get(refresh)
            if pair is None:
                raise unauthorized()
            _refuse_moved(pair, address, agent)
            if pair.refresh_ends <= self._now():
                raise unauthorized("EXPIRED_REFRESH_TOKEN")
            pair.banned = True
        return pair.owner

    def revoke(self, token: str) -> bool:
        """End the pair that has this token; return whether there is one."""
        with self._lock:
            pair = self._by_access.get(token) or self._by_refresh.get(token)
            if pair is not None:
                pair.banned = True
        return pair is not None

    def _now(self) -> float:
        return time.time() + self._ahead


def _refuse_moved(pair: _Pair, address: str, agent: str) -> None:
    if pair.banned:
        raise unauthorized("TOKEN_BANNED")
    if pair.owner.address != address:
        raise unauthorized("IP_CHANGED")
    if pair.owner.agent != agent:
        raise unauthorized("USER_AGENT_CHANGED")
