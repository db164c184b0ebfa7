"""The rows that are served: about 600 bytes each, the same for the same arguments (pure)."""

from __future__ import annotations

import random
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

import orjson

INT_LEAVES = ("account_id", "amount")
_LETTERS = 'abcdefghijklmnopqrstuvwxyz äéßñ中😀\t"\\'
_SEED = 20


def _words() -> list[str]:
    draw = random.Random(_SEED)  # noqa: S311 - no secret
    return ["".join(draw.choices(_LETTERS, k=draw.randint(12, 52))) for _ in range(997)]


@dataclass(frozen=True, slots=True)
class Rows:
    """A collection: ids 1 to `len(rendered)`; `sums[leaf][i]` totals the first i rows."""

    rendered: Sequence[bytes]
    sums: dict[str, array[int]] = field(repr=False)

    def between(self, low: int, high: int) -> tuple[int, int]:
        """Return the slice of the rows with ids above `low`, at most `high`."""
        return max(low, 0), min(high, len(self.rendered))


def made(count: int, version: int, stamp: str) -> Rows:
    """Return `count` rows; another version gives each another payload under the same id."""
    words = _words()
    rendered = [_row(number, version, stamp, words) for number in range(1, count + 1)]
    values = {
        "id": range(1, count + 1),
        "account_id": (_account(number) for number in range(1, count + 1)),
        "amount": (_amount(number, version) for number in range(1, count + 1)),
    }
    return Rows(
        rendered, {name: array("q", accumulate(all_, initial=0)) for name, all_ in values.items()}
    )


def _account(number: int) -> int:
    return number * 7 % 100_003


def _amount(number: int, version: int) -> int:
    return number * 31 % 9_973 + version


def _row(number: int, version: int, stamp: str, words: Sequence[str]) -> bytes:
    def word(factor: int) -> str:
        return words[(number * factor + version) % len(words)]

    return orjson.dumps(
        {
            "id": number,
            "account_id": _account(number),
            "amount": _amount(number, version),
            "name": word(3),
            "description": f"{word(5)}\n{word(7)}",
            "street": word(11),
            "city": word(13),
            "zip": f"{number % 100_000:05d}",
            "latitude": f"40.{number % 1_000_003}",
            "longitude": f"-73.{number % 999_983}",
            "status": "active",
            "is_archived": False,
            "note": word(17),
            "reference": None,
            "due_date": "2024-02-29",
            "created_at": "2021-03-04T05:06:07+00:00",
            "updated_at": stamp,
        }
    )
