"""What follows from the audits of money for the verdict."""

from __future__ import annotations

import pytest

from expectations.money import Guarded, Money, Tally, findings

_ONE = Tally("some_cause", 2, 300, ("1", "2"))


@pytest.mark.parametrize(
    ("money", "severity", "words"),
    [
        (Money(unexplained=_ONE), "critical", "300 cents of 2 accounts have no cause"),
        (Money(breaches=(_ONE,)), "critical", "contradict themselves: some_cause"),
        (Money(guards=(Guarded("numbers", "set x", 2, ("1", "2")),)), "critical", "numbers"),
        (Money(missing_relations=("audit.x",)), "critical", "audit.x does not exist"),
        (Money(differences=(_ONE,)), "warning", "300 cents stay behind: some_cause, 0 signed"),
        (Money(contradictions=(_ONE,)), "warning", "Sonar contradicts itself: some_cause"),
        (Money(blocked=(_ONE,)), "info", "in its first week: some_cause, 300 cents"),
        (Money(bills=(_ONE,)), "info", "differ, in cents: some_cause 300"),
        (Money(re_entries=(_ONE,)), "info", "to be dealt with: some_cause"),
    ],
)
def test_each_kind_has_its_severity(money: Money, severity: str, words: str) -> None:
    [found] = findings(money)
    assert found.severity == severity
    assert words in found.what


@pytest.mark.parametrize(("signed", "told"), [(299, 1), (300, 0), (301, 0)])
def test_a_signature_covers_its_cents_and_no_more(signed: int, told: int) -> None:
    tally = Tally("some_cause", 2, 300, ("1",), signed)

    assert len(findings(Money(differences=(tally,)))) == told
    assert len(findings(Money(contradictions=(tally,)))) == told
    # Nobody can sign for cents without a cause.
    assert len(findings(Money(unexplained=tally))) == 1
