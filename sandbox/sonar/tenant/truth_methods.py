"""What becomes of stored cards and bank accounts, by the rules of the mapping."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sandbox.sonar.rows import Row
from sandbox.sonar.tenant.draft import AS_OF, Draft
from sandbox.sonar.tenant.outcome import MERGED, Outcome, Outcomes, excluded, of_account

MONTH = (AS_OF.year, AS_OF.month)
EXPIRED = excluded("payment_method_expired")
SECONDARY = excluded("secondary_payment_method")
NOT_MOVED = excluded("credential_not_moved")


def methods(draft: Draft, customers: Outcomes) -> Iterator[tuple[str, Outcomes]]:
    """Yield the outcomes of cards, bank accounts and their processors by id."""
    yield (
        "credit_cards",
        _methods(draft.rows["credit_cards"], customers, "credit_card_processor_id"),
    )
    banks = draft.rows["bank_accounts"]
    yield "bank_accounts", _methods(banks, customers, "bank_account_processor_id")
    for name in ("credit_card_processors", "bank_account_processors"):
        yield name, {row["id"]: MERGED for row in draft.rows[name]}


def told(draft: Draft, customers: Outcomes) -> dict[str, Any]:
    """Return the figures of stored methods: how many, of whom, and what would go on."""
    found = dict(methods(draft, customers))
    facts: dict[str, Any] = {}
    for name in ("credit_cards", "bank_accounts"):
        rows = draft.rows[name]
        tally = Counter(outcome[1] or outcome[0] for outcome in found[name].values())
        kept = [row for row in rows if found[name][row["id"]] == NOT_MOVED]
        facts[name] = {
            "rows": len(rows),
            "accounts": len({row["account_id"] for row in rows}),
            "automatic": sum(row["auto"] for row in rows),
            "usable": len(kept),
            "usable_automatic": sum(row["auto"] for row in kept),
            "outcomes": dict(sorted(tally.items())),
        }
    return facts


def _methods(rows: Sequence[Row], customers: Outcomes, processor: str) -> Outcomes:
    found: Outcomes = {}
    first: dict[tuple[str, str], str] = {}
    rank: Callable[[Row], tuple[Any, ...]] = lambda row: (  # noqa: E731
        row["auto"],
        _expiry(row),
        int(row["id"]),
    )
    for row in sorted(rows, key=rank, reverse=True):
        outcome: Outcome | None = of_account(customers, row["account_id"])
        if outcome is None and _expiry(row) < MONTH:
            outcome = EXPIRED
        if outcome is None:
            kept = first.setdefault((row["account_id"], row[processor]), row["id"])
            outcome = NOT_MOVED if kept == row["id"] else SECONDARY
        found[row["id"]] = outcome
    return found


def _expiry(row: Mapping[str, Any]) -> tuple[int, int]:
    if "expiration_year" not in row:
        return (9999, 12)  # bank accounts do not expire
    return (row["expiration_year"], row["expiration_month"])
