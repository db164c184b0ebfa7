"""What follows from the losses of access for the verdict."""

from __future__ import annotations

import pytest

from expectations.access import Access, Loss, findings
from expectations.gate import Severity, decide


def _loss(reason: str = "mac_lost", signed: int = 0, severity: Severity = "critical") -> Loss:
    return Loss(reason, severity, 2, signed, ("17", "18"))


@pytest.mark.parametrize(("signed", "word"), [(0, "refused"), (1, "refused"), (2, "accepted")])
def test_a_signature_covers_its_number_and_no_more(signed: int, word: str) -> None:
    found = list(findings(Access(losses=(_loss(signed=signed),))))

    assert decide([], [], found).word == word
    assert [(f.count, f.keys) for f in found] == ([] if word == "accepted" else [(2, ("17", "18"))])


def test_each_reason_is_counted_by_itself_and_a_warning_does_not_refuse() -> None:
    found = list(
        findings(Access(losses=(_loss(signed=9), _loss("bound_by_rule", severity="warning"))))
    )

    assert [(f.severity, "bound_by_rule" in f.what) for f in found] == [("warning", True)]
    assert decide([], [], found).word == "accepted"


def test_a_build_without_the_audits_is_refused() -> None:
    [found] = findings(Access(missing_relations=("audit.audit_access",)))

    assert found.severity == "critical"
    assert "audit.audit_access does not exist" in found.what
