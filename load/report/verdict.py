"""The verdict in words, pure: what agrees, and otherwise which input is wrong, absent or stale."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from load.report.facts import Facts

Level = Literal["green", "amber", "red"]

NOT_FROZEN = (
    "Not frozen: it is not shown that Sonar stood still during the extraction, so the figures "
    "belong to no single moment."
)
_PARKED = frozenset({"module_off", "route"})
_SERVICES = "services_internet"  # whose customers have the network, and are charged
_LOADED = frozenset({0, 6})  # done, or done except for quarantined rows


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the verdict is not green. `is_wrong`: a check said no; else something is still to do."""

    what: str
    is_wrong: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """`agrees`: extracted whole, accepted as loaded, reconciled. Green needs more."""

    level: Level
    words: str
    agrees: bool
    reasons: tuple[Reason, ...]


def _extraction(facts: Facts) -> Iterator[Reason]:
    if facts.extraction is None:
        yield Reason("Nothing has been extracted.")
        return
    if facts.target is None:
        yield Reason("The target has not been inspected.")
    for collection in facts.extraction.collections:
        if collection.needed and not collection.is_complete:
            grade = f", {collection.grade}" if collection.grade else ""
            yield Reason(
                f"{collection.name} is not extracted completely ({collection.state}{grade}).",
                is_wrong=True,
            )


def _transform(facts: Facts) -> Iterator[Reason]:
    """Yield what is wrong with the build; one by plain `dbt build` leaves no step to judge."""
    built = next((step for step in facts.steps if step.name == "transform"), None)
    if built is None:
        return
    if built.exit_code != 0:
        yield _not_well("transform", built.exit_code)
    ended = facts.extraction.ended_at if facts.extraction is not None else None
    if ended is not None and built.started_at < ended:
        yield Reason("The marts are stale: they are older than the latest extraction.")


def _not_well(stage: str, exit_code: int | None) -> Reason:
    if exit_code is None:
        return Reason(
            f"The last {stage} has not ended: it is at work or was killed.", is_wrong=True
        )
    return Reason(f"The last {stage} did not end well.", is_wrong=True)


def _rejections(facts: Facts) -> Iterator[Reason]:
    for found in facts.rejected:
        if not found.is_signed:
            yield Reason(
                f"{found.rows} records of {found.entity} are rejected ({found.reason}) and"
                f" {found.signed_max} are signed for.",
                is_wrong=True,
            )


def _acceptance(facts: Facts) -> Iterator[Reason]:
    if facts.fingerprint is None:
        yield Reason("The marts have not been built.")
    if facts.acceptance is None:
        yield Reason("The marts have not been accepted for this target.")
        return
    if facts.acceptance.verdict != "accepted":
        yield Reason("Acceptance refused the marts.", is_wrong=True)
    if facts.fingerprint is not None and facts.acceptance.fingerprint != facts.fingerprint:
        yield Reason("The acceptance is stale: the marts have changed since.")
    extraction = facts.extraction
    if extraction is not None and facts.acceptance.extraction_run_id != extraction.run_id:
        yield Reason("The acceptance is stale: there is a newer extraction.")


def _load(facts: Facts) -> Iterator[Reason]:
    if facts.load is None:
        yield Reason("Nothing has been loaded.")
        return
    if facts.load.exit_code not in _LOADED:
        yield _not_well("load", facts.load.exit_code)
    if not facts.accepted_before_load:
        yield Reason("The load is stale: it was not of the marts as they are accepted now.")
    if facts.unsettled:
        yield Reason(
            f"{facts.unsettled} rows were announced and it is not known whether they were written:"
            " a load was interrupted."
        )
    write = facts.last_write
    if write is not None and write.name == "rollback" and write.started_at > facts.load.started_at:
        yield Reason("A rollback ran after the last load.")


