"""taxes, service_taxes and service_tax_definitions."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.sonar.tenant.draft import OPENED, Draft, ids
from sandbox.sonar.tenant.plans import DEFINITION

TAXES = (  # name, percent
    ("State Sales Tax", 6.25),
    ("County Tax", 1.125),
    ("City Utility Tax", 2.0),
    ("Telecommunications Fund", 3.3),
)
TRAPS = ("rate_not_exact", "flat_tax", "rate_too_high", "long_tax_name")
LONG_NAME = "Assessment for the Rural Telecommunications Infrastructure Fund of County"


def taxes(draft: Draft) -> None:
    """Write taxes that can be kept, then those that a rule keeps back."""
    numbers = ids(draft.random("taxes"))
    left = draft.left("taxes")
    count = len(TAXES)
    if left is not None:
        count = max(left - sum(draft.wanted[trap] for trap in TRAPS), count)
    for index in range(count):
        name, rate = TAXES[index % len(TAXES)]
        district = f" District {index // len(TAXES)}" if index >= len(TAXES) else ""
        _tax(draft, next(numbers), name + district, rate + index // len(TAXES) / 8)
    for trap in TRAPS:
        for index in range(draft.wanted[trap]):
            key = next(numbers)
            name, rate = f"{trap.replace('_', ' ').title()} {index + 1}", 5.0 + index
            if trap == "rate_not_exact":
                rate = 4.33333 + index
            elif trap == "rate_too_high":
                rate = 100.0 + 20 * index
            elif trap == "long_tax_name":
                name = f"{LONG_NAME} {index + 1}"
            _tax(draft, key, name, rate, flat=trap == "flat_tax")
            draft.plant(trap, "taxes", str(key))


def service_taxes(draft: Draft) -> None:
    """Link services with taxes: several, one that is kept back, one, or none."""
    numbers = ids(draft.random("service_taxes"))
    troubled = {key for trap in TRAPS if trap in draft.planted for key in draft.planted[trap].keys}
    sound = [row["id"] for row in draft.rows["taxes"] if row["id"] not in troubled]
    services = iter(_taxable(draft))
    left = draft.left("service_taxes")
    several, odd = draft.wanted["several_taxes"], sorted(troubled, key=int)
    pairs: list[tuple[str, str]] = []
    for index in range(several):
        service = next(services)
        pairs += [(service, sound[0]), (service, sound[1 + index % (len(sound) - 1)])]
        draft.plant("several_taxes", "services", service)
    pairs += [(service, tax) for tax, service in zip(odd, services, strict=False)]
    if left is None:
        pairs += [(service, sound[0]) for place, service in enumerate(services) if place % 4]
    else:
        ones = range(left - len(pairs))
        pairs += [(key, sound[n % len(sound)]) for n, key in zip(ones, services, strict=False)]
    for service, tax in pairs:
        values = {"service_id": service, "tax_id": tax, "exemption_amount": 0}
        draft.add("service_taxes", next(numbers), OPENED, values)


def service_tax_definitions(draft: Draft) -> None:
    """Write which services a tax service rates; the list of its definitions is not served."""
    definitions = ids(draft.random("service_tax_definitions"))
    planted = draft.planted.get("avalara_tax_definition")
    for service in () if planted is None else planted.keys:
        values = {
            "service_id": service,
            "taxdefinitionable_type": "AvalaraTaxDefinition",
            "taxdefinitionable_id": str(DEFINITION),
            "discount": False,
        }
        draft.add("service_tax_definitions", next(definitions), OPENED, values)


def _taxable(draft: Draft) -> Iterator[str]:
    """Yield the services that charge, apart from overages."""
    for row in draft.rows["services"]:
        if row["application"] == "DEBIT" and row["type"] != "OVERAGE":
            yield row["id"]


def _tax(draft: Draft, key: int, name: str, rate: float, *, flat: bool = False) -> None:
    values = {
        "name": name,
        "rate": rate,
        "application": "FLAT" if flat else "PERCENTAGE",
        "type": "GEOGRAPHICAL" if "District" in name else "GLOBAL",
    }
    draft.add("taxes", key, OPENED, values)
