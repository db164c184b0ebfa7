"""The rules: one module per mart for business rules, `fit_target` for what the target demands.

A mart without a module of its own is checked by the derived rules alone, so a new mart needs no
Python. Rules name columns; a rule on a column that the mart has lost is a finding, not silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec

from expectations.suites import fit_target
from expectations.suites.rules import Rule
from expectations.target import TargetTable
from runtime.manifest import Mart


def business_rules(mart: str) -> list[Rule]:
    """Return the rules written by hand for a mart; none when it has no module here."""
    name = f"{__name__}.{mart}"
    if find_spec(name) is None:
        return []
    rules: list[Rule] = import_module(name).rules()
    return rules


def rules_of(mart: Mart, marts: Sequence[Mart], table: TargetTable | None) -> list[Rule]:
    """Return all rules of a mart. `table` is None while no target has been inspected."""
    derived = fit_target.keys_and_references(mart, marts)
    if table is not None:
        derived += fit_target.columns(mart, table)
    by_words = {rule.description: rule for rule in [*derived, *business_rules(mart.name)]}
    return list(by_words.values())  # a rule by hand replaces a derived one of the same words
