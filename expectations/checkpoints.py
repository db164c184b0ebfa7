"""All suites in one process, one checkpoint, one set of Data Docs.

Importing Great Expectations takes about five seconds and a mart some 40 ms beside its SQL, so every
mart is validated in the same process (measured on 86 marts with 1,600 rules).
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import great_expectations as gx
from sqlalchemy.engine import URL

from expectations.context import ALL_ROWS, add_warehouse, new_context, write_docs
from expectations.expectation import expectations_of
from expectations.gate import RuleResult
from expectations.offline_docs import make_offline
from expectations.results import RESULT_FORMAT, make_safe, rule_results
from expectations.suites import rules_of
from expectations.target import TargetTable
from runtime.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rules found, and where their pages are."""

    results: tuple[RuleResult, ...]
    docs: Path


def run_rules(
    url: URL, manifest: Manifest, tables: Mapping[str, TargetTable], docs: Path
) -> Outcome:
    """Validate every mart against its rules and write Data Docs into `docs`, which is emptied.

    A rule that fails is a result; so is a rule that cannot be evaluated.
    """
    context = new_context()
    names: dict[str, list[str]] = {}
    for mart in manifest.marts:
        names.setdefault(mart.schema, []).append(mart.name)
    sources = {
        schema: add_warehouse(context, url, schema, tables_of)
        for schema, tables_of in names.items()
    }
    definitions = []
    for mart in manifest.marts:
        asset = sources[mart.schema].get_asset(mart.name)
        rules = rules_of(mart, manifest.marts, tables.get(mart.name))
        suite = context.suites.add(
            gx.ExpectationSuite(mart.name, expectations=expectations_of(rules))
        )
        definitions.append(
            context.validation_definitions.add(
                gx.ValidationDefinition(
                    name=mart.name, data=asset.get_batch_definition(ALL_ROWS), suite=suite
                )
            )
        )
    checkpoint = context.checkpoints.add(
        gx.Checkpoint(
            name="acceptance",
            validation_definitions=definitions,
            result_format=dict(RESULT_FORMAT),
        )
    )
    found: list[RuleResult] = []
    for key, validation in checkpoint.run().run_results.items():
        if make_safe(validation):  # Data Docs are built from the store
            context.validation_results_store.set(key, validation)
        found += rule_results(validation.suite_name, validation)
    shutil.rmtree(docs, ignore_errors=True)
    write_docs(context, docs)
    return Outcome(results=tuple(found), docs=make_offline(docs))
