from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from expectations.evidence import (
    Evidence,
    Landed,
    Unaccounted,
    Unplanned,
    Unsigned,
)
from expectations.gate import MAX_KEYS, Finding, RuleResult, decide
from expectations.preconditions import findings

_GOOD = Evidence(
    extraction="run-1",
    landed={"accounts": Landed("complete", "proven", None)},
    extraction_ended=datetime(2026, 1, 1, tzinfo=UTC),
    transform_started=datetime(2026, 1, 2, tzinfo=UTC),
    target="h:1/db#1",
)


def test_good_evidence_raises_no_finding() -> None:
    assert findings(_GOOD, ["accounts"]) == []


@pytest.mark.parametrize(
    ("evidence", "check", "words"),
    [
        (replace(_GOOD, extraction=None), "extraction", "nothing has been extracted"),
        (replace(_GOOD, landed={}), "extraction", "was not extracted"),
        (
            replace(_GOOD, landed={"accounts": Landed("denied", None, "403")}),
            "extraction",
            "state is denied: 403",
        ),
        (
            replace(_GOOD, landed={"accounts": Landed("complete", "sample", None)}),
            "extraction",
            "grade is sample",
        ),
        (
            replace(_GOOD, landed={"accounts": Landed("complete", None, None)}),
            "extraction",
            "grade is unknown",
        ),
        (
            replace(_GOOD, transform_started=datetime(2025, 1, 1, tzinfo=UTC)),
            "freshness",
            "older than extraction run-1",
        ),
        (replace(_GOOD, target=None), "target", "no target has been inspected"),
        (
            replace(_GOOD, unplanned=(Unplanned("customers", 3, ("1",)),)),
            "target",
            "not those planned",
        ),
        (
            replace(_GOOD, unsigned=(Unsigned("customers", "missing_name", 4, 1, ("9",)),)),
            "rejections",
            "4 rejected as missing_name, 1 signed for",
        ),
        (
            replace(_GOOD, unaccounted=(Unaccounted("accounts", "customers", 10, -2),)),
            "accounting",
            "-2 of 10 source records",
        ),
        (
            replace(_GOOD, unaccounted=(Unaccounted("accounts", "customers", None, None),)),
            "accounting",
            "not proven",
        ),
        (replace(_GOOD, missing_relations=("audit.x",)), "audit", "audit.x does not exist"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_fault_of_the_inputs_refuses(evidence: Evidence, check: str, words: str) -> None:
    found = findings(evidence, ["accounts"])
    assert [finding.check for finding in found] == [check]
    assert words in found[0].what
    assert found[0].todo
    assert decide(["m"], [RuleResult("m", "r", "critical", passed=True)], found).word == "refused"


def test_collections_that_no_mart_reads_do_not_matter() -> None:
    landed = {**_GOOD.landed, "emails": Landed("denied", None, None)}
    assert findings(replace(_GOOD, landed=landed), ["accounts"]) == []


def test_only_critical_rules_refuse() -> None:
    warned = decide(["m"], [RuleResult("m", "r", "warning", passed=False, count=5)], [])
    assert (warned.word, len(warned.findings), warned.findings[0].count) == ("accepted", 1, 5)
    refused = decide(["m"], [RuleResult("m", "r", "critical", passed=False)], [])
    assert refused.word == "refused"


def test_a_rule_that_cannot_be_evaluated_refuses_even_when_it_only_warns() -> None:
    broken = RuleResult("m", "r", "warning", passed=False, broken="UndefinedColumn")
    assert decide(["m"], [broken], []).word == "refused"


def test_a_mart_without_a_rule_refuses() -> None:
    verdict = decide(["m", "n"], [RuleResult("m", "r", "critical", passed=True)], [])
    assert [finding.what for finding in verdict.refusing] == ["no rule was evaluated for n"]


def test_refusing_findings_come_first_and_keys_are_capped() -> None:
    many = tuple(str(n) for n in range(100))
    results = [
        RuleResult("m", "warned", "warning", passed=False),
        RuleResult("m", "refused", "critical", passed=False, count=100, keys=many),
    ]
    first = decide(["m"], results, []).findings[0]
    assert (first.severity, first.count, len(first.as_dict()["keys"])) == (
        "critical",
        100,
        MAX_KEYS,
    )
    assert len(Finding("c", "w", "t", keys=many).as_dict()["keys"]) == MAX_KEYS
