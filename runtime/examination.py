"""What a doctor finds out, one line each, and the error that decides the exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial

import orjson

from runtime.errors import MigrationError
from runtime.log import redact

OK, ATTENTION, MEND = "ok", "attention", "mend"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the result: `state` is ok, attention or mend; `then` is what follows from it."""

    what: str
    state: str
    says: str
    then: str = ""


class Examination:
    """The checks so far, and the first error, which decides the exit code."""

    def __init__(self) -> None:
        self.checks: list[Check] = []
        self.error: MigrationError | None = None

    @contextmanager
    def part(self, what: str) -> Iterator[Callable[[str], None]]:
        """Examine one part; what fails becomes a line, and the next part goes on."""
        try:
            yield partial(self.good, what)
        except MigrationError as exc:
            self.fail(what, exc)

    def good(self, what: str, says: str) -> None:
        """Add what is well."""
        self.checks.append(Check(what, OK, says))

    def fail(self, what: str, error: MigrationError) -> None:
        """Add what has to be mended."""
        self.checks.append(Check(what, MEND, str(error)))
        self.error = self.error or error

    def warn(self, what: str, says: str, then: str = "") -> None:
        """Add what should be looked at."""
        self.checks.append(Check(what, ATTENTION, says, then))

    def rendered(self, *, as_json: bool) -> str:
        """Return the checks as lines to read, or as JSON; without any secret."""
        return redact(_json(self.checks) if as_json else "\n".join(_lines(self.checks)))


def _json(checks: Sequence[Check]) -> str:
    return orjson.dumps([asdict(c) for c in checks], option=orjson.OPT_INDENT_2).decode()


def _lines(checks: Sequence[Check]) -> Iterator[str]:
    states, names = len(ATTENTION), max((len(check.what) for check in checks), default=0)
    for check in checks:
        yield f"{check.state:<{states}}  {check.what:<{names}}  {check.says}"
        if check.then:
            yield f"{'':<{states}}  {'':<{names}}  → {check.then}"
