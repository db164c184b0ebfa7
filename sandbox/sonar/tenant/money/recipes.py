"""What one account gets, and the terms on which it is billed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from sandbox.sonar.tenant.accounts import STATUSES, status_key
from sandbox.sonar.tenant.draft import AS_OF, Draft
from sandbox.sonar.tenant.money.periods import Terms, months_before

NEVER_BILLED = ("Lead", "Pending Install")
ENDED = ("Seasonal", "Disconnected", "Inactive", "Collections", "Void", "Archived")
OPEN = {"Suspended": 1, "Delinquent": 2, "Collections": 3}  # bills that are not paid
LATE_OF_ACTIVE, LATE_OF_ENDED = 0.02, 0.3  # of the accounts leave their last bill unpaid


@dataclass(slots=True)
class Recipe:
    """What one account gets."""

    account: str
    terms: Terms
    is_billed: bool
    bills: list[tuple[str, int]] = field(default_factory=list)  # special ones: name, index
    last: list[tuple[str, int]] = field(default_factory=list)
    beside: list[tuple[str, int]] = field(default_factory=list)
    usual: int = 0
    unpaid: int = 0
    debits: int = 0  # further lines
    taxes: int = 0
    discounts: int = 0
    doubles: int = 0  # payments that pay two bills
    halves: int = 0  # bills that two payments pay
    carries: int = 0  # payments of which some is left for the next bill

    @property
    def ordinary(self) -> int:
        """How many ordinary bills there are."""
        return self.usual + self.unpaid

    @property
    def links(self) -> int:
        """How many payments can leave something for the next bill."""
        return max(self.usual - 2 * self.doubles - self.halves - 1, 0)


def begun(draft: Draft) -> Iterator[Recipe]:
    """Yield a recipe for each account, with its terms and what it leaves unpaid."""
    random = draft.random("billing history")
    names = {status_key(name): name for name, *_ in STATUSES}
    for account, row in zip(draft.accounts, draft.rows["accounts"], strict=True):
        status = names.get(row["account_status_id"], "Inactive")
        _, billed = draft.terms.get(account.id, (0, {}))
        first = account.created.date() + timedelta(days=1)
        months = billed.get("months_to_bill", 1)
        following = row["next_bill_date"]
        day = billed.get("bill_day") or (int(following[8:]) if following else 1 + account.id % 28)
        ended = status in ENDED or row["archived_at"] is not None
        stop = AS_OF.date()
        if ended:
            ago = random.randint(2, 30)
            stop = min(months_before(stop, ago, 1), AS_OF.date() - timedelta(days=60))
        if row["archived_at"] is not None:
            stop = date.fromisoformat(row["archived_at"][:10])
        last = _last(date.fromisoformat(following) if following else None, stop, day, months)
        terms = Terms(
            first,
            max(last, first),
            day,
            months,
            billed.get("due_days", 15),
            status in ("Active", "Active - Courtesy"),
            bool(billed.get("tax_exempt")),
        )
        recipe = Recipe(account.key, terms, is_billed=status not in NEVER_BILLED)
        if recipe.is_billed:
            chance = LATE_OF_ACTIVE if terms.is_active else LATE_OF_ENDED * ended
            recipe.unpaid = OPEN.get(status, int(random.random() < chance))
        yield recipe


def _last(following: date | None, stop: date, day: int, months: int) -> date:
    """Return the last bill day until `stop`."""
    if following is not None:
        return months_before(following, months, day)
    found = months_before(stop, 0, day)
    return found if found <= stop else months_before(stop, 1, day)
