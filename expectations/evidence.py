"""What the warehouse knows about the inputs of the marts, as values: read here, judged elsewhere.

Reads `ops`, the audits of dbt and the crosswalk; writes nothing. A relation that does not exist yet
is reported as such and is no error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, text

from expectations.gate import MAX_KEYS
from runtime.manifest import Manifest, Mart

CROSSWALK = "intermediate.int_crosswalk"
AUDITS = (
    "audit.audit_rejections",
    "audit.audit_rejection_summary",
    "audit.audit_row_accounting",
)


@dataclass(frozen=True, slots=True)
class Landed:
    """How one collection came out of the latest extraction."""

    state: str
    grade: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Unsigned:
    """Rejections above the number that somebody signed for."""

    entity: str
    reason: str
    rows: int
    signed: int
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unaccounted:
    """Source records of which it is not known what became of them; None: the count is unproven."""

    collection: str
    entity: str
    proven: int | None
    missing: int | None


@dataclass(frozen=True, slots=True)
class Unplanned:
    """Rows of a mart whose id is not the one planned for the current target."""

    mart: str
    rows: int
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the preconditions are decided on."""

    extraction: str | None = None
    landed: Mapping[str, Landed] = field(default_factory=dict)
    extraction_ended: datetime | None = None
    transform_started: datetime | None = None
    target: str | None = None
    missing_relations: tuple[str, ...] = ()
    unplanned: tuple[Unplanned, ...] = ()
    unsigned: tuple[Unsigned, ...] = ()
    unaccounted: tuple[Unaccounted, ...] = ()


def _missing(connection: Connection, relations: Sequence[str]) -> tuple[str, ...]:
    found = text("select to_regclass(:relation) is not null")
    return tuple(
        relation
        for relation in relations
        if not connection.execute(found, {"relation": relation}).scalar_one()
    )


def _extraction(connection: Connection) -> tuple[str | None, dict[str, Landed], datetime | None]:
    latest = connection.execute(
        text("select run_id from ops.extract_ledger order by started_at desc limit 1")
    ).scalar_one_or_none()
    rows = connection.execute(
        text(
            "select collection, state, grade, reason, coalesce(ended_at, started_at) as ended"
            " from ops.extract_ledger where run_id = :run"
        ),
        {"run": latest},
    ).all()
    landed = {row.collection: Landed(row.state, row.grade, row.reason) for row in rows}
    return latest, landed, max((row.ended for row in rows), default=None)


def _unplanned(connection: Connection, mart: Mart, target: str) -> Unplanned | None:
    """Compare a mart's ids with the plan; marts keyed by another mart's id have none."""
    if len(mart.key) != 1:
        return None
    planned = text(f"select exists (select from {CROSSWALK} where entity = :entity)")
    if not connection.execute(planned, {"entity": mart.name}).scalar_one():
        return None
    rows = connection.execute(
        text(
            f'select checked._sonar_key from "{mart.schema}"."{mart.name}" as checked'
            f" where not exists (select from {CROSSWALK} as planned"
            "  where planned.target = :target and planned.entity = :entity"
            "  and planned._sonar_key = checked._sonar_key"
            f'  and planned.planned_id = checked."{mart.key[0]}") order by 1'
        ),
        {"target": target, "entity": mart.name},
    )
    keys = [str(row[0]) for row in rows]
    return Unplanned(mart.name, len(keys), tuple(keys[:MAX_KEYS])) if keys else None


def _unsigned(connection: Connection) -> tuple[Unsigned, ...]:
    rows = connection.execute(
        text(
            "select entity, reason, rows, coalesce(signed_max, 0) as signed,"
            " (select coalesce(array_agg(k._sonar_key order by k._sonar_key), '{}') from ("
            "   select r._sonar_key from audit.audit_rejections as r"
            "   where r.entity = s.entity and r.reason = s.reason"
            "   order by r._sonar_key limit :keys) as k) as keys"
            " from audit.audit_rejection_summary as s"
            " where is_signed is not true order by entity, reason"
        ),
        {"keys": MAX_KEYS},
    )
    return tuple(Unsigned(r.entity, r.reason, r.rows, r.signed, tuple(r.keys)) for r in rows)


def _unaccounted(connection: Connection) -> tuple[Unaccounted, ...]:
    rows = connection.execute(
        text(
            "select collection, entity, proven, unaccounted from audit.audit_row_accounting"
            " where unaccounted is distinct from 0 order by collection, entity"
        )
    )
    return tuple(Unaccounted(r.collection, r.entity, r.proven, r.unaccounted) for r in rows)


def gather(connection: Connection, manifest: Manifest, target: str | None) -> Evidence:
    """Return what is known now. `target` is the one inspected last, None before any inspection."""
    missing = _missing(connection, (CROSSWALK, *AUDITS))
    extraction, landed, ended = _extraction(connection)
    transform = connection.execute(
        text("select max(started_at) from ops.step where step = 'transform' and exit_code = 0")
    ).scalar_one_or_none()
    unplanned: list[Unplanned] = []
    if target is not None and CROSSWALK not in missing:
        found = (_unplanned(connection, mart, target) for mart in manifest.marts)
        unplanned = [entry for entry in found if entry is not None]
    audited = not set(AUDITS) & set(missing)
    return Evidence(
        extraction=extraction,
        landed=landed,
        extraction_ended=ended,
        transform_started=transform,
        target=target,
        missing_relations=missing,
        unplanned=tuple(unplanned),
        unsigned=_unsigned(connection) if audited else (),
        unaccounted=_unaccounted(connection) if audited else (),
    )
