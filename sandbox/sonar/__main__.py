"""The Sonar sandbox by itself: `python -m sandbox.sonar serve|volumes|coverage|record|replay`."""

from __future__ import annotations

import asyncio
import resource
import secrets
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import orjson
from aiohttp import web
from click.core import ParameterSource
from graphql import build_schema

from sandbox.sonar import recording
from sandbox.sonar.coverage import coverage, table
from sandbox.sonar.digest import code_digest
from sandbox.sonar.engine import Engine
from sandbox.sonar.generated.tenant import GeneratedStore, UnknownCountError
from sandbox.sonar.listening import PortTakenError
from sandbox.sonar.listening import serve as listen
from sandbox.sonar.recording import RecordingError
from sandbox.sonar.schema import NotASchemaError, load_schema, read_schema
from sandbox.sonar.server import SonarServer
from sandbox.sonar.tenant import SIZES, generate
from sandbox.sonar.tenant.traps import NAMES
from sandbox.sonar.tenant.volumes import targets
from sandbox.sonar.tenant.volumes import volumes as known_volumes

Command = Callable[..., None]


class RowCount(click.ParamType[tuple[str, int], str]):
    """One `collection=rows`."""

    name = "collection=rows"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int]:
        """Read the pair."""
        name, _, count = str(value).partition("=")
        if not name or not count.isdecimal():
            self.fail("expected collection=rows", param, ctx)
        return name, int(count)


class TrapCount(click.ParamType[tuple[str, int], str]):
    """One `name=count`."""

    name = "name=count"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int]:
        """Read the pair, or say which names there are."""
        name, _, count = str(value).partition("=")
        if name not in NAMES or not count.isdecimal():
            self.fail(f"expected name=count with a name of {', '.join(NAMES)}", param, ctx)
        return name, int(count)


def _of_tenant(command: Command) -> Command:
    """Add the options that say which tenant is generated."""
    size = click.option(
        "--size", type=click.Choice(sorted(SIZES)), default="demo", show_default=True
    )
    seed = click.option("--seed", type=int, default=1, show_default=True)
    factor = click.option(
        "--factor", type=click.FloatRange(min=0), default=1.0, help="Multiplies rows and traps."
    )
    traps = click.option(
        "--trap", "traps", type=TrapCount(), multiple=True, help="May be given repeatedly."
    )
    additions = click.option(
        "--additions", is_flag=True, help="With fields that newer tenants have: see docs."
    )
    return size(seed(factor(traps(additions(command)))))


def _of_schema(command: Command) -> Command:
    """Add the options that say which schema is served instead of a tenant's."""
    schema = click.option(
        "--schema",
        "sdl",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Serve this schema (SDL) whole, with rows made up by type.",
    )
    rows = click.option(
        "--rows", type=click.IntRange(min=0), default=10, help="In each collection of --schema."
    )
    counts = click.option(
        "--count", "counts", type=RowCount(), multiple=True, help="For one collection of --schema."
    )
    return schema(rows(counts(command)))


def _listener(command: Command) -> Command:
    """Add the options of a server."""
    port = click.option("--port", type=int, default=0, help="0 takes a free port.")
    token = click.option("--token", envvar="SANDBOX_SONAR_TOKEN", required=True, show_envvar=True)
    return port(token(command))


@click.group()
def cli() -> None:
    """Run a Sonar that exists only here."""


@cli.command()
@_of_tenant
@_of_schema
@_listener
@click.option("--truth", type=click.Path(dir_okay=False, path_type=Path), help="Written as JSON.")
def serve(*, port: int, token: str, truth: Path | None, **tenant: Any) -> None:  # noqa: ANN401
    """Generate a tenant and serve it until SIGTERM."""
    app, told = _asked_for(token, **tenant)
    if truth is not None:
        truth.write_bytes(told)
    _listen(lambda: web.AppRunner(app, access_log=None, shutdown_timeout=1.0), port, token)


@cli.command()
@_of_tenant
@click.option("--page-size", type=click.IntRange(1, 1000), default=500, show_default=True)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True)
def record(*, page_size: int, out: Path, **tenant: Any) -> None:  # noqa: ANN401
    """Run the extractor against a tenant and keep every answer, for `replay`."""
    token = secrets.token_urlsafe(18)
    app, told = _generated(token, **tenant)
    about = {name: str(tenant[name]) for name in ("size", "seed", "factor")}
    about["additions"] = str(tenant["additions"])
    about |= {f"trap {name}": str(count) for name, count in tenant["traps"]}
    about["code"] = code_digest()
    try:
        count = asyncio.run(_record(app, token, page_size, about, out))
    except RecordingError as exc:
        raise click.ClickException(str(exc)) from exc
    (out / "truth.json").write_bytes(told)
    click.echo(f"{count} answers recorded in {out}")


