"""The cases of the reconciliation benchmark: both ways have to find exactly what was planted."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import Engine

from bench.frame import BenchError, Cost, Goal, Spread, ratio, spreads
from bench.load import cases
from bench.reconcile.plain import make_copies, make_views
from bench.reconcile.planted import MARTS, Found, plant

RATE, MEMORY_MIB = 1.0, 250.0
WHOLE, TABLES, PLAIN = "ours, whole stage", "ours, tables", "reladiff"
ROWS = "ours, rows alone"  # the same work as reladiff's; tables go on with totals and records
EQUAL, DIFFERING = "equal", "1 % differs"
_NOTHING: dict[str, list[int]] = {"modified": [], "missing": [], "extra": []}
_COMMANDS = {
    ROWS: ("bench.reconcile.ours", "rows"),
    TABLES: ("bench.reconcile.ours", "tables"),
    PLAIN: ("bench.reconcile.plain",),
    WHOLE: ("bench.reconcile.ours", "stage"),
}
_EXPECTED = " union all ".join(
    f"select '{mart.name}' as entity, _sonar_key from {mart.relation}" for mart in MARTS.marts
)
_AUDITS = (
    "create schema audit",
    f"create table audit.audit_mart_rows as {_EXPECTED}",
    "create table audit.audit_mart_accounting as select entity, count(*) as expected,"
    " count(*) as found from audit.audit_mart_rows group by entity",
    "create table audit.audit_record_outcomes (collection text, _sonar_key text)",
    "create table audit.audit_row_accounting (collection text, entity text, proven bigint,"
    " mart bigint, merged bigint, excluded bigint, rejected bigint, unaccounted bigint)",
)


@dataclass(slots=True)
class Bench(cases.Bench):
    """Both servers, and the folder in which MariaDB lives and findings are left."""

    folder: Path = field(kw_only=True)

    def measure(self, rows: int, turns: int) -> tuple[dict[str, Any], list[Goal]]:
        """Load the mix, then time the ways in turn: on equal tables and with one row in 100."""
        found: dict[str, Any] = {}
        goals: list[Goal] = []
        with self._place("mix", rows) as place:
            self._ours(place, "mix")
            self._same(place, "mix")
            _make_audits(place.warehouse)
            make_copies(place.warehouse)
            make_views(place.splynx)
            nothing = {mart.name: _NOTHING for mart in MARTS.marts}
            for case in (EQUAL, DIFFERING):
                planted = nothing if case == EQUAL else plant(place.splynx)
                costs = self._turns(place, case, planted, turns)
                found[case] = {
                    **{name: spreads(taken) for name, taken in costs.items()},
                    **{f"{name} / reladiff": shares(costs, name) for name in (ROWS, TABLES)},
                }
                goals += goals_of(costs, case)
        return found, goals

    def _turns(
        self, place: cases._Place, case: str, planted: Found, turns: int
    ) -> dict[str, list[Cost]]:
        costs: dict[str, list[Cost]] = {name: [] for name in _COMMANDS}
        for _ in range(turns):
            for name, command in _COMMANDS.items():
                said = self.folder / "found.json"
                before = self._cpu()
                cost = self._module(place, *command, str(said))
                mariadb = self._cpu() - before
                costs[name].append(replace(cost, server_cpu=cost.server_cpu + mariadb))
                same(json.loads(said.read_text(encoding="utf-8")), planted, name)
                self.say(f"{case:12} {name:18} {_shown(cost, mariadb)}")
        return costs

    def _cpu(self) -> float:
        """Return the CPU seconds that MariaDB has used so far."""
        number = int((self.folder / "mariadb" / "mariadbd.pid").read_text(encoding="utf-8"))
        times = psutil.Process(number).cpu_times()
        return float(times.user + times.system)


def _make_audits(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        for statement in _AUDITS:
            connection.exec_driver_sql(statement)
    with warehouse.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("vacuum analyze")  # what a server does by itself in time


def _shown(cost: Cost, mariadb: float) -> str:
    return (
        f"{cost.work:6.1f} s ({cost.seconds:6.1f} s with start)  cpu {cost.cpu:5.1f} s"
        f" + Postgres {cost.server_cpu:5.1f} s + MariaDB {mariadb:5.1f} s  {cost.peak_mib:4.0f} MiB"
    )


def same(found: Mapping[str, Mapping[str, Any]], planted: Found, way: str) -> None:
    """Hold what a way found, as keys or as counts, against what was planted.

    Raises:
        BenchError: it found anything else.
    """
    for table, classes in planted.items():
        for name, keys in classes.items():
            said = found[table][name]
            if said != (keys if isinstance(said, list) else len(keys)):
                count = len(said) if isinstance(said, list) else said
                raise BenchError(f"{way}: {count} {name} rows of {table}, planted {len(keys)}")


def goals_of(costs: Mapping[str, Sequence[Cost]], case: str) -> list[Goal]:
    """Return what was reached beside reladiff: by the same work, and by all of a table's."""
    goals = []
    for name in (ROWS, TABLES):
        rate = ratio(costs[name], costs[PLAIN])
        goals.append(
            Goal(f"{case}: {name} / reladiff", str(rate), f">= {RATE}", rate.middle >= RATE)
        )
    peak = max(cost.peak_mib for name in (ROWS, TABLES, WHOLE) for cost in costs[name])
    what = f"{case}: peak MiB of ours"
    return [*goals, Goal(what, f"{peak:.0f}", f"< {MEMORY_MIB:.0f}", peak < MEMORY_MIB)]


def shares(costs: Mapping[str, Sequence[Cost]], name: str) -> dict[str, dict[str, float]]:
    """Return what one way takes of reladiff's time, CPU of all and memory, turn by turn."""
    pairs = list(zip(costs[name], costs[PLAIN], strict=True))
    parts: Mapping[str, Callable[[Cost], float]] = {
        "time": lambda cost: cost.work,
        "cpu": lambda cost: cost.cpu + cost.server_cpu,
        "peak_mib": lambda cost: cost.peak_mib,
    }
    return {
        part: asdict(Spread.of([figure(ours) / figure(theirs) for ours, theirs in pairs]))
        for part, figure in parts.items()
    }
