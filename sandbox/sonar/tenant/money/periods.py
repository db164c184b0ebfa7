"""When an account was billed: one period for each invoice, the last one before the tenant's day."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sandbox.sonar.tenant.draft import AS_OF

RUN = time(6, 15, tzinfo=UTC)  # of the bills: shortly after midnight on the tenant's clocks


@dataclass(frozen=True, slots=True)
class Terms:
    """How an account is billed."""

    first: date  # no bill is older
    last: date  # of the bills so far
    day: int
    months: int
    due_days: int
    is_active: bool
    is_exempt: bool


@dataclass(frozen=True, slots=True)
class Period:
    """One bill."""

    day: date
    due: date
    created: datetime
    months: int

    def after(self, days: float) -> datetime:
        """Return an instant so many days after the bill, before the tenant's day."""
        return min(self.created + timedelta(days=days), AS_OF - timedelta(minutes=5))


def periods(terms: Terms, count: int) -> list[Period]:
    """Return so many periods, oldest first; those beyond the account's first day fall on it."""
    found = []
    for back in range(count - 1, -1, -1):
        day = max(months_before(terms.last, back * terms.months, terms.day), terms.first)
        created = min(datetime.combine(day, RUN), AS_OF - timedelta(minutes=20))
        found.append(Period(day, day + timedelta(days=terms.due_days), created, terms.months))
    return found


def capacity(terms: Terms) -> int:
    """Return how many bills there were room for."""
    months = (terms.last.year - terms.first.year) * 12 + terms.last.month - terms.first.month
    return max(months // terms.months, 0) + 1


def months_before(last: date, months: int, day: int) -> date:
    """Return the bill day so many months earlier; a short month bills on its last day."""
    year, month = divmod(last.year * 12 + last.month - 1 - months, 12)
    return date(year, month + 1, min(day, monthrange(year, month + 1)[1]))
