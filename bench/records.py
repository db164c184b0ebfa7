"""The records of the benchmarks, `build/bench/*.json`, as rows and goals for people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.frame import Goal, Spread

STAGES: Mapping[str, str] = {
    "whole": "The whole way",
    "growth": "Growth",
    "extract": "Extraction",
    "transform": "Transformation",
    "accept": "Acceptance",
    "load": "Load by MySQL",
    "rest": "Load by REST",
    "reconcile": "Reconciliation",
}
_APART = {"about", "goals", "profiles"}  # what is neither a plain figure nor a cost


@dataclass(frozen=True, slots=True)
class Way:
    """What one way of doing a thing took; `cpu` is of our processes, `servers` of databases."""

    name: str
    seconds: Spread
    cpu: float
    servers: float
    peak_mib: float

    @property
    def shown(self) -> str:
        """The seconds, with their ends where there was more than one turn."""
        lowest, highest = self.seconds.lowest, self.seconds.highest
        return f"{self.seconds.middle:.2f}" if lowest == highest else str(self.seconds)


@dataclass(frozen=True, slots=True)
class Record:
    """One benchmark as it last ran."""

    name: str
    title: str
    about: Mapping[str, Any]
    facts: Mapping[str, str]  # plain figures that stand beside the costs: rows, turns
    ways: Sequence[Way]
    goals: Sequence[Goal]
    profiles: Mapping[str, Any]  # by stage: samples, shares of packages and of functions


def read(folder: Path) -> Sequence[Record]:
    """Return the records that are in a folder, in the order of the stages.

    A stage may have more than one: `growth-10-times.json` is "Growth, 10 times".
    """
    found = []
    for name, title in STAGES.items():
        for path in (folder / f"{name}.json", *sorted(folder.glob(f"{name}-*.json"))):
            if path.is_file():
                more = path.stem.removeprefix(name).replace("-", " ")
                content = json.loads(path.read_text(encoding="utf-8"))
                found.append(_record(name, f"{title},{more}" if more else title, content))
    return found


def _record(name: str, title: str, content: Mapping[str, Any]) -> Record:
    body = {key: value for key, value in content.items() if key not in _APART}
    goals = [Goal(**goal) for goal in content.get("goals", ())]
    facts, ways = dict(_facts(body, ())), list(_ways(body, ()))
    return Record(name, title, content["about"], facts, ways, goals, content.get("profiles", {}))


def _facts(value: Mapping[str, Any], labels: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield the plain figures of a record and of each of its cases."""
    for name, inside in value.items():
        if isinstance(inside, int):
            yield ": ".join((*labels, name)), f"{inside:,}"
        elif isinstance(inside, str | float):
            yield ": ".join((*labels, name)), f"{inside}"
        elif isinstance(inside, dict) and not labels:
            yield from _facts(inside, (name,))


def _ways(value: Any, labels: tuple[str, ...]) -> Iterator[Way]:  # noqa: ANN401 - any JSON
    """Yield every cost in a record, named by the way that leads to it."""
    if not isinstance(value, dict):
        return
    if "seconds" in value and "peak_mib" in value:
        yield Way(
            ": ".join(labels),
            _spread(value["seconds"]),
            _spread(value["cpu"]).middle,
            sum(
                _spread(used).middle
                for name, used in value.items()
                if name == "server_cpu" or name.startswith("cpu of ")
            ),
            _spread(value["peak_mib"]).middle,
        )
        return
    for name, inside in value.items():
        further = () if name in {"ways", "parts"} else (name,)
        yield from _ways(inside, (*labels, *further))


def _spread(value: float | Mapping[str, float]) -> Spread:
    if isinstance(value, int | float):
        return Spread.of([value])
    return Spread(value["middle"], value["lowest"], value["highest"])
