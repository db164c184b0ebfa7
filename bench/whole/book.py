"""The record of a run of the whole way, written after each part of it.

A run takes long; what is stopped leaves what was measured until then.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench import frame
from bench.frame import Goal
from bench.whole import profile, results
from bench.whole.prepare import Prepared
from bench.whole.results import Gone
from bench.whole.way import Way


@dataclass(slots=True)
class Book:
    """Costs by factor and profiles by stage; `judge` makes goals of the costs."""

    record: Path
    judge: Callable[[Mapping[float, Sequence[Gone]]], Sequence[Goal]]
    ways: dict[float, list[Gone]] = field(default_factory=dict)
    profiles: dict[str, Any] = field(default_factory=dict)

    def enter(self, tenant: Prepared, parts: Generator[Way], samples: Path) -> None:
        """Let a way be gone, part by part, and write down each; `samples` holds its profiles."""
        turns = self.ways.setdefault(tenant.factor, [])
        turns.append(Gone(tenant, 0, {}))
        with closing(parts):  # its servers end with it, whatever happens here
            for way in parts:
                turns[-1] = Gone(tenant, way.rows_in_target, way.costs)
                self.profiles |= _profiles(samples)
                self._write()

    def goals(self) -> Sequence[Goal]:
        """Return what was reached."""
        return self.judge(self.ways)

    def _write(self) -> None:
        parts = {f"factor {factor:g}": results.record(ways) for factor, ways in self.ways.items()}
        goals = [asdict(goal) for goal in self.goals()]
        frame.write(self.record, {**parts, "profiles": self.profiles, "goals": goals})


def _profiles(samples: Path) -> Iterator[tuple[str, Any]]:
    """Yield what each stage spends its time on, in the order of the stages."""
    for file in sorted(samples.iterdir(), key=lambda path: path.stat().st_mtime_ns):
        with file.open(encoding="utf-8", errors="replace") as lines:
            yield file.stem, profile.summary(lines)
