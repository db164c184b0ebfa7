"""The cases of the REST benchmark. Each load proves that the API holds what was sent."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.request import urlopen

from sqlalchemy import create_engine

from bench.frame import BenchError, Cost, Goal, ratio, run, spreads
from bench.rest.marts import MANIFEST
from runtime.settings import ROOT
from services.postgres import SUPERUSER, Postgres

PLAIN = 0.8
MEMORY_MIB = 250.0


@dataclass(frozen=True, slots=True)
class _Place:
    environment: Mapping[str, str]
    url: str


@dataclass(slots=True)
class Bench:
    """One Postgres, an API for each turn, and where progress is told."""

    postgres: Postgres
    latency: float
    workers: int
    say: Callable[[str], None]
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def rates(self, customers: int, turns: int) -> tuple[dict[str, Any], list[Goal]]:
        """Time a load, and the same requests sent by a client that does nothing else."""
        ours, plain = list[Cost](), list[Cost]()
        requests = rows = 0
        for _ in range(turns):
            with self._place(customers) as place:
                cost, said = self._module(place, "bench.rest.ours")
                rows, asked = _figure(said, "proven"), _asked(place)
                ours.append(cost)
                plan = said.rsplit("plan ", 1)[1].split()[0]
                self._tell("ours", cost, asked, rows, f"plan {plan} s")
                cost, said = self._module(place, "bench.rest.plain")
                requests = _figure(said, "requests")
                if requests != asked or _figure(said, "refused"):
                    raise BenchError(f"the plain client did not do the same: {said}")
                plain.append(cost)
                self._tell("the requests alone", cost, requests, rows)
        found = ratio(ours, plain)
        what = f"{rows:,} rows: ours / the requests alone"
        peak = max(cost.peak_mib for cost in ours)
        goals = [
            Goal(what, str(found), f">= {PLAIN}", found.middle >= PLAIN),
            Goal("peak MiB of ours", f"{peak:.0f}", f"< {MEMORY_MIB:.0f}", peak < MEMORY_MIB),
        ]
        ways = {"ours": spreads(ours), "the requests alone": spreads(plain)}
        return {"rows": rows, "requests": requests, **ways}, goals

    def _module(self, place: _Place, module: str) -> tuple[Cost, str]:
        said: list[str] = []

        def work(output: str) -> float:
            said.append(output)
            return float(output.rsplit("work ", 1)[1])

        arguments = (module, "--workers", str(self.workers))
        return run(arguments, place.environment, self.postgres, work), said[0]

    def _tell(self, name: str, cost: Cost, requests: int, rows: int, more: str = "") -> None:
        self.say(
            f"{rows:>8,} rows  {name:20} {rows / cost.work:>7,.0f} rows/s"
            f" {requests / cost.work:>7,.0f} requests/s  cpu {cost.cpu:5.1f} s"
            f" + Postgres {cost.server_cpu:4.1f} s  {cost.peak_mib:4.0f} MiB  {more}"
        )

    @contextmanager
    def _place(self, customers: int) -> Iterator[_Place]:
        """Yield a fresh warehouse, with marts that are accepted, and an empty API."""
        name = f"bench_rest_{next(self._numbers)}"
        url = self.postgres.url("postgres").set(
            username=SUPERUSER, password=self.postgres.superuser_password
        )
        admin = create_engine(url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.exec_driver_sql(f"create database {name} owner {self.postgres.user}")
        try:
            with _server(self.latency) as address:
                warehouse = self.postgres.url(name).render_as_string(hide_password=False)
                environment = {
                    "ENV_FILE": "/nonexistent",
                    "WAREHOUSE_URL": warehouse,
                    "SPLYNX_URL": address,
                    "SPLYNX_API_KEY": "bench",
                    "SPLYNX_API_SECRET": "none",  # nobody asks for it
                    "SPLYNX_AUTH": "basic",
                    "SPLYNX_TARGET": address.removeprefix("http://"),
                }
                arguments = ("bench.rest.prepare", str(customers))
                run(arguments, environment, self.postgres, lambda _: 0.0)
                yield _Place(environment, address)
        finally:
            with admin.connect() as connection:
                connection.exec_driver_sql(f"drop database {name} with (force)")
            admin.dispose()


@contextmanager
def _server(latency: float) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.rest.server", "--latency", str(latency)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        said = process.stdout.readline().split() if process.stdout else []
        if said[:1] != ["ready"]:
            raise BenchError("the API did not start")
        yield said[1]
    finally:
        process.terminate()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _asked(place: _Place) -> int:
    """Return how many requests came; prove that each row that has to be created was, once."""
    with urlopen(f"{place.url}/asked") as answer:  # noqa: S310 - our own server
        asked = json.load(answer)
    posts = [(path, body) for method, path, body in asked if method == "POST"]
    if len(posts) != len(set(posts)):
        raise BenchError("a row was sent twice")
    paths = {path.rsplit("/", 1)[-1] for path, _ in posts}
    records = {
        shape.rest["path"].rsplit("/", 1)[-1] for shape in MANIFEST.marts if "path" in shape.rest
    }
    if paths != records:
        raise BenchError(f"not all that has to be created was: {sorted(records - paths)}")
    return len(asked)


def _figure(said: str, name: str) -> int:
    return int(said.split(f"{name} ", 1)[1].split(maxsplit=1)[0])
