"""The decision, pure: results of rules and findings about the inputs become one verdict.

Severities are read here and not left to Great Expectations, whose `success` is false for a failed
warning too: only `critical` findings refuse.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["critical", "warning", "info"]

MAX_KEYS = 20


@dataclass(frozen=True, slots=True)
class RuleResult:
    """One rule on one mart. `broken` says why the rule could not be evaluated at all."""

    mart: str
    rule: str
    severity: Severity
    passed: bool
    count: int = 0
    keys: tuple[str, ...] = ()
    broken: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it must be: which check, what, how often, where, what to do."""

    check: str
    what: str
    todo: str
    count: int = 1
    keys: tuple[str, ...] = ()
    severity: Severity = "critical"

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as `ops.acceptance` keeps it, with the keys capped."""
        return {**asdict(self), "keys": list(self.keys[:MAX_KEYS])}


@dataclass(frozen=True, slots=True)
class Verdict:
    """All findings, the refusing ones first."""

    findings: tuple[Finding, ...]

    @property
    def refusing(self) -> tuple[Finding, ...]:
        """The findings because of which nothing may be loaded."""
        return tuple(finding for finding in self.findings if finding.severity == "critical")

    @property
    def word(self) -> Literal["accepted", "refused"]:
        """The verdict as `ops.acceptance` spells it."""
        return "refused" if self.refusing else "accepted"


def _of_rule(result: RuleResult) -> Finding:
    if result.broken is not None:
        return Finding(
            check="rule",
            what=f"{result.mart}: the rule '{result.rule}' could not be evaluated"
            f" ({result.broken})",
            todo="the mart lacks the column or has another type: mend the mart or the rule",
        )
    return Finding(
        check="rule",
        what=f"{result.mart}: {result.rule} does not hold",
        todo="mend the mapping, or reject these rows by name, and run make transform again",
        count=result.count,
        keys=result.keys[:MAX_KEYS],
        severity=result.severity,
    )


def decide(
    marts: Sequence[str], results: Iterable[RuleResult], findings: Iterable[Finding]
) -> Verdict:
    """Return the verdict over all `marts`. A mart without a single evaluated rule refuses."""
    all_results = list(results)
    checked = {result.mart for result in all_results}
    unchecked = [
        Finding(
            check="coverage",
            what=f"no rule was evaluated for {mart}",
            todo="run make accept again; a mart may not be loaded unchecked",
        )
        for mart in marts
        if mart not in checked
    ]
    failed = [_of_rule(result) for result in all_results if not result.passed]
    order = {"critical": 0, "warning": 1, "info": 2}
    found = sorted([*findings, *unchecked, *failed], key=lambda finding: order[finding.severity])
    return Verdict(findings=tuple(found))