def _reconciliation(facts: Facts) -> Iterator[Reason]:
    found = facts.reconciliation
    if found is None:
        yield Reason("Nothing has been reconciled with this target.")
        return
    if facts.load is not None and found.ended_at < facts.load.started_at:
        yield Reason("The reconciliation is stale: it is older than the last load.")
    write = facts.last_write
    if write is not None and write.name != "load" and found.ended_at < write.started_at:
        yield Reason(f"The reconciliation is stale: it is older than the last {write.name}.")
    ended = facts.extraction.ended_at if facts.extraction is not None else None
    if ended is not None and found.ended_at < ended:
        yield Reason("The reconciliation is stale: there is a newer extraction.")
    for entity in found.entities:
        if entity.verdict == "differs":
            yield Reason(f"{entity.name} differs.", is_wrong=True)
        elif entity.verdict == "not_compared":
            yield Reason(f"{entity.name} has not been compared: the API does not show its rows.")
        elif entity.verdict != "agrees":
            yield Reason(f"{entity.name} is unproven: {entity.verdict}.")
    if found.scope is not None:
        yield Reason(
            f"Only what a load of some customers was of has been held against Splynx"
            f" ({found.scope}): of everything else nothing is proven."
        )
        return
    missing = sorted(set(facts.marts) - {entity.name for entity in found.entities})
    for name in missing:
        yield Reason(f"{name} has not been reconciled.")


def _money(facts: Facts) -> Iterator[Reason]:
    if facts.money is None:
        if "billing_transactions" in facts.marts:
            yield Reason("The money of both systems has not been compared.")
    elif facts.money.unexplained:
        yield Reason(
            f"The money of {len(facts.money.unexplained)} accounts differs without a cause.",
            is_wrong=True,
        )


def _first_week(facts: Facts) -> Iterator[Reason]:
    charges = facts.first_week.charges if facts.first_week is not None else None
    if charges is None:
        if _SERVICES in facts.marts:
            yield Reason("The next charges of both systems have not been compared.")
        return
    if unexplained := sum(line.services for line in charges if line.cause == "unexplained"):
        yield Reason(
            f"The next charge of {unexplained} services differs without a cause.", is_wrong=True
        )


def _access(facts: Facts) -> Iterator[Reason]:
    if facts.access is None and _SERVICES in facts.marts:
        yield Reason("Who would lose the network has not been worked out.")
    for loss in facts.access.losses if facts.access is not None else ():
        if loss.severity == "critical" and not loss.is_signed:
            yield Reason(
                f"{loss.rows} services or routers would lose the network and nobody signed for it"
                f" ({loss.reason}).",
                is_wrong=True,
            )


def _remaining(facts: Facts) -> Iterator[Reason]:
    """Yield what keeps an agreeing migration from being finished."""
    parked = sum(entry.rows for entry in facts.quarantined if entry.cause in _PARKED)
    quarantined = sum(entry.rows for entry in facts.quarantined) - parked
    if quarantined:
        yield Reason(f"{quarantined} rows are in quarantine: the target refused them.")
    if parked:
        yield Reason(f"{parked} rows are parked: a module is off, or the route does not take them.")
    if facts.secrets_open:
        yield Reason(f"{facts.secrets_open} passwords or tokens were not handed over.")
    if facts.files_open:
        yield Reason(f"{facts.files_open} files are not in the target as they are in Sonar.")
    if facts.files_unproven:
        yield Reason(f"{facts.files_unproven} files were sent and could not be read back.")
    entities = facts.reconciliation.entities if facts.reconciliation else ()
    if left := sum(entity.not_selected for entity in entities):
        yield Reason(f"{left} rows were not selected (scope): a load without it brings them.")
    if facts.extraction is None or not facts.extraction.is_frozen:
        yield Reason(NOT_FROZEN)


def judge(facts: Facts) -> Verdict:
    """Return the verdict. Green only when every input is there, fresh, and says yes."""
    against = [
        *_extraction(facts),
        *_transform(facts),
        *_rejections(facts),
        *_acceptance(facts),
        *_load(facts),
        *_money(facts),
        *_access(facts),
        *_first_week(facts),
        *_reconciliation(facts),
    ]
    remaining = [*_remaining(facts)]
    if any(reason.is_wrong for reason in against):
        level: Level = "red"
        words = "Not in agreement"
    elif against:
        level, words = "amber", "Not finished"
    elif remaining:
        level, words = "amber", "Everything migrated so far agrees, with reservations"
    else:
        level, words = "green", "Everything migrated agrees"
    return Verdict(level, words, agrees=not against, reasons=(*against, *remaining))
