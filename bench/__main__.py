"""`python -m bench`: every benchmark in turn, then one summary. `python -m bench performance`."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click

from bench import pages, records
from bench.records import STAGES
from runtime.settings import BUILD, ROOT, shown

FOLDER = BUILD / "bench"
PERFORMANCE = ROOT / "docs" / "performance.md"


@click.group(invoke_without_command=True)
@click.option("--only", type=click.Choice(list(STAGES)), multiple=True, help="Not all of them.")
@click.option("--turns", type=click.IntRange(1), help="Of each; otherwise as many as each likes.")
@click.option("--quick", is_flag=True, help="Little data, one turn: does it work, is it right?")
@click.option("--growth", is_flag=True, help="The whole way at other sizes, too.")
@click.option("--profile", is_flag=True, help="And what Python is at work on in each stage of it.")
@click.pass_context
def main(  # noqa: PLR0913 - one parameter an option
    context: click.Context,
    *,
    only: Sequence[str],
    turns: int | None,
    quick: bool,
    growth: bool,
    profile: bool,
) -> None:
    """Measure all stages and the whole way; without --quick about an hour on two cores.

    Each leaves a record in build/bench/, with --quick in build/bench/quick/. Exit code 1 when a
    goal is missed or a benchmark failed.
    """
    if context.invoked_subcommand is not None:
        return
    folder = FOLDER / "quick" if quick else FOLDER
    options = ["--quick"] if quick else [] if turns is None else [f"--turns={turns}"]
    of_whole = ["--profile"] if profile else []
    names = only or [name for name in STAGES if growth or name != "growth"]
    failed = [
        name
        for name in names
        if not _ran(name, folder, [*options, *(of_whole if name == "whole" else [])])
    ]
    found = records.read(folder)
    page = folder / "index.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(pages.index(found), encoding="utf-8")
    click.echo(f"\n{pages.summary(found)}\n\n{shown(page)}")
    for name in failed:
        click.echo(f"{name} failed: its own lines above say why", err=True)
    if failed or not all(goal.is_met for record in found for goal in record.goals):
        sys.exit(1)


def _ran(name: str, folder: Path, options: Sequence[str]) -> bool:
    """Run one benchmark; return whether it measured. That it missed a goal stands in its record."""
    record = folder / f"{name}.json"
    before = record.stat().st_mtime_ns if record.exists() else 0
    click.secho(f"\n── {STAGES[name]}", bold=True)
    started = time.monotonic()
    command = [sys.executable, "-m", f"bench.{name}", f"--record={record}", *options]
    subprocess.run(command, cwd=ROOT, check=False)
    click.secho(f"── {STAGES[name]}: {time.monotonic() - started:.0f} s", dim=True)
    return record.exists() and record.stat().st_mtime_ns > before


@main.command()
@click.option("--records", "folder", type=click.Path(path_type=Path), default=FOLDER)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default=PERFORMANCE)
def performance(*, folder: Path, out: Path) -> None:
    """Write docs/performance.md, and the page with the picture, from the records of the last run.

    Nothing is measured.
    """
    found = records.read(folder)
    out.write_text(pages.performance(found), encoding="utf-8")
    (folder / "index.html").write_text(pages.index(found), encoding="utf-8")
    click.echo(
        f"{shown(out)}: {len({record.name for record in found})} of {len(STAGES)} benchmarks"
    )


if __name__ == "__main__":
    main()
