"""Inspect an empty Splynx for the marts of MANIFEST: `python -m bench.accept.prepare MANIFEST`."""

from __future__ import annotations

from pathlib import Path

import click

from bench.accept.checks import read_manifest
from load.target.inspection import inspect
from runtime.run_ledger import stage
from runtime.settings import splynx_db


@click.command()
@click.argument("manifest", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def main(*, manifest: Path) -> None:
    """Inspect the target that the environment names."""
    with stage("inspect") as run:
        inspect(run, splynx_db(), read_manifest(manifest))


if __name__ == "__main__":
    main()
