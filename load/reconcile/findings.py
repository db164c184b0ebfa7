"""What reconciliation can find, with layer, class, cause and owner: `findings.yml` is the list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

LIST = Path(__file__).with_name("findings.yml")
UNEXPLAINED = "unexplained"

Layer = Literal["raw", "mart", "load", "target"]
Kind = Literal["missing", "modified", "extra", "unaccounted", "reference", "unproven", "totals"]
Owner = Literal["data engineer", "staff", "finance"]

# The names of the list, so that a name which is not in it does not pass the type check.
Name = Literal[
    "short_of_sonar", "extraction_incomplete", "more_than_sonar", "totals_of_sonar",
    "transformed_not_in_raw", "removed_in_sonar", "without_outcome", "newer_than_transform",
    "source_not_counted", "mart_not_audited", "records_unaccounted", "not_in_mart",
    "not_accepted_for_mart", "doubled_in_mart",
    "load_not_done", "load_interrupted", "load_not_recorded", "load_recorded_more",
    "written_and_nowhere", "gone_and_removed_by_staff", "id_not_in_map", "id_otherwise_in_map",
    "row_not_loaded", "row_removed_by_staff", "row_missing", "row_edited_by_staff",
    "row_modified", "row_outside_choice", "row_gone_from_mart", "row_of_nobody", "leads_nowhere",
    "totals_follow", "totals_differ", "money_differs",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One entry of the list."""

    layer: Layer
    kind: Kind
    cause: str
    owner: Owner


@cache
def _document() -> Mapping[str, Mapping[str, Any]]:
    found: Mapping[str, Mapping[str, Any]] = yaml.safe_load(LIST.read_text(encoding="utf-8"))
    return found


def causes() -> Mapping[str, str]:
    """Return the closed list of causes, with what each one says."""
    return _document()["causes"]


def findings() -> Mapping[str, Finding]:
    """Return the list by name."""
    return {name: Finding(**entry) for name, entry in _document()["findings"].items()}


def finding(name: Name) -> Finding:
    """Return one entry.

    Raises:
        KeyError: the list has no such entry.
    """
    return Finding(**_document()["findings"][name])
