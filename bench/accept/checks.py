"""The checks of the marts that a manifest describes, and what each way found by them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy import Engine

from bench.frame import BenchError
from expectations.suites import rules_of
from expectations.suites.rules import Rule
from expectations.target import TargetTable, current_target, read_tables
from runtime.manifest import Manifest, marts_of

Counts = Mapping[str, int]  # rows that break a rule, by "mart: rule"


def read_manifest(path: Path) -> Manifest:
    """Return the marts that dbt described in the file at `path`."""
    return marts_of(json.loads(path.read_text(encoding="utf-8")))


def target_tables(warehouse: Engine) -> Mapping[str, TargetTable]:
    """Return the tables of the target that was inspected last."""
    with warehouse.connect() as connection:
        target = current_target(connection)
        if target is None:
            raise BenchError("no target was inspected, so half of the rules are missing")
        return read_tables(connection, target)


def rules(manifest: Manifest, tables: Mapping[str, TargetTable]) -> Mapping[str, Sequence[Rule]]:
    """Return all rules by mart."""
    marts = manifest.marts
    return {mart.name: rules_of(mart, marts, tables.get(mart.name)) for mart in marts}


def same(ours: Counts, plain: Counts, planted: Counts) -> None:
    """Compare what was found.

    Raises:
        BenchError: both ways found different things, or not the defects that were planted.
    """
    different = [name for name in ours.keys() | plain.keys() if ours.get(name) != plain.get(name)]
    if different:
        raise BenchError(f"both ways differ by {len(different)} rules, one of them {different[0]}")
    missed = [name for name, count in planted.items() if not count or ours.get(name) != count]
    if missed:
        raise BenchError(f"the defects planted for {missed} were not found as planted")
