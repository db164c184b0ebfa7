"""One acceptance: rules, evidence, verdict, and its record in `ops.acceptance`."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, text

from expectations import access, card_numbers, money, preconditions
from expectations.evidence import Evidence, gather
from expectations.gate import Finding, RuleResult, Verdict, decide
from expectations.target import current_target, read_tables
from runtime import standing
from runtime.fingerprint import Fingerprint, fingerprint
from runtime.manifest import Manifest
from runtime.run_ledger import Run


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What was decided, on which build, and where to read more."""

    verdict: Verdict
    results: tuple[RuleResult, ...]
    fingerprint: str
    rows: dict[str, int]
    docs: Path


@dataclass(frozen=True, slots=True)
class Build:
    """The marts that were looked at: what tells whether they still stand, and their content."""

    standing: Mapping[str, Any]
    content: Fingerprint


def _record(
    connection: Connection, run_id: str, verdict: Verdict, evidence: Evidence, build: Build
) -> None:
    connection.execute(
        text(
            "insert into ops.acceptance"
            " (run_id, target, extraction_run_id, fingerprint, verdict, findings, standing)"
            " values (:run, :target, :extraction, :fingerprint, :verdict, cast(:found as jsonb),"
            " cast(:standing as jsonb))"
        ),
        {
            "run": run_id,
            "target": evidence.target or "",
            "extraction": evidence.extraction or "",
            "fingerprint": build.content.value,
            "standing": orjson.dumps(build.standing).decode(),
            "verdict": verdict.word,
            "found": orjson.dumps([finding.as_dict() for finding in verdict.findings]).decode(),
        },
    )


def _look_at_inputs(
    engine: Engine, manifest: Manifest, target: str | None
) -> tuple[Evidence, list[Finding]]:
    """Return the evidence and what is found in it."""
    with engine.connect() as connection:
        evidence = gather(connection, manifest, target)
        books = money.gather(connection, manifest)
        network = access.gather(connection, manifest)
    collections = frozenset().union(*(mart.collections for mart in manifest.marts))
    return evidence, [
        *preconditions.findings(evidence, collections),
        *money.findings(books),
        *access.findings(network),
    ]


def _look_for_cards(engine: Engine, manifest: Manifest) -> list[Finding]:
    with engine.begin() as connection:
        return [*money.card_findings(card_numbers.scan(connection, manifest))]


def _content(engine: Engine, manifest: Manifest) -> Fingerprint:
    with engine.connect() as connection:
        return fingerprint(connection, manifest)


def accept(run: Run, manifest: Manifest, docs: Path) -> Acceptance:
    """Check all marts and their inputs and record the verdict, whatever it is.

    The fingerprint is taken before the rules run: marts that change meanwhile, or later, are not
    the accepted ones, and the loader, which takes it again, refuses them.

    Raises:
        ConfigError: a mart has not been built.
    """
    with run.engine.connect() as connection:
        stood = standing.mark(connection, manifest)
        target = current_target(connection)
        tables = read_tables(connection, target) if target is not None else {}
    with ThreadPoolExecutor(3, "beside") as beside:
        looking = beside.submit(_look_at_inputs, run.engine, manifest, target)
        searching = beside.submit(_look_for_cards, run.engine, manifest)
        reading = beside.submit(_content, run.engine, manifest)
        # the library takes five seconds to be imported: Postgres reads the marts meanwhile
        from expectations.checkpoints import run_rules  # noqa: PLC0415

        build = Build(stood, reading.result())
        outcome = run_rules(run.engine.url, manifest, tables, docs)
        evidence, findings = looking.result()
        findings += searching.result()
    verdict = decide([mart.name for mart in manifest.marts], outcome.results, findings)
    with run.engine.begin() as connection:
        _record(connection, run.run_id, verdict, evidence, build)
    run.note(verdict=verdict.word, refusing=len(verdict.refusing), rules=len(outcome.results))
    return Acceptance(
        verdict=verdict,
        results=outcome.results,
        fingerprint=build.content.value,
        rows={name: rows for name, (rows, _) in build.content.marts.items()},
        docs=outcome.docs,
    )
