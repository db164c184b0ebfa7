"""What the ways took, as a record and as goals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from bench.frame import Goal, Spread
from bench.whole.prepare import REFERENCE, Prepared
from bench.whole.watch import Stage

SECONDS: Mapping[str, float] = {"whole": 600.0, "delta": 90.0, "one customer": 10.0}
MEMORY_MIB = 1536.0
GROWTH = 0.15  # a row may cost so much more, and memory be so much larger, than at factor 1

Costs = Mapping[str, Mapping[str, Stage]]  # by part of the way, by stage


@dataclass(frozen=True, slots=True)
class Gone:
    """One way that was gone: the tenant, and what it took."""

    prepared: Prepared
    rows_in_target: int
    costs: Costs


def record(ways: Sequence[Gone]) -> Mapping[str, Any]:
    """Return what was measured of one tenant, by part and stage: middle and ends of all turns."""
    first = ways[0]
    parts = {
        part: {
            stage: _spreads([gone.costs[part][stage] for gone in ways if part in gone.costs])
            for stage in first.costs[part]
        }
        for part in first.costs
    }
    return {
        "size": first.prepared.size,
        "factor": first.prepared.factor,
        "turns": len(ways),
        "rows in Sonar": first.prepared.rows,
        "rows changed": first.prepared.changed,
        "rows in Splynx": first.rows_in_target,
        "seconds": {part: asdict(Spread.of(_sums(ways, part))) for part in first.costs},
        "parts": parts,
    }


def _spreads(stages: Sequence[Stage]) -> Mapping[str, Any]:
    rows = [_flat(each) for each in stages]
    return {name: asdict(Spread.of([row[name] for row in rows])) for name in rows[0]}


def _flat(stage: Stage) -> dict[str, float]:
    servers = {f"cpu of {name}": used for name, used in stage.servers.items()}
    return {
        "seconds": stage.seconds,
        "cpu": stage.cpu,
        **servers,
        "peak_mib": stage.peak_mib,
        "with_warehouse_mib": stage.with_warehouse_mib,
    }


def _sums(ways: Sequence[Gone], part: str) -> list[float]:
    """Return what a part took in each turn that came to it."""
    taken = [gone.costs[part].values() for gone in ways if part in gone.costs]
    return [sum(stage.seconds for stage in stages) for stages in taken]


def _peaks(ways: Sequence[Gone], of: str) -> list[float]:
    return [
        max(getattr(stage, of) for stages in gone.costs.values() for stage in stages.values())
        for gone in ways
    ]


def goals(by_factor: Mapping[float, Sequence[Gone]]) -> list[Goal]:
    """Return what was reached with the reference tenant: the slowest turn and the highest peak."""
    ways = by_factor.get(REFERENCE)
    if not ways:
        return []
    found = []
    for part, limit in SECONDS.items():
        if part in ways[0].costs:
            spread = Spread.of(_sums(ways, part))
            what = f"{part}, seconds"
            found.append(Goal(what, str(spread), f"< {limit:.0f}", spread.highest < limit))
    for of, what in (("peak_mib", "stages"), ("with_warehouse_mib", "stages and warehouse")):
        peak = max(_peaks(ways, of))
        limit = MEMORY_MIB
        found.append(Goal(f"peak MiB, {what}", f"{peak:.0f}", f"< {limit:.0f}", peak < limit))
    return found


def growth(by_factor: Mapping[float, Sequence[Gone]]) -> list[Goal]:
    """Return how the cost of a row and the memory of each stage move from factor 1 upwards."""
    if REFERENCE not in by_factor:
        return []
    found = []
    for factor in sorted(factor for factor in by_factor if factor > REFERENCE):
        for stage in by_factor[REFERENCE][0].costs["whole"]:
            slower = _per_row(by_factor[factor], stage) / _per_row(by_factor[REFERENCE], stage)
            larger = _peak_of(by_factor[factor], stage) / _peak_of(by_factor[REFERENCE], stage)
            for what, times in (("time a row", slower), ("memory", larger)):
                name = f"{stage}, {what}, {factor:g} times the rows"
                limit = 1 + GROWTH
                found.append(Goal(name, f"{times:.2f}", f"<= {limit:.2f}", times <= limit))
    return found


def _per_row(ways: Sequence[Gone], stage: str) -> float:
    return median(gone.costs["whole"][stage].seconds for gone in ways) / ways[0].prepared.rows


def _peak_of(ways: Sequence[Gone], stage: str) -> float:
    return median(gone.costs["whole"][stage].peak_mib for gone in ways)
