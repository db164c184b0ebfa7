"""Our acceptance in a process of its own: `python -m bench.accept.ours rules|all MANIFEST …`."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click

from bench.accept.checks import read_manifest, target_tables
from runtime.run_ledger import stage

_STARTED = time.monotonic()


@click.command()
@click.argument("which", type=click.Choice(["rules", "all"]))
@click.argument("manifest", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def main(*, which: str, manifest: Path, folder: Path) -> None:
    """Run the rules with Data Docs, or the whole stage; print the seconds without imports."""
    from expectations.acceptance import accept  # noqa: PLC0415 - what is timed here
    from expectations.checkpoints import run_rules  # noqa: PLC0415

    click.echo(f"import {time.monotonic() - _STARTED:.3f}")
    marts = read_manifest(manifest)
    with stage("accept") as run:
        tables = target_tables(run.engine)
        started = time.monotonic()
        if which == "all":
            results = accept(run, marts, folder / "docs").results
        else:
            results = run_rules(run.engine.url, marts, tables, folder / "docs").results
        seconds = time.monotonic() - started
    broken = [f"{each.mart}: {each.rule}" for each in results if each.broken]
    if broken:
        raise click.ClickException(f"{len(broken)} rules were not evaluated, first {broken[0]}")
    counts = {f"{each.mart}: {each.rule}": each.count for each in results}
    (folder / f"{which}.json").write_text(json.dumps(counts), encoding="utf-8")
    click.echo(f"work {seconds:.3f}")


if __name__ == "__main__":
    main()
