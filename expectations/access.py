"""Who would lose the network at the switch of the routers, and what follows for the verdict.

Reads `audit.audit_access_losses` and a seed; writes nothing. A reason above what was signed for
refuses, or warns where its severity says so. Only keys of services and routers are shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, text

from expectations.gate import MAX_KEYS, Finding, Severity
from runtime.manifest import Manifest

_MARK = "services_internet"  # without it a project serves nobody, and has no audit of it
RELATIONS = ("audit.audit_access", "audit.audit_access_losses")


@dataclass(frozen=True, slots=True)
class Loss:
    """Services, or routers, that one reason takes the network from, and how many are signed for."""

    reason: str
    severity: Severity
    rows: int
    signed: int
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Access:
    """All that is decided on."""

    missing_relations: tuple[str, ...] = ()
    losses: tuple[Loss, ...] = ()


def gather(connection: Connection, manifest: Manifest) -> Access:
    """Return what the audits say now; nothing where the project has no internet services."""
    if _MARK not in {mart.name for mart in manifest.marts}:
        return Access()
    exists = text("select to_regclass(:relation) is not null")
    missing = tuple(
        relation
        for relation in RELATIONS
        if not connection.execute(exists, {"relation": relation}).scalar_one()
    )
    if missing:
        return Access(missing_relations=missing)
    rows = connection.execute(
        text(
            "select found.reason, found.severity, found.rows, found.keys,"
            " coalesce(signed.max_rows, 0) as signed from ("
            "  select reason, severity, min(place) as place, count(*) as rows,"
            "  (array_agg(_sonar_key order by length(_sonar_key), _sonar_key))[1:"
            f"{MAX_KEYS}] as keys from {RELATIONS[1]} group by reason, severity) as found"
            " left join (select reason, max(max_rows) as max_rows"
            "  from seeds.map_accepted_access_losses where source in"
            "  (select source from staging.stg_ops__extractions) group by reason) as signed"
            " on signed.reason = found.reason order by found.place"
        )
    )
    return Access(
        losses=tuple(Loss(r.reason, r.severity, r.rows, int(r.signed), tuple(r.keys)) for r in rows)
    )


def findings(access: Access) -> Iterator[Finding]:
    """Yield a finding for each reason that takes the network from more than were signed for."""
    for relation in access.missing_relations:
        yield Finding(check="access", what=f"{relation} does not exist", todo="run make transform")
    for loss in access.losses:
        if loss.rows > loss.signed:
            yield Finding(
                check="access",
                what=f"{loss.rows} lose their access, or may: {loss.reason},"
                f" {loss.signed} signed for (audit.audit_access_losses)",
                todo="read docs/access.md; mend it in Sonar, or sign for it in"
                " map_accepted_access_losses",
                count=loss.rows,
                keys=loss.keys,
                severity=loss.severity,
            )
