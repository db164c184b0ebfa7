"""The cases of the extraction benchmark. Every run proves that it landed what was served."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import psycopg2

from bench.frame import BenchError, Cost, Goal, Spread, ratio, run, spreads
from runtime.settings import ROOT
from services.postgres import SUPERUSER, Postgres

EMPTY, MERGE, PLAIN = 0.6, 0.33, 4.0  # shares of the lean client's rate, and times plain dlt's
MEMORY_MIB = 250.0
SMALL_SECONDS = 60.0
BUDGET, WINDOWS, SHARE = 400, 3, 0.98
_WINDOW = 60.0

_WORK = (
    "select extract(epoch from ended_at - started_at) from ops.step"
    " order by started_at desc limit 1"
)
_CONTENT = "select count(*), sum(hashtextextended(_sonar_key || payload::text, 0)::numeric) from {}"


@dataclass(frozen=True, slots=True)
class _Place:
    """A fresh database and a folder of its own: what one turn works in."""

    environment: Mapping[str, str]
    dsn: str = field(repr=False)

    def ask(self, query: str) -> tuple[Any, ...]:
        """Return the first row of a query."""
        connection = psycopg2.connect(self.dsn)
        try:
            with connection.cursor() as cursor:
                cursor.execute(query)
                found: tuple[Any, ...] | None = cursor.fetchone()
        finally:
            connection.close()
        if found is None:
            raise BenchError(f"no answer to {query}")
        return found


@dataclass(slots=True)
class Bench:
    """One Postgres, one page size, and where progress is told."""

    server: Postgres
    page_size: int
    say: Callable[[str], None]
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def rates(self, rows: int, turns: int, *, plain: bool) -> tuple[dict[str, Any], list[Goal]]:
        """Time the ways from HTTP to rows, onto nothing and onto the same ids."""
        token = secrets.token_urlsafe(18)
        later = datetime.now(UTC).isoformat(timespec="seconds")
        costs: dict[str, list[Cost]] = {}
        with (
            _served(token, "--rows", str(rows)) as first,
            _served(token, "--rows", str(rows), "--version", "2", "--stamp", later) as second,
        ):
            for _ in range(turns):
                with self._place(token) as place:
                    for name, way in self._ways(place, first, second, rows, plain=plain).items():
                        cost = way()
                        costs.setdefault(name, []).append(cost)
                        self.say(f"{rows:>9,} rows  {name:22} {_shown(cost, rows)}")
        return {name: spreads(taken) for name, taken in costs.items()}, _goals(costs, rows)

    def many_small(self, count: int) -> tuple[dict[str, Any], list[Goal]]:
        """Time one run over many collections, most of them tiny."""
        token = secrets.token_urlsafe(18)
        options = ("--rows", "20", "--collections", str(count), "--uneven")
        with _served(token, *options) as address, self._place(token) as place:
            cost = self._extract(place, address)
            again = self._extract(place, address)
            landed = place.ask(
                "select count(*), count(*) filter (where state = 'complete'), sum(landed_count)"
                " from ops.extract_ledger where run_id = (select min(run_id) from ops.run)"
            )
            expected = sum(min(20, n % 20) for n in range(count))
            if landed != (count, count, expected):
                raise BenchError(f"of {count} collections {landed} landed")
        self.say(f"{count} collections: {cost.seconds:.1f} s, again {again.seconds:.1f} s")
        goal = Goal(
            f"{count} small collections, seconds in all",
            f"{cost.seconds:.1f}",
            f"< {SMALL_SECONDS:.0f}",
            cost.seconds < SMALL_SECONDS,
        )
        return {"first": asdict(cost), "again": asdict(again)}, [goal]

    def under_budget(self) -> tuple[dict[str, Any], list[Goal]]:
        """Count the requests that are granted while a limit of 400 a minute holds them up."""
        token = secrets.token_urlsafe(18)
        # As many pages as the windows take and one window more, so that it never runs dry.
        rows = BUDGET * (WINDOWS + 1) * 100
        options = ("--rows", str(rows), "--limit", str(BUDGET))
        with _served(token, *options) as address, self._place(token) as place:
            cost = self._extract(place, address, "--page-size", "100")
            granted = _fetch(address, token)
        inside = sum(each < granted[0] + WINDOWS * _WINDOW for each in granted)
        share = inside / (BUDGET * WINDOWS)
        goal = Goal(
            f"share of {BUDGET} requests/min used in {WINDOWS} windows",
            f"{share:.3f}",
            f">= {SHARE}",
            share >= SHARE,
        )
        return {"granted": inside, "share": round(share, 4), "cost": asdict(cost)}, [goal]

    def _ways(
        self, place: _Place, first: str, second: str, rows: int, *, plain: bool
    ) -> dict[str, Callable[[], Cost]]:
        def lean() -> Cost:
            cost = self._module(place, first, "bench.extract.lean", "--rows", str(rows))
            same(place, rows)
            return cost

        def merged(address: str, *, changed: int) -> Cost:
            cost = self._extract(place, address, "--full")
            found = place.ask(
                "select changed_rows, landed_count from ops.extract_ledger"
                " order by started_at desc limit 1"
            )
            if found != (changed, rows):
                raise BenchError(f"(changed, landed) is {found}, not {(changed, rows)}")
            return cost

        def dicts() -> Cost:
            cost = self._module(place, first, "bench.extract.plain_dlt")
            if place.ask("select count(*) from plain.rows_000") != (rows,):
                raise BenchError("plain dlt did not land every row")
            return cost

        ways: dict[str, Callable[[], Cost]] = {
            "ours, empty": lambda: self._extract(place, first),
            "lean, empty": lean,
        }
        if plain:
            ways["plain dlt, empty"] = dicts
        return ways | {
            "ours, all unchanged": lambda: merged(first, changed=0),
            "ours, all changed": lambda: merged(second, changed=rows),
        }

    def _extract(self, place: _Place, address: str, *options: str) -> Cost:
        # An option that comes again, in `options`, wins.
        arguments = ["extract", "run", f"--page-size={self.page_size}", *options]
        environment = {**place.environment, "SONAR_URL": address}
        return run(arguments, environment, self.server, lambda _: float(place.ask(_WORK)[0]))

    def _module(self, place: _Place, address: str, module: str, *options: str) -> Cost:
        arguments = [module, f"--page-size={self.page_size}", *options]
        environment = {**place.environment, "SONAR_URL": address}
        return run(
            arguments, environment, self.server, lambda said: float(said.rsplit("work ", 1)[1])
        )

    @contextmanager
    def _place(self, token: str) -> Iterator[_Place]:
        name = f"bench_{next(self._numbers)}"
        # As superuser: a database cannot be dropped under autovacuum's eyes by anybody else.
        admin = psycopg2.connect(
            self._dsn("postgres"), user=SUPERUSER, password=self.server.superuser_password
        )
        admin.autocommit = True
        try:
            with tempfile.TemporaryDirectory(prefix="bench-") as folder, admin.cursor() as cursor:
                cursor.execute(f"create database {name} owner {self.server.user}")
                try:
                    yield _Place(self._environment(name, Path(folder), token), self._dsn(name))
                finally:
                    cursor.execute(f"drop database {name} with (force)")
        finally:
            admin.close()

    def _environment(self, database: str, folder: Path, token: str) -> dict[str, str]:
        return {
            "ENV_FILE": str(folder / "none.env"),
            "LOCAL_DIR": str(folder / "local"),
            "BUILD_DIR": str(folder / "build"),
            "WAREHOUSE_URL": self.server.url(database).render_as_string(hide_password=False),
            "SONAR_API_KEY": token,
            "RUNTIME__DLTHUB_TELEMETRY": "false",
        }

    def _dsn(self, database: str) -> str:
        url = self.server.url(database).set(drivername="postgresql")
        return url.render_as_string(hide_password=False)


def same(place: _Place, rows: int) -> None:
    """Prove that the extractor and the lean client landed the same `rows` payloads.

    Raises:
        BenchError: they did not.
    """
    ours = place.ask(_CONTENT.format("raw_sonar.rows_000"))
    theirs = place.ask(_CONTENT.format("lean.rows_000"))
    if ours != theirs or ours[0] != rows:
        raise BenchError(f"contents differ: {ours} and {theirs}")


@contextmanager
def _served(token: str, *options: str) -> Iterator[str]:
    """Run a source in a process of its own; yield its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.extract.source", *options],
        cwd=ROOT,
        env={"PATH": "", "BENCH_TOKEN": token},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        said = process.stdout.readline() if process.stdout else ""
        if not said.startswith("ready "):
            raise BenchError("the source did not start")
        yield said.split()[1]
    finally:
        process.terminate()
        process.wait()


