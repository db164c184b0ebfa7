"""One whole way with servers of its own: recorded pages, warehouse, Splynx, the real commands."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import psycopg2
from sqlalchemy import URL

from bench.frame import BenchError, server_cpu
from bench.whole import watch
from bench.whole.prepare import AFTER, BEFORE, PAGE_SIZE, Prepared
from bench.whole.project import copy
from bench.whole.watch import Stage, Where
from runtime.settings import ROOT
from sandbox.splynx.database import create_database
from services import mariadb, postgres, process
from services.postgres import Postgres

_READ = ("extract", "run", "--skip-files", f"--page-size={PAGE_SIZE}")
_LOAD, _RECONCILE = ("load", "run"), ("load.reconcile",)
# What `make migrate` runs, without the plan, which is for people.
STAGES: Mapping[str, Sequence[str]] = {
    "extract": _READ,
    "inspect": ("load", "inspect"),
    "transform": ("transform", "run"),
    "accept": ("expectations", "run"),
    "load": _LOAD,
    "reconcile": _RECONCILE,
    "report": ("load.report",),
}
_SETUP = {"parse": ("runtime", "parse")}  # what `make setup` does: before the night
TOLD_INCOMPLETE = frozenset({"load"})  # files are not recorded, so their rows are parked


@dataclass(slots=True)
class Way:
    """The parts of one migration; `say` hears what each stage took."""

    prepared: Prepared
    project: Path
    server: Postgres
    warehouse: int
    environment: dict[str, str]
    servers: Mapping[str, Callable[[], float]]
    say: Callable[[str], None]
    profiles: Path | None = None  # where they go, if they are wanted
    costs: dict[str, dict[str, Stage]] = field(default_factory=dict)
    rows_in_target: int = 0  # as the last reconciliation counted them

    def first(self, *, customer: bool) -> None:
        """Go from an empty warehouse to one customer in Splynx (or not), then to everybody."""
        self._stage("setup", "parse")
        for name in ("extract", "inspect", "transform", "accept"):
            self._stage("whole", name)
        if customer:
            self._stage("one customer", "load", "--accounts", self._an_account())
            self._stage("one customer", "reconcile", "--chosen")
            self.prove("one customer")
        for name in ("load", "reconcile", "report"):
            self._stage("whole", name)
        self.prove("whole")

    def again(self) -> None:
        """Go once more, after one record in a hundred changed."""
        for name in STAGES:
            self._stage("delta", name)
        self.prove("delta")
        landed = int(self.ask("select sum(changed_rows) from ops.extract_ledger where run_id = ("
                              "select run_id from ops.step where step = 'extract'"
                              " order by started_at desc limit 1)")[0])  # fmt: skip
        if landed < self.prepared.changed:
            raise BenchError(f"{landed} rows landed of {self.prepared.changed} that changed")

    def prove(self, what: str) -> None:
        """See that all layers were compared and agree.

        Raises:
            BenchError: they do not.
        """
        compared, wrong, rows = self.ask(
            "select count(*), count(*) filter (where verdict <> 'agrees'), sum(in_target)"
            " from ops.reconciliation where run_id = (select run_id from ops.step"
            " where step = 'reconcile' order by started_at desc limit 1)"
        )
        if not compared or wrong or not rows:
            raise BenchError(f"{what}: {wrong} of {compared} entities do not agree")
        self.rows_in_target = int(rows)
        self.say(f"{what}: {compared} entities agree, {rows:,} rows in the target")

    def ask(self, query: str) -> Sequence[Any]:
        """Return the first row of a query on the warehouse."""
        url = self.server.url().set(drivername="postgresql")
        with closing(psycopg2.connect(_plain(url))) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchone() or ()

    def _an_account(self) -> str:
        """Return the Sonar account of the first customer."""
        query = "select _sonar_key from splynx_staging.customers order by id limit 1"
        return str(self.ask(query)[0])

    def _stage(self, what: str, name: str, *options: str) -> None:
        where = Where(self.project, self.environment, self.warehouse, self.servers)
        samples = self.profiles and self.profiles / f"{what}-{name}.txt"
        cost = watch.run((*{**_SETUP, **STAGES}[name], *options), where, samples)
        if cost.code and name not in TOLD_INCOMPLETE:
            raise BenchError(f"{what}: {name} could not do all:\n{cost.last_words}")
        self.costs.setdefault(what, {})[name] = cost
        self.say(f"{what:13} {name:10} {line(cost)}")


def line(cost: Stage) -> str:
    """Return what a stage took, for people."""
    servers = " ".join(f"{name} {used:.1f}" for name, used in cost.servers.items())
    return (
        f"{cost.seconds:7.1f} s  cpu {cost.cpu:6.1f} s; {servers}"
        f"  {cost.peak_mib:5.0f} MiB, with the warehouse {cost.with_warehouse_mib:5.0f}"
    )


@contextmanager
def way(
    prepared: Prepared, say: Callable[[str], None], profiles: Path | None = None
) -> Iterator[Way]:
    """Start everything but the source; yield the way."""
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        stack.callback(postgres.down, place / "postgres")
        server = postgres.up(place / "postgres")
        stack.callback(mariadb.down, place / "splynx")
        database = mariadb.up(place / "splynx", options=_TARGET)
        splynx = create_database(database, "splynx")
        owned = process.recorded(place / "splynx"), process.recorded(place / "postgres")
        if owned[0] is None or owned[1] is None:
            raise BenchError("a server ended at once")
        environment = {
            **{name: value for name, value in os.environ.items() if name not in _OURS},
            "ENV_FILE": "/nonexistent",
            "BUILD_DIR": str(place / "build"),
            "LOCAL_DIR": str(place / "local"),
            "WAREHOUSE_URL": _plain(server.url()),
            "SONAR_API_KEY": secrets.token_urlsafe(18),
            "SPLYNX_MYSQL_URL": _plain(splynx.url),
            "SPLYNX_TARGET": splynx.address,
        }
        servers = {
            "Postgres": partial(server_cpu, server),
            "MariaDB": partial(_cpu, psutil.Process(owned[0].pid)),
        }
        project = copy(place / "project")
        yield Way(prepared, project, server, owned[1].pid, environment, servers, say, profiles)


# As the server of a provider has it. With the sandbox's 256 MB and a log of 96 MB, what is measured
# at ten times the tenant is how often MariaDB writes its pages to the disk.
_TARGET = {"innodb-buffer-pool-size": "2G", "innodb-log-file-size": "1G"}
_OURS = frozenset({"RUN_ID", "WAREHOUSE_LOCK_PID", "SPLYNX_URL", "SPLYNX_API_KEY"})


@contextmanager
def source(made: Way, name: str) -> Iterator[None]:
    """Serve one of the two recordings to the way."""
    replaying = subprocess.Popen(
        [sys.executable, "-m", "sandbox.sonar", "replay", str(made.prepared.recorded(name))],
        cwd=ROOT,
        env={**os.environ, "SANDBOX_SONAR_TOKEN": made.environment["SONAR_API_KEY"]},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        said = replaying.stdout.readline().split() if replaying.stdout else []
        if said[:1] != ["ready"]:
            raise BenchError("the recording is not served")
        made.environment["SONAR_URL"] = said[1]
        yield
    finally:
        replaying.send_signal(signal.SIGTERM)
        replaying.wait()
        if replaying.stdout is not None:
            replaying.stdout.close()


def go(
    prepared: Prepared,
    say: Callable[[str], None],
    *,
    customer: bool = True,
    delta: bool = True,
    profiles: Path | None = None,
) -> Generator[Way]:
    """Go the whole way, one customer before all of them, and then the delta.

    The way is yielded after the first whole way and after the delta, with all costs so far.
    """
    with way(prepared, say, profiles) as made:
        with source(made, BEFORE):
            made.first(customer=customer)
        yield made
        if delta:
            with source(made, AFTER):
                made.again()
            yield made


def _cpu(server: psutil.Process) -> float:
    times = server.cpu_times()
    return float(times.user + times.system)


def _plain(url: URL) -> str:
    return url.render_as_string(hide_password=False)
