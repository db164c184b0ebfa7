"""packages and package_services."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.sonar.tenant.accounts import business_company
from sandbox.sonar.tenant.catalogue import BUNDLES, CREDITS, EXTRA_DATA, MESH, Bundle
from sandbox.sonar.tenant.draft import OPENED, Draft, ids, of_name

LONG_TITLE = "Everything for the Household of the Rural Broadband Expansion Grant Area"
TRAPS = ("empty_package", "package_with_credit", "package_member_rejected", "long_package_name")


def packages(draft: Draft) -> None:
    """Write packages that can be sold, then those that a rule keeps back."""
    numbers = ids(draft.random("packages"))
    members = ids(draft.random("package_services"))
    count = len(BUNDLES)
    left = draft.left("packages")
    if left is not None:
        count = max(left - sum(draft.wanted[trap] for trap in TRAPS), count)
    for index in range(count):
        bundle = BUNDLES[index % len(BUNDLES)]
        year = f" {2024 - index // len(BUNDLES)}" if index >= len(BUNDLES) else ""
        _package(draft, next(numbers), members, bundle, bundle.name + year)
    for trap in TRAPS:
        for index in range(draft.wanted[trap]):
            key = next(numbers)
            name = LONG_TITLE if trap == "long_package_name" else _title(trap)
            bundle = Bundle(trap, rolled_up=index % 2 == 0, members=_members(draft, trap, index))
            _package(draft, key, members, bundle, f"{name} {index + 1}")
            draft.plant(trap, "packages", str(key))


def _title(trap: str) -> str:
    return trap.replace("_", " ").title()


def _members(draft: Draft, trap: str, index: int) -> tuple[tuple[str, int], ...]:
    if trap == "empty_package":
        return ()
    if trap == "package_with_credit":
        return (("Fiber 100", 1), (CREDITS[0], 1))
    if trap == "package_member_rejected":
        planted = draft.planted.get("voice_without_detail")
        if planted is not None and index % 2:
            names = {row["id"]: row["name"] for row in draft.rows["services"]}
            return (("Fiber 100", 1), (names[planted.keys[0]], 1))
        return (("Fiber 100", 1), (EXTRA_DATA, 1))
    return (("Fiber 100", 1), (MESH, 1))


def _package(draft: Draft, key: int, members: Iterator[int], bundle: Bundle, name: str) -> None:
    business = bundle.name.startswith("Business")
    values = {
        "name": name,
        "enabled": bundle.enabled,
        "rollup_services": bundle.rolled_up,
        "company_id": business_company(draft) if business else None,
    }
    draft.add("packages", key, OPENED, values)
    for service, quantity in bundle.members:
        values = {
            "package_id": str(key),
            "service_id": of_name(draft, service),
            "quantity": quantity,
        }
        draft.add("package_services", next(members), OPENED, values)
