"""A copy of the project in which everything that a generated tenant has wrong is signed for.

The seeds of the project sign for the demo tenant's defects, row by row. A larger tenant has more of
the same, and acceptance would rightly refuse it; how long a refusal takes is not the question here.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Mapping
from itertools import product
from pathlib import Path

from runtime.settings import ROOT

_PARTS = ("runtime", "extract", "transform", "expectations", "load", "dbt_project")
_FILES = ("dbt_project.yml", "selectors.yml", "profiles.yml.example")
_SEEDS = Path("dbt_project/seeds")
# What the demo tenant is too small for.
_FURTHER: Mapping[str, set[str]] = {
    "entity": {"bank_accounts", "refunded_payments", "reversed_payments", "voided_payments"},
    "reason": {"payment_rejected"},
}
_ANY_NUMBER = "1000000000"


def copy(place: Path) -> Path:
    """Return the folder of the copy."""
    for name in _PARTS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, place / name, ignore=ignored)
    for name in _FILES:
        shutil.copy(ROOT / name, place / name)
    _sign(place / _SEEDS / "map_accepted_rejections.csv", "entity", "reason")
    _sign(place / _SEEDS / "map_accepted_access_losses.csv", "reason")
    return place


def _sign(seed: Path, *columns: str) -> None:
    """Sign for every combination of what stands in these columns, in any number."""
    with seed.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        names, signed = rows.fieldnames or (), list(rows)
    further = _FURTHER if "entity" in columns else {}
    known = [sorted({row[name] for row in signed} | further.get(name, set())) for name in columns]
    with seed.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        for values in product(*known):
            chosen = dict(zip(columns, values, strict=True))
            writer.writerow({**signed[0], **chosen, "max_rows": _ANY_NUMBER})