async def _record(
    app: web.Application, token: str, page_size: int, about: Mapping[str, str], out: Path
) -> int:
    async with recording.recorder(app, token, page_size) as recorder:
        return await recorder.record(out, about)


@cli.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@_listener
def replay(folder: Path, port: int, token: str) -> None:
    """Serve a recording until SIGTERM; the extractor needs the page size of the recording."""
    try:
        answers, about = recording.read(folder)
    except RecordingError as exc:
        raise click.ClickException(str(exc)) from exc
    if about.get("code") != code_digest():
        click.echo("the sandbox's code has changed since this was recorded", err=True)
    with closing(answers):
        _listen(lambda: recording.replaying(answers, about, token), port, token)


@cli.command()
@click.option("--factor", type=click.FloatRange(min=0), default=1.0, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--check", is_flag=True, help="Generate it, compare the counts, show what it took.")
def volumes(*, factor: float, seed: int, check: bool) -> None:
    """Show how many rows a reference tenant has, and where each figure comes from."""
    target = targets(factor)
    for volume in known_volumes():
        rows = target.get(volume.collection, round(volume.rows * factor))
        click.echo(f"{volume.collection:32}{rows:>8}  {volume.basis:10}{volume.reason}".rstrip())
    if check:
        _check(target, factor, seed)


@cli.command("coverage")
@click.option("--published", type=click.Path(path_type=Path), required=True)
def show_coverage(published: Path) -> None:
    """Show what of a published schema (SDL) is served and what is left out."""
    if not published.is_file():
        click.echo(f"{published} is not there: nothing to compare with")
        return
    theirs = build_schema(published.read_text(encoding="utf-8"), assume_valid=True)
    click.echo("\n".join(table(coverage(load_schema(), theirs))))


def _check(target: dict[str, int], factor: float, seed: int) -> None:
    schema, started = load_schema(), time.monotonic()
    tenant = generate(schema, "reference", seed, factor)
    tenant.store(schema)
    seconds = time.monotonic() - started
    mebibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    counts = tenant.truth["counts"]
    click.echo(
        f"\n{sum(counts.values())} rows generated in {seconds:.1f} s, at most {mebibytes:.0f} MiB"
    )
    wrong = [
        f"{name}: {count} instead of {target[name]}"
        for name, count in counts.items()
        if count != target.get(name, count)
    ]
    if wrong:
        click.echo("\n".join(wrong))
        sys.exit(1)
    click.echo("every collection has the number of rows of the table")


def _asked_for(
    token: str,
    *,
    sdl: Path | None,
    rows: int,
    counts: tuple[tuple[str, int], ...],
    **tenant: Any,  # noqa: ANN401
) -> tuple[web.Application, bytes]:
    """Return the application and its truth: of a whole schema, or of a tenant of ours."""
    _refuse_mixture(
        ("size", "factor", "traps", "additions") if sdl is not None else ("rows", "counts"),
        "is not for a whole schema" if sdl is not None else "needs --schema",
    )
    if sdl is None:
        return _generated(token, **tenant)
    try:
        schema = read_schema(sdl)
        store = GeneratedStore(schema, rows, tenant["seed"], dict(counts))
    except NotASchemaError as exc:
        raise click.BadParameter(str(exc), param_hint="--schema") from exc
    except UnknownCountError as exc:
        raise click.BadParameter(str(exc), param_hint="--count") from exc
    truth = orjson.dumps(store.truth, option=orjson.OPT_INDENT_2)
    return SonarServer(Engine(schema), store, token).app(), truth


def _refuse_mixture(names: tuple[str, ...], why: str) -> None:
    context = click.get_current_context()
    for name in names:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            option = next(one for one in context.command.params if one.name == name)
            raise click.UsageError(f"{option.opts[0]} {why}")


def _generated(  # noqa: PLR0913  the options of a tenant
    token: str,
    *,
    size: str,
    seed: int,
    factor: float,
    traps: tuple[tuple[str, int], ...],
    additions: bool,
) -> tuple[web.Application, bytes]:
    """Return the application of a new tenant and its truth as JSON; the tenant itself is let go."""
    schema = load_schema(additions=additions)
    tenant = generate(schema, size, seed, factor, dict(traps))
    truth = orjson.dumps(tenant.truth, option=orjson.OPT_INDENT_2)
    return SonarServer(Engine(schema), tenant.store(schema), token).app(), truth


def _listen(runner: Callable[[], web.BaseRunner], port: int, token: str) -> None:
    try:
        asyncio.run(listen(runner, port, token, click.echo))
    except PortTakenError as exc:
        raise click.ClickException(str(exc)) from exc


if __name__ == "__main__":
    cli()
