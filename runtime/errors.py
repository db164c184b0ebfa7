"""Errors, by what the operator does next.

MigrationError                exit 1   a bug of ours
├── ConfigError               exit 2   environment, credentials or rights: mend and start again
├── GateFailed                exit 3   acceptance, contract or safety said no; nothing was written
├── ReconcileMismatch         exit 4   the two sides differ
├── ServerError               exit 5   a server failed for good: the warehouse, …
│   ├── WarehouseError
│   ├── SourceError           Retriable… : waited and retried already · Fatal… : read the message
│   └── TargetError
└── Unfinished                exit 6   done, but something is incomplete, quarantined or parked

A message is one line and says what, where and what to do. It never holds a secret or a personal
value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

MEANINGS: Mapping[int, str] = {
    0: "done",
    1: "a bug: please report it with the lines above",
    2: "configuration, credentials or rights: mend them and start again",
    3: "refused by a check, nothing was written",
    4: "the two sides differ",
    5: "a server failed for good",
    6: "done, but not everything: see the list above",
    130: "stopped by the operator; run again to go on",
}


class MigrationError(Exception):
    """Base of every error that an operator can meet."""

    exit_code: ClassVar[int] = 1


class ConfigError(MigrationError):
    """Environment, credentials or rights are wrong."""

    exit_code = 2


class GateFailed(MigrationError):  # noqa: N818 - named for what happened, as operators say it
    """A check refused before anything was written; `report` holds its findings."""

    exit_code = 3

    def __init__(self, message: str, report: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.report = dict(report or {})


class ReconcileMismatch(MigrationError):  # noqa: N818
    """Source, warehouse and target do not agree; `report` names the differences."""

    exit_code = 4

    def __init__(self, message: str, report: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.report = dict(report or {})


class ServerError(MigrationError):
    """A server failed and waiting did not help."""

    exit_code = 5


class WarehouseError(ServerError):
    """The Postgres warehouse cannot be reached or failed."""


class SourceError(ServerError):
    """Sonar cannot be reached or failed."""


class RetriableSourceError(SourceError):
    """Sonar failed in a way that usually passes; it was waited for and tried again."""


class FatalSourceError(SourceError):
    """Sonar gave an answer that waiting does not cure."""


class TargetError(ServerError):
    """Splynx cannot be reached or failed."""


class RetriableTargetError(TargetError):
    """Splynx failed in a way that usually passes; it was waited for and tried again."""


class FatalTargetError(TargetError):
    """Splynx gave an answer that waiting does not cure."""


class Unfinished(MigrationError):  # noqa: N818
    """The work is done as far as it goes; `items` lists what is left."""

    exit_code = 6

    def __init__(self, message: str, items: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.items = list(items)
