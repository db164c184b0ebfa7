"""`python -m extract doctor`: what is needed for an extraction, whether it is there, what to mend.

Reads settings, the disk, the warehouse and the live Sonar; writes what the probe finds out to
`ops.source_probe` and nothing else. It takes no lock, so that it can look while a run is at work.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence

import click
from sqlalchemy import Engine, text

from extract.catalogue.discovery import discover
from extract.probing.probe import Finding, probe, save
from extract.sonar.client import Manners, Sonar
from runtime import log
from runtime.errors import ConfigError
from runtime.examination import ATTENTION, OK, Check, Examination
from runtime.settings import LOCAL, SonarApi, shown, sonar_api
from runtime.warehouse import connect, ensure_ops

_GIGABYTE = 10**9
_LITTLE = 5 * _GIGABYTE
_TOO_LITTLE = 1 * _GIGABYTE


def _add(examination: Examination, findings: Sequence[Finding]) -> None:
    """Take over what the probe found."""
    examination.checks += [
        Check(f.asks, OK if f.ok else ATTENTION, f"{f.answer}: {f.evidence}", f.effect)
        for f in findings
    ]


def _disk(examination: Examination) -> None:
    with examination.part("disk") as good:
        folder = next(path for path in (LOCAL, *LOCAL.parents) if path.exists())
        free = shutil.disk_usage(folder).free
        says = f"{free / _GIGABYTE:,.1f} GB free in {shown(LOCAL)}"
        if free < _TOO_LITTLE:
            raise ConfigError(f"{says}: free at least 1 GB, or set LOCAL_DIR to a larger disk")
        if free < _LITTLE:
            examination.warn("disk", says, "slices wait here until they are loaded")
        else:
            good(says)


def _warehouse(examination: Examination) -> Engine | None:
    with examination.part("warehouse") as good:
        engine = connect()
        ensure_ops(engine)
        with engine.connect() as session:
            version: str = session.execute(text("show server_version")).scalar_one()
        good(f"Postgres {version.split(maxsplit=1)[0]} at {engine.url.host}")
        return engine
    return None


def _source(examination: Examination) -> tuple[SonarApi | None, Sequence[Finding]]:
    api: SonarApi | None = None
    findings: Sequence[Finding] = ()
    with examination.part("settings") as good:
        api = sonar_api()
        good(f"SONAR_URL and SONAR_API_KEY are set, for {api.host}")
    if api is not None:
        with examination.part("Sonar"):
            findings = asyncio.run(_interviewed(api, examination))
    _add(examination, findings)
    return api, findings


async def _interviewed(api: SonarApi, examination: Examination) -> Sequence[Finding]:
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
    examination = Examination()
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
    click.echo(examination.rendered(as_json=as_json))
    if examination.error is not None:
        raise examination.error
