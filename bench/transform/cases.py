"""The cases of the transform benchmark. Every build is proven to hold what the others hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, named as in the docs

from bench.frame import Cost, Goal, Spread, run, spreads
from bench.transform import landing
from bench.transform.content import contents, differing, drop, same
from bench.transform.plain import build, models, remembers
from runtime.settings import ROOT
from sandbox.sonar.tenant import Tenant
from services.postgres import Postgres

OVERHEAD, FASTER = 1.2, 5.0  # times the plain SQL, and times as fast as a full build
_PERCENT = 1


@dataclass(slots=True)
class Bench:
    """One warehouse, a folder for what dbt writes, and where progress is told."""

    server: Postgres
    folder: Path
    say: Callable[[str], None]
    _costs: dict[str, list[Cost]] = field(default_factory=dict)
    _altered: list[str] = field(default_factory=list)

    def measure(self, tenant: Tenant, turns: int) -> tuple[dict[str, Any], list[Goal]]:
        """Time full builds, the plain SQL, dbt's start-up and builds after small changes."""
        profile = (ROOT / "profiles.yml.example").read_text(encoding="utf-8")
        (self.folder / "profiles.yml").write_text(profile, encoding="utf-8")
        self._dbt("parse and seeds", "seed")
        with self._cursor() as cursor:
            names = landing.collections(self._manifest())
            rows = landing.land(cursor, tenant, names)
            for turn in range(1, turns + 1):
                self._build_from_nothing(cursor)
                self._build_again(cursor, names, turn)
        record = {
            "rows": rows,
            "tables altered by the change": self._altered,
            "ways": {name: spreads(taken) for name, taken in self._costs.items()},
        }
        return record, goals(self._costs)

    def _build_from_nothing(self, cursor: Cursor) -> None:
        drop(cursor, models(self._manifest()))
        self._dbt("full", "run")
        manifest = self._manifest()
        ordered = models(manifest)
        ours = contents(cursor, ordered)
        self._dbt("start-up", "run", "--select", "nothing")
        drop(cursor, ordered)
        compiled = self.folder / "compiled.json"
        compiled.write_text(json.dumps(manifest), encoding="utf-8")
        self._took(
            "plain SQL",
            ["bench.transform.plain", str(compiled)],
            lambda said: float(said.rsplit("work ", 1)[1]),
        )
        same("dbt and the plain SQL", ours, contents(cursor, ordered, ours))

    def _build_again(self, cursor: Cursor, names: Sequence[str], turn: int) -> None:
        before = contents(cursor, models(self._manifest()))
        changed = landing.change(cursor, names, percent=_PERCENT, seed=turn)
        self._dbt("again", "run")
        ordered = models(self._manifest())
        after = contents(cursor, ordered)
        altered = f"{len(differing(before, after))} of {len(ordered)} by {changed} rows"
        self.say(f"{altered:>48}")
        self._altered.append(altered)
        forgetful = [model for model in ordered if not remembers(model)]
        drop(cursor, forgetful)
        build(cursor, forgetful)
        same(
            "a build on an earlier one and a build from nothing",
            after,
            contents(cursor, ordered, after),
        )

    def _dbt(self, name: str, *arguments: str) -> None:
        command = ["runtime.dbt_process", "--no-use-colors", *arguments]
        self._took(name, command, lambda _: 0.0)

    def _took(self, name: str, command: Sequence[str], work: Callable[[str], float]) -> None:
        cost = run(command, self._environment(), self.server, work)
        self._costs.setdefault(name, []).append(cost)
        self.say(
            f"{name:16} {cost.work or cost.seconds:6.1f} s  "
            f"cpu {cost.cpu:5.1f} s + server {cost.server_cpu:5.1f} s"
        )

    def _manifest(self) -> Mapping[str, Any]:
        content = (self.folder / "target" / "manifest.json").read_text(encoding="utf-8")
        manifest: Mapping[str, Any] = json.loads(content)
        return manifest

    @contextmanager
    def _cursor(self) -> Iterator[Cursor]:
        with closing(psycopg2.connect(self._dsn())) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                yield cursor

    def _dsn(self) -> str:
        url = self.server.url().set(drivername="postgresql")
        return url.render_as_string(hide_password=False)

    def _environment(self) -> Mapping[str, str]:
        return {
            "BENCH_DSN": self._dsn(),
            "DBT_PROFILES_DIR": str(self.folder),
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "WAREHOUSE_HOST": self.server.host,
            "WAREHOUSE_PORT": str(self.server.port),
            "WAREHOUSE_USER": self.server.user,
            "WAREHOUSE_PASSWORD": self.server.password,
            "WAREHOUSE_DATABASE": self.server.database,
        }


def goals(costs: Mapping[str, Sequence[Cost]]) -> list[Goal]:
    """Return what was reached, turn by turn: seconds from start to end of the process.

    A build after a change is told twice: as it is waited for, and without dbt's start, which no
    design of the models can shorten.
    """
    full = [cost.seconds for cost in costs["full"]]
    again = [cost.seconds for cost in costs["again"]]
    start = [cost.seconds for cost in costs["start-up"]]
    plain = [cost.work for cost in costs["plain SQL"]]
    over = Spread.of([(f - s) / p for f, s, p in zip(full, start, plain, strict=True)])
    faster = Spread.of([f / a for f, a in zip(full, again, strict=True)])
    beyond = Spread.of([(f - s) / (a - s) for f, a, s in zip(full, again, start, strict=True)])
    return [
        Goal(
            "full build without start-up / the plain SQL",
            str(over),
            f"<= {OVERHEAD}",
            over.middle <= OVERHEAD,
        ),
        Goal(
            f"full build / build after a {_PERCENT} % change",
            str(faster),
            f">= {FASTER}",
            faster.middle >= FASTER,
        ),
        Goal(
            "the same, both without start-up",
            str(beyond),
            f">= {FASTER}",
            beyond.middle >= FASTER,
        ),
    ]
