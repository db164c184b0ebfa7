"""`python -m extract doctor`: what is needed for an extraction, whether it is there, what to mend.

Reads settings, the disk, the warehouse and the live Sonar; writes what the probe finds out to
`ops.source_probe` and nothing else. It takes no lock, so that it can look while a run is at work.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import click
import orjson
from sqlalchemy import Engine, text

from extract.client import Manners, Sonar
from extract.discovery import discover
from extract.probe import Finding, probe, save
from extract.tables import table
from runtime import log
from runtime.errors import ConfigError, MigrationError
from runtime.settings import LOCAL, SonarApi, shown, sonar_api
from runtime.warehouse import connect, ensure_ops

_GIGABYTE = 10**9
_LITTLE = 5 * _GIGABYTE
_TOO_LITTLE = 1 * _GIGABYTE


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the result: `state` is ok, attention or mend."""

    what: str
    state: str
    says: str
    then: str = ""


class _Examination:
    """The checks so far, and the first error, which decides the exit code."""

    def __init__(self) -> None:
        self.checks: list[Check] = []
        self.error: MigrationError | None = None

    @contextmanager
    def part(self, what: str) -> Iterator[Callable[[str], None]]:
        """Examine one part; what fails becomes a line, and the next part goes on."""

        def good(says: str) -> None:
            self.checks.append(Check(what, "ok", says))

        try:
            yield good
        except MigrationError as exc:
            self.checks.append(Check(what, "mend", str(exc)))
            self.error = self.error or exc

    def add(self, findings: Sequence[Finding]) -> None:
        """Take over what the probe found."""
        self.checks += [
            Check(f.asks, "ok" if f.ok else "attention", f"{f.answer}: {f.evidence}", f.effect)
            for f in findings
        ]


def _disk(examination: _Examination) -> None:
    with examination.part("disk") as good:
        folder = next(path for path in (LOCAL, *LOCAL.parents) if path.exists())
        free = shutil.disk_usage(folder).free
        says = f"{free / _GIGABYTE:,.1f} GB free in {shown(LOCAL)}"
        if free < _TOO_LITTLE:
            raise ConfigError(f"{says}: free at least 1 GB, or set LOCAL_DIR to a larger disk")
        if free < _LITTLE:
            then = "slices wait here until they are loaded"
            examination.checks.append(Check("disk", "attention", says, then))
        else:
            good(says)


def _warehouse(examination: _Examination) -> Engine | None:
    with examination.part("warehouse") as good:
        engine = connect()
        ensure_ops(engine)
        with engine.connect() as session:
            version: str = session.execute(text("show server_version")).scalar_one()
        good(f"Postgres {version.split(maxsplit=1)[0]} at {engine.url.host}")
        return engine
    return None


def _source(examination: _Examination) -> tuple[SonarApi | None, Sequence[Finding]]:
    api: SonarApi | None = None
    findings: Sequence[Finding] = ()
    with examination.part("settings") as good:
        api = sonar_api()
        good(f"SONAR_URL and SONAR_API_KEY are set, for {api.host}")
    if api is not None:
        with examination.part("Sonar"):
            findings = asyncio.run(_interviewed(api, examination))
    examination.add(findings)
    return api, findings


async def _interviewed(api: SonarApi, examination: _Examination) -> Sequence[Finding]:
    async with Sonar(api, Manners()) as sonar:
        with examination.part("Sonar") as good:
            schema = await sonar.schema()
            collections = discover(schema)
            read = sum(collection.skipped is None for collection in collections)
            good(f"takes the token; {len(collections)} root queries, {read} are read")
            return await probe(sonar, schema)
    return ()


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def command(*, as_json: bool) -> None:
    """Check what an extraction needs, and ask the live Sonar how it behaves."""
    log.configure("doctor")
    examination = _Examination()
    _disk(examination)
    engine = _warehouse(examination)
    try:
        api, findings = _source(examination)
        if engine is not None and api is not None and findings:
            with engine.begin() as session:
                save(session, api.host, findings)
    finally:
        if engine is not None:
            engine.dispose()
    click.echo(_rendered(examination.checks, as_json=as_json))
    if examination.error is not None:
        raise examination.error


def _rendered(checks: Sequence[Check], *, as_json: bool) -> str:
    if as_json:
        return orjson.dumps(
            [asdict(check) for check in checks], option=orjson.OPT_INDENT_2
        ).decode()
    lines = [(check.state, check.what, check.says, check.then) for check in checks]
    return table(("", "asked", "answer", "so the extractor"), lines)
