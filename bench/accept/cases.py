"""The cases of the acceptance benchmark. Every way must find the same, and what was planted."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
from sqlalchemy import URL

from bench.accept.checks import Counts, same
from bench.frame import Cost, Goal, ratio, run, spreads
from runtime.settings import ROOT
from sandbox.splynx.database import create_database
from services.mariadb import MariaDb
from services.postgres import Postgres

OVERHEAD, SECONDS, MEMORY_MIB = 5.0, 120.0, 500.0
_DATABASE = "bench_accept"
# Rows that break a rule, so that keys are looked up too: by "mart: rule", what makes them.
_PLANTED = {
    "customers: status is one of new, active, blocked, disabled": (
        "update splynx_staging.customers set status = 'gone' where id % 5 = 0"
    ),
    "billing_transactions: description is not blank": (
        "update splynx_staging.billing_transactions set description = ' ' where id % 50 = 0"
    ),
    "customers: login unique, upper and lower case alike": (
        "update splynx_staging.customers set login = 'the same'"
        " where id in (select id from splynx_staging.customers order by id limit 100)"
    ),
}


@dataclass(slots=True)
class Bench:
    """One warehouse, one Splynx database, a folder for what is written, and who is told."""

    server: Postgres
    mariadb: MariaDb
    folder: Path
    say: Callable[[str], None]
    _costs: dict[str, list[Cost]] = field(default_factory=dict)

    def measure(self, size: str, turns: int) -> tuple[dict[str, Any], list[Goal]]:
        """Build the marts of a tenant of that size, plant defects, and time the ways in turn."""
        rows = self._build(size)
        planted = self._plant()
        for _ in range(turns):
            self._ours("ours, whole stage", "all")
            self._ours("ours, rules", "rules")
            self._took("plain SQL", "bench.accept.plain", str(self._manifest), str(self.folder))
            for name in ("all", "rules"):
                same(self._counts(name), self._counts("plain"), planted)
        record = {
            "rows landed": rows,
            "rules": len(self._counts("plain")),
            "ways": {name: spreads(taken) for name, taken in self._costs.items()},
        }
        return record, goals(self._costs)

    def _build(self, size: str) -> int:
        profile = (ROOT / "profiles.yml.example").read_text(encoding="utf-8")
        (self.folder / "profiles.yml").write_text(profile, encoding="utf-8")
        self._run("runtime.dbt_process", "--no-use-colors", "seed")
        landed = self._run(
            "bench.accept.land",
            size,
            str(self._manifest),
            work=lambda said: float(said.rsplit("rows ", 1)[1]),
        )
        self._run("bench.accept.prepare", str(self._manifest))
        self._run("runtime.dbt_process", "--no-use-colors", "run")
        return int(landed.work)

    def _plant(self) -> Counts:
        found = {}
        with closing(psycopg2.connect(self._dsn())) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for rule, statement in _PLANTED.items():
                    cursor.execute(statement)
                    found[rule] = cursor.rowcount
                cursor.execute("analyze")
        return found

    def _ours(self, name: str, which: str) -> None:
        self._took(name, "bench.accept.ours", which, str(self._manifest), str(self.folder))

    def _took(self, name: str, *command: str) -> None:
        cost = self._run(*command, work=lambda said: float(said.rsplit("work ", 1)[1]))
        self._costs.setdefault(name, []).append(cost)
        self.say(
            f"{name:17} {cost.work:6.1f} s ({cost.seconds:6.1f} s with start)  cpu {cost.cpu:5.1f}"
            f" s + server {cost.server_cpu:5.1f} s  {cost.peak_mib:4.0f} MiB"
        )

    def _run(self, *command: str, work: Callable[[str], float] = lambda _: 0.0) -> Cost:
        return run(command, self._environment(), self.server, work)

    def _counts(self, way: str) -> Counts:
        found: dict[str, int] = json.loads((self.folder / f"{way}.json").read_text("utf-8"))
        return found

    @property
    def _manifest(self) -> Path:
        return self.folder / "target" / "manifest.json"

    def _dsn(self) -> str:
        return _plain(self.server.url().set(drivername="postgresql"))

    def _environment(self) -> Mapping[str, str]:
        splynx = create_database(self.mariadb, _DATABASE)  # it is there after the first time
        return {
            "ENV_FILE": "/nonexistent",
            "BENCH_DSN": self._dsn(),
            "DBT_PROFILES_DIR": str(self.folder),
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "SPLYNX_MYSQL_URL": _plain(splynx.url.update_query_dict({"ssl_disabled": "true"})),
            "SPLYNX_TARGET": splynx.address,
            "WAREHOUSE_HOST": self.server.host,
            "WAREHOUSE_PORT": str(self.server.port),
            "WAREHOUSE_USER": self.server.user,
            "WAREHOUSE_PASSWORD": self.server.password,
            "WAREHOUSE_DATABASE": self.server.database,
            "WAREHOUSE_URL": _plain(self.server.url()),
        }


def _plain(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def goals(costs: Mapping[str, Sequence[Cost]]) -> list[Goal]:
    """Return what was reached: the rules beside the floor, imports apart; the stage as waited for.

    The slowest turn and the highest peak count. The first turn reads every row that landed for card
    numbers; later ones remember.
    """
    over = ratio(costs["plain SQL"], costs["ours, rules"])
    slowest = max(cost.seconds for cost in costs["ours, whole stage"])
    peak = max(cost.peak_mib for name, taken in costs.items() if "ours" in name for cost in taken)
    return [
        Goal("rules / plain SQL", str(over), f"<= {OVERHEAD:.0f}", over.middle <= OVERHEAD),
        Goal("whole stage, seconds", f"{slowest:.1f}", f"< {SECONDS:.0f}", slowest < SECONDS),
        Goal("peak MiB of ours", f"{peak:.0f}", f"< {MEMORY_MIB:.0f}", peak < MEMORY_MIB),
    ]
