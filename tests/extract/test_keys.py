"""The set of keys of a walk: it is a set, and ids take next to nothing."""

from __future__ import annotations

import random
import tracemalloc

from extract.reading.keys import Keys


def test_it_holds_what_a_set_holds() -> None:
    draw = random.Random(1)
    keys, known = Keys(), set[str]()
    odd = ["", "0", "00", "007", "-1", "1.0", "a#2", "٣", "1_0", str(2**70)]
    for key in [*odd, *odd, *(str(draw.randrange(5_000)) for _ in range(20_000))]:
        assert keys.add(key) is (key not in known)
        known.add(key)
    keys.update(["12", "new"])
    known.update(["12", "new"])
    assert len(keys) == len(known)
    assert sorted(keys) == sorted(known)


def test_a_hundred_thousand_ids_take_less_than_a_hundred_kilobytes() -> None:
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    keys = Keys()
    keys.update(str(3 * number) for number in range(100_000))
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(keys) == 100_000
    assert after - before < 100_000
