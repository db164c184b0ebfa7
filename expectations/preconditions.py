"""What must be true of the inputs before marts may be accepted at all. Pure.

Good marts of an incomplete extraction are still an incomplete migration, so these refuse however
well the rules went.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from expectations.evidence import Evidence, Landed
from expectations.gate import MAX_KEYS, Finding

COMPLETE_GRADES = frozenset({"proven", "counted", "whole"})


def _landing_fault(landed: Landed | None) -> str | None:
    if landed is None:
        return "it was not extracted"
    reason = f": {landed.reason}" if landed.reason else ""
    if landed.state != "complete":
        return f"its state is {landed.state}{reason}"
    if landed.grade not in COMPLETE_GRADES:
        return f"its grade is {landed.grade or 'unknown'}{reason}"
    return None


def extraction_findings(evidence: Evidence, collections: Iterable[str]) -> Iterator[Finding]:
    """Yield a finding for each collection that the marts read and the extraction lacks."""
    if evidence.extraction is None:
        yield Finding(
            check="extraction",
            what="nothing has been extracted",
            todo="run make extract, then make transform",
        )
        return
    for collection in sorted(collections):
        fault = _landing_fault(evidence.landed.get(collection))
        if fault is not None:
            yield Finding(
                check="extraction",
                what=f"{collection} is not complete in extraction {evidence.extraction}: {fault}",
                todo="run make extract for all collections, without SAMPLE, then make transform",
            )


def freshness_findings(evidence: Evidence) -> Iterator[Finding]:
    """Yield a finding when raw rows may have changed since the marts were built.

    A build by plain `dbt run` leaves no step to compare with; then nothing is said.
    """
    started, ended = evidence.transform_started, evidence.extraction_ended
    if started is not None and ended is not None and started < ended:
        yield Finding(
            check="freshness",
            what=f"the marts are older than extraction {evidence.extraction}",
            todo="run make transform, then make accept",
        )


def target_findings(evidence: Evidence) -> Iterator[Finding]:
    """Yield findings when ids were planned without, or for another, target."""
    if evidence.target is None:
        yield Finding(
            check="target",
            what="no target has been inspected, ids are planned as if it were empty",
            todo="run make inspect, then make transform",
        )
    for entry in evidence.unplanned:
        yield Finding(
            check="target",
            what=f"{entry.mart}: ids are not those planned for target {evidence.target}",
            todo="run make transform, which plans them for the target that was inspected last",
            count=entry.rows,
            keys=entry.keys,
        )


def audit_findings(evidence: Evidence) -> Iterator[Finding]:
    """Yield findings for rejections nobody signed and for records nobody can account for."""
    for relation in evidence.missing_relations:
        yield Finding(
            check="audit",
            what=f"{relation} does not exist",
            todo="run make transform",
        )
    for row in evidence.unsigned:
        yield Finding(
            check="rejections",
            what=f"{row.entity}: {row.rows} rejected as {row.reason}, {row.signed} signed for",
            todo="mend them in Sonar or the mapping, or sign for them in map_accepted_rejections",
            count=row.rows,
            keys=row.keys[:MAX_KEYS],
        )
    for gap in evidence.unaccounted:
        unproven = gap.missing is None
        yield Finding(
            check="accounting",
            what=f"{gap.collection} ({gap.entity}): "
            + (
                "the number of source records is not proven"
                if unproven
                else f"{gap.missing} of {gap.proven} source records are unaccounted for"
            ),
            todo="run make extract and make transform; if it stays, a model loses or doubles rows",
            count=abs(gap.missing or 0),
        )


def findings(evidence: Evidence, collections: Iterable[str]) -> list[Finding]:
    """Return all findings about the inputs of marts that read `collections`."""
    return [
        *extraction_findings(evidence, collections),
        *freshness_findings(evidence),
        *target_findings(evidence),
        *audit_findings(evidence),
    ]
