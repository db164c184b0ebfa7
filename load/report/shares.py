"""Where an entity's source records ended, every one of them once. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from load.report.facts import Entity

IN_TARGET = "in target"
PARTS = (
    IN_TARGET,
    "in other marts",
    "not in target",
    "not compared",
    "quarantined",
    "not selected",
    "merged",
    "excluded",
    "rejected",
)

NOT_COMPARED = "not_compared"  # the verdict on rows that cannot be seen in the target


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of an entity's bar."""

    name: str
    rows: int


def funnel(entity: Entity) -> list[Part]:
    """Return the parts that have rows, those that went on first.

    Records without a table of their own went on inside rows of other marts, whose own bars say
    whether they are in the target. Records merged elsewhere, or defaulted rows of a child, can make
    the parts exceed the source.
    """
    rows = {
        IN_TARGET: entity.in_target,
        "in other marts": 0 if entity.is_loaded else entity.mart,
        "not in target": max(0, unaccounted(entity)),
        "not compared": entity.mart if entity.verdict == NOT_COMPARED else 0,
        "quarantined": entity.quarantined,
        "not selected": entity.not_selected,
        "merged": entity.merged,
        "excluded": entity.excluded,
        "rejected": entity.rejected,
    }
    return [Part(name, rows[name]) for name in PARTS if rows[name]]


def lost(entity: Entity) -> int | None:
    """Return how many records of the source did not land; None where that was not counted."""
    return None if entity.landed is None else entity.source - entity.landed


def unaccounted(entity: Entity) -> int:
    """Return the rows of the mart that are neither in the target nor left out by name."""
    if not entity.is_loaded or entity.verdict == NOT_COMPARED:
        return 0
    return entity.mart - entity.in_target - entity.quarantined - entity.not_selected
