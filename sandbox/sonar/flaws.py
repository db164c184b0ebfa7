"""Pages that fail for what is in them: a row that cannot be read, or more rows than get through."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from graphql import GraphQLError

from sandbox.sonar.store import Row

ANSWERS = frozenset({"server_error", "timed_out", "error"})
_HARMLESS = frozenset({"id", "__typename"})  # readable even where the rest of a row is not


class PageFailedError(GraphQLError):
    """A page fails, and the whole answer with it."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__("Internal server error")
        self.flaw = flaw


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with the pages of one collection.

    With `key`, that row cannot be read: pages fail that show more of it than its id, or, with
    `field`, that show this field. With `limit`, pages with more rows fail.
    """

    key: str | None = None
    field: str | None = None
    limit: int | None = None
    answer: str = "server_error"
    seconds: float = 0.0  # until it is timed out

    def check(self, rows: Sequence[Row], asked: AbstractSet[str]) -> None:
        """Let the page pass, or fail it.

        Raises:
            GraphQLError: it fails with an error beside no data.
            PageFailedError: the server does not answer the request.
        """
        if not self._spoils(rows, asked):
            return
        if self.answer == "error":
            raise GraphQLError("Internal server error")
        raise PageFailedError(self)

    def _spoils(self, rows: Sequence[Row], asked: AbstractSet[str]) -> bool:
        if self.limit is not None:
            return len(rows) > self.limit
        shows = self.field in asked if self.field is not None else bool(asked - _HARMLESS)
        return shows and any(row.get("id") == self.key for row in rows)


def failed(errors: Sequence[GraphQLError] | None) -> Flaw | None:
    """Return the flaw that keeps the server from answering, None when it answers."""
    causes = (error.original_error for error in errors or ())
    return next((cause.flaw for cause in causes if isinstance(cause, PageFailedError)), None)
