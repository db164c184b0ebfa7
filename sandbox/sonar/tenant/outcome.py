"""What can become of a record: kind and rule; the rule is empty for mart and merged."""

from __future__ import annotations

from collections.abc import Mapping

Outcome = tuple[str, str]
Outcomes = dict[str, Outcome]  # by id
MART: Outcome = ("mart", "")
MERGED: Outcome = ("merged", "")


def excluded(rule: str) -> Outcome:
    """Return the outcome of a record that has no place by decision."""
    return ("excluded", rule)


def rejected(rule: str) -> Outcome:
    """Return the outcome of a record that cannot be taken."""
    return ("rejected", rule)


def of_account(customers: Mapping[str, Outcome], account: str) -> Outcome | None:
    """Return what the account decides for a record of it, None where the record goes on."""
    if account not in customers:
        return rejected("account_missing")
    return None if customers[account] == MART else rejected("customer_rejected")


def of_tariff(tariff: Outcome) -> Outcome | None:
    """Return what the catalogue decides for a record of a service, None where it goes on."""
    if tariff[0] == "excluded":
        return tariff
    return rejected("tariff_rejected") if tariff[0] == "rejected" else None
