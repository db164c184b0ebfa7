"""One acceptance: rules, evidence, verdict, and its record in `ops.acceptance`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import orjson
from sqlalchemy import Connection, text

from expectations import access, card_numbers, money, preconditions
from expectations.checkpoints import run_rules
from expectations.evidence import Evidence, gather
from expectations.gate import RuleResult, Verdict, decide
from expectations.target import current_target, read_tables
from runtime.fingerprint import fingerprint
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


def _record(
    connection: Connection, run_id: str, verdict: Verdict, evidence: Evidence, build: str
) -> None:
    connection.execute(
        text(
            "insert into ops.acceptance"
            " (run_id, target, extraction_run_id, fingerprint, verdict, findings)"
            " values (:run, :target, :extraction, :fingerprint, :verdict, cast(:found as jsonb))"
        ),
        {
            "run": run_id,
            "target": evidence.target or "",
            "extraction": evidence.extraction or "",
            "fingerprint": build,
            "verdict": verdict.word,
            "found": orjson.dumps([finding.as_dict() for finding in verdict.findings]).decode(),
        },
    )


def accept(run: Run, manifest: Manifest, docs: Path) -> Acceptance:
    """Check all marts and their inputs and record the verdict, whatever it is.

    The fingerprint is taken before the rules run: marts that change meanwhile, or later, are not
    the accepted ones, and the loader, which takes it again, refuses them.

    Raises:
        ConfigError: a mart has not been built.
    """
    with run.engine.connect() as connection:
        build = fingerprint(connection, manifest)
        target = current_target(connection)
        tables = read_tables(connection, target) if target is not None else {}
        evidence = gather(connection, manifest, target)
        books = money.gather(connection, manifest)
        network = access.gather(connection, manifest)
    with run.engine.begin() as connection:
        cards = card_numbers.scan(connection, manifest)
    outcome = run_rules(run.engine.url, manifest, tables, docs)
    collections = frozenset().union(*(mart.collections for mart in manifest.marts))
    verdict = decide(
        [mart.name for mart in manifest.marts],
        outcome.results,
        [
            *preconditions.findings(evidence, collections),
            *money.findings(books),
            *money.card_findings(cards),
            *access.findings(network),
        ],
    )
    with run.engine.begin() as connection:
        _record(connection, run.run_id, verdict, evidence, build.value)
    run.note(verdict=verdict.word, refusing=len(verdict.refusing), rules=len(outcome.results))
    return Acceptance(
        verdict=verdict,
        results=outcome.results,
        fingerprint=build.value,
        rows={name: rows for name, (rows, _) in build.marts.items()},
        docs=outcome.docs,
    )
