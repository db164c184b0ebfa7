"""The order of the tests, and which of them share a worker."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import pytest

from tests.scheduling import TOGETHER, group_of, place

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("start", TOGETHER)
def test_what_is_kept_together_is_there(start: str) -> None:
    assert (ROOT / start).exists()


def test_groups_come_first_and_each_in_one_piece() -> None:
    files = [str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("tests/**/test_*.py"))]
    groups = [group_of(f"{file}::test") for file in sorted(files, key=place)]
    pieces = [group for group, _ in groupby(groups)]
    assert pieces == [*dict.fromkeys(TOGETHER.values()), None]


def test_the_first_parse_is_for_all_ways() -> None:
    suites = "tests/expectations/test_suites.py::test"
    assert group_of(suites) == group_of("tests/e2e/test_whole_way.py::test") is not None
    assert place(suites) == 0
