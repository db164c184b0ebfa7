"""How a probe asks: few requests, several questions in each, and none that spoils another."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from extract.sonar.client import Query, Sonar
from extract.sonar.failures import Denied, Unreachable
from runtime.errors import FatalSourceError, RetriableSourceError

MOST_REQUESTS = 24
_RETRIES = 2

Found = Mapping[str, Any]  # a root field of an answer


def ids_of(found: Found | None) -> list[int]:
    """Return the ids of an answer's rows, in its order."""
    rows = [row for row in (found or {}).get("entities") or [] if row]
    return [int(row["id"]) for row in rows if str(row["id"]).isdecimal()]


def total_of(found: Found | None) -> int | None:
    """Return the count of an answer, None where it has none."""
    info = (found or {}).get("page_info")
    return info["total_count"] if info else None


class Interview:
    """Asks, counts what it asked, and remembers how the answers came.

    `ahead` is by how many seconds Sonar's clock leads ours, `seconds` how long answers took.
    """

    def __init__(self, sonar: Sonar) -> None:
        self.asked = 0
        self.ahead: float | None = None
        self.seconds: list[float] = []
        self.together_failed: str | None = None
        self.together_worked = False
        self._sonar = sonar

    async def ask(self, *fields: str) -> Mapping[str, Found]:
        """Put one request; raises what `Sonar.ask` raises, or when the budget is spent."""
        if self.asked >= MOST_REQUESTS:
            raise FatalSourceError("not asked: the probe has used up its requests")
        self.asked += 1
        retries = min(_RETRIES, self._sonar.manners.retries)
        answer = await self._sonar.ask(Query(f"{{ {' '.join(fields)} }}"), retries=retries)
        self.seconds.append(answer.seconds)
        if answer.date is not None:
            self.ahead = (answer.date - datetime.now(UTC)).total_seconds()
        return {alias: orjson.loads(bytes(raw)) or {} for alias, raw in answer.items()}

    async def ask_all(self, fields: Mapping[str, str]) -> dict[str, Found | None]:
        """Put several root fields, by alias; those that fail are None."""
        if not fields:
            return {}
        try:
            answer = await self.ask(*fields.values())
            self.together_worked |= len(fields) > 1 and set(fields) <= set(answer)
            return {alias: answer.get(alias) for alias in fields}
        except Unreachable:
            raise
        except Denied as exc:
            left = {a: f for a, f in fields.items() if a not in exc.roots}
            if exc.roots and len(left) < len(fields):
                return dict.fromkeys(fields) | await self.ask_all(left)
        except (FatalSourceError, RetriableSourceError) as exc:
            self.together_failed = str(exc)
        if len(fields) == 1:
            return dict.fromkeys(fields)
        alone = [await self.ask_all({alias: field}) for alias, field in fields.items()]
        return {alias: found for one in alone for alias, found in one.items()}

    async def ask_many(self, fields: Mapping[str, str]) -> Mapping[str, Found | None]:
        """Put many root fields; where they fail together, the first two: all would be too many."""
        few = dict(list(fields.items())[:2])
        try:
            answer = await self.ask(*fields.values())
        except Unreachable:
            raise
        except Denied as exc:
            left = {alias: field for alias, field in fields.items() if alias not in exc.roots}
            if left and len(left) < len(fields):
                return await self.ask_many(left)
            return await self.ask_all(few)
        except (FatalSourceError, RetriableSourceError) as exc:
            self.together_failed = str(exc)
            return await self.ask_all(few)
        self.together_worked |= len(fields) > 1
        return answer
