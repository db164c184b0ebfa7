"""A text that no log line, error, traceback or JSON shows by accident."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Self

_BYTES = 18  # 24 characters, which fit wherever a password does


class Secret:
    """A text whose every usual form is stars; `reveal` is for the one place that sends it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    @classmethod
    def drawn(cls) -> Self:
        """Return a new random one."""
        return cls(secrets.token_urlsafe(_BYTES))

    def reveal(self) -> str:
        """Return the text itself."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a secret is not written down")


@dataclass(frozen=True, slots=True)
class Told:
    """What Sonar said of a record: its secret, None where it has none, and its last change."""

    secret: Secret | None
    changed_at: datetime | None
