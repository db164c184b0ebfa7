"""The cases of the load benchmark. Every run proves that the target holds what the marts say."""

from __future__ import annotations

import itertools
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import URL, Engine, create_engine, text

from bench.frame import BenchError, Cost, Goal, Spread, ratio, run, spreads
from bench.load.marts import CUSTOMERS, MANIFESTS, create_targets
from sandbox.splynx.database import create_database, drop_database
from services.mariadb import MariaDb
from services.postgres import SUPERUSER, Postgres

EMPTY, FULL, PLAIN, DLT, DELTA = 0.6, 0.5, 0.9, 5.0, 10.0
MEMORY_MIB = 250.0
_FORMAT = "fields terminated by ',' optionally enclosed by '\"' escaped by ''"


@dataclass(frozen=True, slots=True)
class _Place:
    """A fresh warehouse and a fresh Splynx database, inspected."""

    environment: Mapping[str, str]
    warehouse: Engine
    splynx: Engine
    url: URL


@dataclass(slots=True)
class Bench:
    """One Postgres, one MariaDB, and where progress is told."""

    postgres: Postgres
    mariadb: MariaDb
    say: Callable[[str], None]
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def rates(self, rows: int, turns: int, *, dlt: bool) -> tuple[dict[str, Any], list[Goal]]:
        """Time the ways for one table: into an empty one, onto a full one, and a small change."""
        costs: dict[str, list[Cost]] = {}

        def took(name: str, cost: Cost) -> None:
            costs.setdefault(name, []).append(cost)
            self.say(f"{rows:>9,} rows  {name:22} {_shown(cost, rows)}")

        for _ in range(turns):
            with self._place("customers", rows) as place:
                took("client, LOAD DATA", self._client(place))
                self._same(place, "customers")
                create_targets(place.splynx)
                took("plain PyMySQL", self._module(place, "bench.load.plain"))
                self._same(place, "customers")
                if dlt:
                    took("plain dlt", self._module(place, "bench.load.plain_dlt"))
                create_targets(place.splynx)
                took("ours, statements", self._ours(place, "customers", "--no-bulk"))
                self._same(place, "customers")
            with self._place("customers", rows) as place:
                took("ours, empty", self._ours(place, "customers"))
                self._same(place, "customers")
                for name, every in (("ours, 1 % changed", 100), ("ours, all changed", 1)):
                    self._module(place, "bench.load.prepare", "change", str(every))
                    took(name, self._ours(place, "customers"))
                    self._same(place, "customers")
        return {name: spreads(taken) for name, taken in costs.items()}, _goals(costs, rows)

    def mix(self, rows: int) -> dict[str, Any]:
        """Time customers with their billing and bookings, as clusters."""
        with self._place("mix", rows) as place:
            cost = self._ours(place, "mix")
            self._same(place, "mix")
        self.say(f"{rows:>9,} rows  {'ours, mix':22} {_shown(cost, rows)}")
        return {"ours, mix": spreads([cost])}

    def _ours(self, place: _Place, which: str, *options: str) -> Cost:
        return self._module(place, "bench.load.ours", which, *options)

    def _module(self, place: _Place, *arguments: str) -> Cost:
        return run(
            arguments,
            place.environment,
            self.postgres,
            lambda said: float(said.rsplit("work ", 1)[1]),
        )

    def _client(self, place: _Place) -> Cost:
        """Time the server's own client on a file that is ready."""
        mart = CUSTOMERS.marts[0]
        names = ", ".join(column.name for column in mart.columns)
        texts = names.replace("since", "coalesce(since::text, '0000-00-00')")
        with tempfile.NamedTemporaryFile(suffix=".csv") as ready:
            with place.warehouse.connect() as connection:
                driver: Any = connection.connection.cursor()
                with driver as cursor:
                    cursor.copy_expert(
                        f"copy (select {texts} from {mart.relation}) to stdout"
                        " (format csv, null 'NULL', force_quote *)",
                        ready,
                    )
            ready.flush()
            started = time.monotonic()
            url = place.url
            done = subprocess.run(
                ["mariadb", "--no-defaults", f"--host={url.host}", f"--port={url.port}",
                 f"--user={url.username}", "--local-infile=1", "--default-character-set=utf8mb4",
                 str(url.database), "-e",
                 f"load data local infile '{ready.name}' into table {mart.name}"
                 f" character set utf8mb4 {_FORMAT} ({names})"],
                env={"MYSQL_PWD": url.password or "", "PATH": "/usr/bin:/bin:/usr/local/bin"},
                capture_output=True,
                check=False,
            )  # fmt: skip
            seconds = time.monotonic() - started
        if done.returncode:
            raise BenchError(f"the client failed: {done.stderr.decode()[-500:]}")
        return Cost(seconds, seconds, 0.0, 0.0, 0.0)

    def _same(self, place: _Place, which: str) -> None:
        """Compare both sides: rows, and one checksum a table over every loaded column."""
        for mart in MANIFESTS[which].marts:
            ours, theirs = [], []
            for column in mart.columns:
                name = column.name
                value = f"coalesce({name}::text, '{column.none or '<none>'}')"
                if column.data_type == "boolean":
                    value = f"{name}::integer::text"
                ours.append(value)
                theirs.append(f"coalesce(cast({name} as char), '<none>')")
            key = f"('x' || left(md5(concat_ws('|', {', '.join(ours)})), 8))::bit(32)::bigint"
            digest = f"conv(left(md5(concat_ws('|', {', '.join(theirs)})), 8), 16, 10)"
            with place.warehouse.connect() as connection:
                here = connection.execute(
                    text(f"select count(*), sum({key}) from {mart.relation}")
                ).one()
            with place.splynx.connect() as connection:
                there = connection.execute(
                    text(f"select count(*), sum(cast({digest} as unsigned)) from {mart.name}")
                ).one()
            if [int(value) for value in here] != [int(value) for value in there]:
                raise BenchError(f"{mart.name}: {tuple(there)} in the target, not {tuple(here)}")

    @contextmanager
    def _place(self, which: str, rows: int) -> Iterator[_Place]:
        name = f"bench_{next(self._numbers)}"
        # As superuser: a database cannot be dropped under autovacuum's eyes by anybody else.
        url = self.postgres.url("postgres").set(
            username=SUPERUSER, password=self.postgres.superuser_password
        )
        admin = create_engine(url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.exec_driver_sql(f"create database {name} owner {self.postgres.user}")
        made = create_database(self.mariadb, name)
        with self.mariadb.connect() as server, server.cursor() as cursor:
            cursor.execute(
                f"grant create temporary tables on `{_pattern(name)}`.* to"
                f" '{made.url.username}'@'{made.url.host}'"
            )
        warehouse = self.postgres.url(name)
        environment = {
            "ENV_FILE": "/nonexistent",
            "WAREHOUSE_URL": _plain(warehouse),
            "SPLYNX_MYSQL_URL": _plain(made.url.update_query_dict({"ssl_disabled": "true"})),
            "SPLYNX_TARGET": made.address,
            "BENCH_ADMIN_URL": _plain(self.mariadb.url(name)),
            "RUNTIME__DLTHUB_TELEMETRY": "false",
        }
        place = _Place(
            environment,
            create_engine(warehouse),
            create_engine(made.admin_url.update_query_dict({"charset": "utf8mb4"})),
            made.url,
        )
        try:
            create_targets(place.splynx)
            self._module(place, "bench.load.prepare", "make", which, str(rows))
            yield place
        finally:
            place.warehouse.dispose()
            place.splynx.dispose()
            with admin.connect() as connection:
                connection.exec_driver_sql(f"drop database {name} with (force)")
            admin.dispose()
            drop_database(self.mariadb, name)


def _pattern(name: str) -> str:
    """Return the name as GRANT reads it, where an underscore stands for any character."""
    return name.replace("_", r"\_")


def _plain(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def _shown(cost: Cost, rows: int) -> str:
    return (
        f"{rows / cost.work:>9,.0f} rows/s  ({rows / cost.seconds:>9,.0f} with start and gates)  "
        f"cpu {cost.cpu:6.1f} s + Postgres {cost.server_cpu:6.1f} s  {cost.peak_mib:4.0f} MiB"
    )


def _goals(costs: Mapping[str, Sequence[Cost]], rows: int) -> list[Goal]:
    def compared(ours: str, theirs: str, wanted: float) -> Goal:
        spread: Spread = ratio(costs[ours], costs[theirs])
        what = f"{rows:,} rows: {ours} / {theirs}"
        return Goal(what, str(spread), f">= {wanted}", spread.middle >= wanted)

    goals = [
        compared("ours, empty", "client, LOAD DATA", EMPTY),
        compared("ours, all changed", "client, LOAD DATA", FULL),
        compared("ours, statements", "plain PyMySQL", PLAIN),
        compared("ours, 1 % changed", "ours, empty", DELTA),
    ]
    if "plain dlt" in costs:
        goals.append(compared("ours, empty", "plain dlt", DLT))
    peak = max(cost.peak_mib for name, taken in costs.items() if "ours" in name for cost in taken)
    what = f"{rows:,} rows: peak MiB of ours"
    goals.append(Goal(what, f"{peak:.0f}", f"< {MEMORY_MIB:.0f}", peak < MEMORY_MIB))
    return goals
