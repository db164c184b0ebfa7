"""daily_aggregate_values: what Sonar counted up each night.

Inferred: the day is the tenant's, sums are cents, BALANCE_DUE is what is due on invoices that are
not void at the end of the day.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sandbox.sonar.rows import values
from sandbox.sonar.tenant.accounts import STATUSES, status_key
from sandbox.sonar.tenant.draft import AS_OF, Draft, ids

ZONE = ZoneInfo("America/Chicago")  # the tenant's, as system_setting names it
DAYS = 30  # where no target is given
COUNTED = (
    "ACCOUNT_STATUS_COUNTS",
    "ARPU",
    "ACTIVE_CUSTOMER_COUNT",
    "INACTIVE_CUSTOMER_COUNT",
    "DELINQUENT_CUSTOMER_COUNT",
    "DELINQUENCY_PERCENTAGE",
    "RECURRING_REVENUE",
    "RECURRING_DISCOUNTS",
)
SUMMED = (
    "DEBITS_WITHOUT_ADJUSTMENTS_TODAY",
    "DEBIT_ADJUSTMENTS_TODAY",
    "DISCOUNTS_WITHOUT_ADJUSTMENTS_TODAY",
    "DISCOUNT_ADJUSTMENTS_TODAY",
    "PAYMENTS_TODAY",
    "BALANCE_DUE",
)


def write(draft: Draft) -> None:
    """Write the newest days first, as many as the target asks for, in the order of the days."""
    today = AS_OF.astimezone(ZONE).date()
    left = draft.left("daily_aggregate_values")
    each = len(COUNTED) + len(SUMMED)
    count = DAYS * each if left is None else left
    sums = _sums(draft)
    figures = _figures(draft)
    found: list[tuple[date, str, float]] = []
    due = sum(sums["BALANCE_DUE"].values())
    for back in range(-(-count // each)):
        day = today - timedelta(days=back)
        told = {key: float(sums[key][day]) for key in SUMMED} | {"BALANCE_DUE": float(due)}
        found += [(day, key, value) for key, value in (told | figures).items()]
        due -= sums["BALANCE_DUE"][day]
    numbers = ids(draft.random("daily_aggregate_values"))
    for day, key, value in reversed(found[:count]):
        made = min(datetime.combine(day, time(5, 50), UTC), AS_OF)
        row = {"date": day.isoformat(), "key": key, "value": value}
        draft.add("daily_aggregate_values", next(numbers), made, row)


def _figures(draft: Draft) -> dict[str, float]:
    """Return the figures that are told alike of every day."""
    active = {status_key(name) for name, activates, _ in STATUSES if activates}
    live = [row for row in draft.rows["accounts"] if row["archived_at"] is None]
    count = sum(row["account_status_id"] in active for row in live)
    late = sum(row["is_delinquent"] for row in live)
    revenue = sum(row["next_recurring_charge_amount"] for row in live)
    return {
        "ACCOUNT_STATUS_COUNTS": float(len(live)),
        "ARPU": round(revenue / max(count, 1), 2),
        "ACTIVE_CUSTOMER_COUNT": float(count),
        "INACTIVE_CUSTOMER_COUNT": float(len(live) - count),
        "DELINQUENT_CUSTOMER_COUNT": float(late),
        "DELINQUENCY_PERCENTAGE": round(100 * late / max(count, 1), 2),
        "RECURRING_REVENUE": float(revenue),
        "RECURRING_DISCOUNTS": 0.0,
    }


def _sums(draft: Draft) -> dict[str, Counter[date]]:
    """Return what each day came to; of BALANCE_DUE, by how much it moved."""
    sums: dict[str, Counter[date]] = defaultdict(Counter)
    for kind, plain, adjusted in (
        ("debits", SUMMED[0], SUMMED[1]),
        ("discounts", SUMMED[2], SUMMED[3]),
    ):
        for made, type_, amount in values(draft.rows[kind], ("created_at", "type", "amount")):
            sums[adjusted if type_ == "ADJUSTMENT" else plain][_day(made)] += amount
    names = ("payment_datetime", "successful", "amount")
    for made, successful, amount in values(draft.rows["payments"], names):
        if successful:
            sums["PAYMENTS_TODAY"][_day(made)] += amount
    for day, amount in _moves(draft):
        sums["BALANCE_DUE"][day] += amount
    return sums


def _moves(draft: Draft) -> Iterator[tuple[date, int]]:
    live = set()
    names = ("id", "void", "date", "total_debits", "total_taxes")
    for key, void, day, debits, taxes in values(draft.rows["invoices"], names):
        if not void:
            live.add(key)
            yield date.fromisoformat(day), debits + taxes
    for key, void, made, amount in values(
        draft.rows["credits"], ("invoice_id", "void", "created_at", "amount")
    ):
        if not void and key in live:
            yield _day(made), -amount


def _day(made: str) -> date:
    return datetime.fromisoformat(made).astimezone(ZONE).date()