def _fetch(address: str, token: str) -> list[float]:
    async def fetched() -> list[float]:
        headers = {"Authorization": f"Bearer {token}"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.get(f"{address}/granted") as response,
        ):
            granted: list[float] = await response.json()
            return granted

    return asyncio.run(fetched())


def _shown(cost: Cost, rows: int) -> str:
    return (
        f"{rows / cost.work:>9,.0f} rows/s  ({rows / cost.seconds:>9,.0f} with start)  "
        f"cpu {cost.cpu:6.1f} s + server {cost.server_cpu:6.1f} s  {cost.peak_mib:4.0f} MiB"
    )


def _goals(costs: Mapping[str, list[Cost]], rows: int) -> list[Goal]:
    def compared(slow: str, fast: str, wanted: float) -> Goal:
        spread: Spread = ratio(costs[slow], costs[fast])
        what = f"{rows:,} rows: {slow} / {fast}"
        return Goal(what, str(spread), f">= {wanted}", spread.middle >= wanted)

    lean = "lean, empty"
    goals = [
        compared("ours, empty", lean, EMPTY),
        compared("ours, all changed", lean, MERGE),
        compared("ours, all unchanged", lean, MERGE),
    ]
    if "plain dlt, empty" in costs:
        goals.append(compared("ours, empty", "plain dlt, empty", PLAIN))
    peak = max(cost.peak_mib for name, taken in costs.items() if "ours" in name for cost in taken)
    goals.append(
        Goal(
            f"{rows:,} rows: peak MiB of ours",
            f"{peak:.0f}",
            f"< {MEMORY_MIB:.0f}",
            peak < MEMORY_MIB,
        )
    )
    return goals
