"""Which keys a walk has met: a set that stays small however many ids it holds (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_WIDTH = 10  # 1,024 ids are the bits of one number


class Keys:
    """A set of keys. Ids that lie close together take a bit or two each, other texts their own."""

    def __init__(self) -> None:
        self._bits: dict[int, int] = {}
        self._texts: set[str] = set()
        self._count = 0

    def add(self, key: str) -> bool:
        """Add a key; return whether it is new."""
        number = _id(key)
        if number is None:
            is_new = key not in self._texts
            self._texts.add(key)
        else:
            block, bit = number >> _WIDTH, 1 << (number & ((1 << _WIDTH) - 1))
            held = self._bits.get(block, 0)
            is_new = not held & bit
            self._bits[block] = held | bit
        self._count += is_new
        return is_new

    def update(self, keys: Iterable[str]) -> None:
        """Add keys."""
        for key in keys:
            self.add(key)

    def __len__(self) -> int:
        """Return how many there are."""
        return self._count

    def __iter__(self) -> Iterator[str]:
        """Yield each once, in no order that means anything."""
        yield from self._texts
        for block, bits in self._bits.items():
            for number in range(1 << _WIDTH):
                if bits >> number & 1:
                    yield str((block << _WIDTH) + number)


def _id(key: str) -> int | None:
    """Return the number that a key spells, where no other key spells it."""
    if not (key.isascii() and key.isdecimal()) or (key[0] == "0" and key != "0"):
        return None
    return int(key)
