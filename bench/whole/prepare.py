"""Record a tenant before and after a day of changes: `python -m bench.whole.prepare`.

Making a tenant and answering as Sonar would costs more than reading it, so it is done once and kept
under `build/bench/`: two recordings (see `sandbox.sonar.recording`) and `about.json`. A tenant of
another size than the reference's does not change: only growth is measured on it.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

import click

from bench.frame import BenchError
from runtime.settings import BUILD, ROOT
from sandbox.sonar import recording
from sandbox.sonar.digest import code_digest
from sandbox.sonar.engine import Engine
from sandbox.sonar.recording import RecordingError
from sandbox.sonar.schema import load_schema
from sandbox.sonar.server import SonarServer
from sandbox.sonar.store import Collection, Store
from sandbox.sonar.tenant import generate

BEFORE, AFTER = "before", "after"
PAGE_SIZE = 500
REFERENCE = 1.0  # the factor at which goals are judged and the delta is measured
_TENANTS = BUILD / "bench" / "tenants"
_SEED = 1
_ABOUT = "about.json"
_ONE_IN = 100
_ALWAYS = "accounts"  # however few there are, one of them changes
# Texts that people change. Other collections of fewer than a hundred rows stay as they are: the
# smallest are catalogues, whose names the seeds map.
_TEXTS = ("name", "subject", "message", "description")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A recorded tenant: where it is, its rows, how many of them change, the code it is of."""

    folder: Path
    size: str
    factor: float
    rows: int
    changed: int
    code: str

    def recorded(self, name: str) -> Path:
        """Return the folder of one of the two recordings."""
        return self.folder / name


def tenant_of(size: str, factor: float) -> Prepared:
    """Return the recorded tenant; what is not there is recorded, in a process of its own.

    Raises:
        BenchError: it could not be recorded.
    """
    found = _prepared(_folder(_TENANTS, size, _SEED, factor))
    if found is None:
        click.echo(f"recording the {size} tenant, factor {factor:g}: once, and for minutes")
        options = (f"--place={_TENANTS}", f"--size={size}", f"--seed={_SEED}", f"--factor={factor}")
        command = [sys.executable, "-m", "bench.whole.prepare", *options]
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            raise BenchError("the tenant could not be recorded: its own lines above say why")
        found = _prepared(_folder(_TENANTS, size, _SEED, factor))
    if found is None:
        raise BenchError("the tenant was recorded by code that has changed meanwhile")
    return found


def _prepared(folder: Path) -> Prepared | None:
    """Return the tenant where it is recorded by today's code of the sandbox, else None."""
    if not (folder / _ABOUT).is_file():
        return None
    about: dict[str, Any] = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
    found = Prepared(**{**about, "folder": folder})
    return found if found.code == code_digest() else None


def _folder(place: Path, size: str, seed: int, factor: float) -> Path:
    return place / f"{size}-{seed}-{factor:g}"


def change(store: Store, seed: int) -> int:
    """Change one row in a hundred, as people do between two extractions; return how many."""
    draw, changed = Random(seed), 0  # noqa: S311 - which rows change is no secret
    for name in sorted(store.collections):
        collection = store.named(name)
        if not collection.rows or not collection.keyed or "updated_at" not in collection.rows[0]:
            continue
        for place in sorted(draw.sample(range(len(collection.rows)), _share(collection))):
            row = collection.rows[place]
            texts = {key: f"{row[key]} again" for key in _TEXTS if isinstance(row.get(key), str)}
            collection.update(str(row["id"]), texts)
            changed += 1
    return changed


def _share(collection: Collection) -> int:
    return len(collection.rows) // _ONE_IN or int(collection.name == _ALWAYS)


async def record(place: Path, size: str, seed: int, factor: float) -> Prepared:
    """Generate the tenant and let the extractor read it; at factor 1 once more, changed."""
    folder, token = _folder(place, size, seed, factor), secrets.token_urlsafe(18)
    schema = load_schema()
    tenant = generate(schema, size, seed, factor)
    rows, store = sum(tenant.truth["counts"].values()), tenant.store(schema)
    del tenant
    app = SonarServer(Engine(schema), store, token).app()
    about = {"size": size, "seed": str(seed), "factor": str(factor), "code": code_digest()}
    changed = 0
    async with recording.recorder(app, token, PAGE_SIZE) as recorder:
        await recorder.record(folder / BEFORE, about)
        if factor == REFERENCE:
            changed = change(store, seed)
            await recorder.record(folder / AFTER, about)
    made = Prepared(folder, size, factor, rows, changed, about["code"])
    described = {**asdict(made), "folder": ""}
    (folder / _ABOUT).write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")
    return made


@click.command()
@click.option("--place", type=click.Path(path_type=Path, file_okay=False), required=True)
@click.option("--size", default="reference")
@click.option("--seed", type=int, default=_SEED)
@click.option("--factor", type=float, default=REFERENCE)
def main(*, place: Path, size: str, seed: int, factor: float) -> None:
    """Record the tenant and say what it holds."""
    try:
        made = asyncio.run(record(place, size, seed, factor))
    except RecordingError as exc:
        raise BenchError(str(exc)) from exc
    click.echo(f"{made.rows:,} rows recorded, {made.changed:,} of them change")


if __name__ == "__main__":
    main()
