"""The pages of a run: `build/bench/index.html` to look at, `docs/performance.md` to keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bench.pictures import of_whole_way
from bench.records import STAGES, Record
from load.report.pictures import draw

_TEMPLATES = Path(__file__).parent / "templates"
_WORTH = 0.01
_FEWEST = 40  # samples of a stage that are worth shares


def performance(records: Sequence[Record]) -> str:
    """Return docs/performance.md, prose included."""
    return _render("performance.md.j2", records, escape=False)


def index(records: Sequence[Record]) -> str:
    """Return the page with the picture."""
    picture = of_whole_way(records)
    drawn = draw(picture) if picture else None
    return _render("index.html.j2", records, escape=True, picture=drawn)


def summary(records: Sequence[Record]) -> str:
    """Return every goal of every benchmark as a table for the terminal."""
    goals = [(record, goal) for record in records for goal in record.goals]
    if not goals:
        return "no benchmark has told its goals yet"
    wide = max(len(goal.what) for _, goal in goals)
    lines = [
        f"{record.name:9}  {goal.what:{wide}}  {goal.found:>24}  goal {goal.wanted:>8}  "
        f"{'met' if goal.is_met else 'MISSED'}"
        for record, goal in goals
    ]
    return "\n".join(lines)


def _shares(found: Mapping[str, float]) -> str:
    """Return shares as percents, those below one in a hundred left out."""
    return ", ".join(f"{name} {share:.0%}" for name, share in found.items() if share >= _WORTH)


def _render(name: str, records: Sequence[Record], *, escape: bool, **more: Any) -> str:  # noqa: ANN401
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=escape,  # noqa: S701 - Markdown has no markup of ours to protect
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    missed = [(record, goal) for record in records for goal in record.goals if not goal.is_met]
    total = sum(len(record.goals) for record in records)
    absent = [title for name, title in STAGES.items() if name not in {r.name for r in records}]
    environment.globals.update(shares=_shares, fewest=_FEWEST)
    template = environment.get_template(name)
    return template.render(records=records, missed=missed, total=total, absent=absent, **more)
