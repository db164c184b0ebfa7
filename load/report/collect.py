"""Collect the facts of the report from `ops`, the audits and the marts. Reads only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from load.reconcile import accounting
from load.reconcile.findings import UNEXPLAINED
from load.reconcile.since_last import since_last
from load.report import collect_customers, collect_runs
from load.report.collect_customers import exists
from load.report.collect_waves import waves
from load.report.facts import (
    Acceptance,
    Collection,
    Entity,
    Excluded,
    Extraction,
    Facts,
    Quarantined,
    Reconciliation,
    Rejected,
)
from runtime.errors import ConfigError
from runtime.fingerprint import fingerprint
from runtime.manifest import Manifest

_MAX_KEYS = 20


def _extraction(connection: Connection, needed: frozenset[str]) -> Extraction | None:
    rows = connection.execute(
        text(
            "select * from ops.extract_ledger where run_id ="
            " (select run_id from ops.extract_ledger order by started_at desc limit 1)"
            " order by collection"
        )
    ).all()
    if not rows:
        return None
    found = [
        Collection(
            row.collection,
            row.state,
            row.grade,
            row.server_count,
            row.landed_count,
            row.collection in needed,
        )
        for row in rows
    ]
    seen = {collection.name for collection in found}
    found += [
        Collection(name, "not extracted", None, None, None, needed=True)
        for name in sorted(needed - seen)
    ]
    frozen: bool = connection.execute(
        text(
            "select coalesce(bool_or(detail ->> 'consistent' = 'true'), false) from ops.step"
            " where run_id = :run and step = 'extract'"
        ),
        {"run": rows[0].run_id},
    ).scalar_one()
    return Extraction(
        run_id=rows[0].run_id,
        source=rows[0].source,
        ended_at=max((row.ended_at for row in rows if row.ended_at), default=None),
        collections=tuple(found),
        is_frozen=frozen,
    )


def _acceptance(connection: Connection, target: str) -> Acceptance | None:
    row = connection.execute(
        text(
            "select * from ops.acceptance where target = :target order by decided_at desc limit 1"
        ),
        {"target": target},
    ).first()
    if row is None:
        return None
    return Acceptance(
        run_id=row.run_id,
        verdict=row.verdict,
        fingerprint=row.fingerprint,
        extraction_run_id=row.extraction_run_id,
        decided_at=row.decided_at,
        findings=tuple(row.findings),
    )


def _was_accepted(connection: Connection, target: str, build: str, moment: datetime) -> bool:
    found = text(
        "select exists (select from ops.acceptance where target = :target and verdict = 'accepted'"
        " and fingerprint = :build and decided_at <= :moment)"
    )
    values = {"target": target, "build": build, "moment": moment}
    return bool(connection.execute(found, values).scalar_one())


def _sources(connection: Connection, manifest: Manifest) -> dict[str, str]:
    """Return the collection behind each line of the reconciliation."""
    try:
        accounts = accounting.read_accounts(connection)
    except ConfigError:
        return {}
    lines, others = accounting.assign(manifest.marts, accounts, ())
    found = {line.mart.name: line.account.collection for line in lines if line.account}
    return {account.collection: account.collection for account in others} | found


def _causes(entities: Sequence[Entity]) -> list[tuple[str, str, int]]:
    """Return how many differences have which cause and owner, the unexplained ones first."""
    found = Counter(
        (str(d.get("cause", UNEXPLAINED)), str(d.get("owner", "-")))
        for entity in entities
        for d in entity.differences
    )
    ordered = sorted(found.items(), key=lambda entry: (entry[0][0] != UNEXPLAINED, entry[0]))
    return [(cause, owner, count) for (cause, owner), count in ordered]


def _reconciliation(
    connection: Connection, target: str, manifest: Manifest, extraction: Extraction | None
) -> Reconciliation | None:
    rows = connection.execute(
        text(
            "select * from ops.reconciliation where target = :target and run_id ="
            " (select run_id from ops.reconciliation where target = :target"
            "  order by reconciled_at desc limit 1) order by reconciled_at, entity"
        ),
        {"target": target},
    ).all()
    if not rows:
        return None
    marts = {mart.name for mart in manifest.marts}
    # the figures of a choice are not those of its collections
    scope = next((row.scope for row in rows if row.scope is not None), None)
    sources = _sources(connection, manifest) if scope is None else {}
    landed = {c.name: c.landed_count for c in extraction.collections} if extraction else {}
    entities = [
        Entity(
            name=row.entity,
            source=row.source,
            mart=row.mart,
            merged=row.merged,
            excluded=row.excluded,
            rejected=row.rejected,
            quarantined=row.quarantined,
            loaded=row.loaded,
            in_target=row.in_target,
            identical=row.identical,
            verdict=row.verdict,
            differences=tuple(row.differences),
            is_loaded=row.entity in marts,
            not_selected=row.not_selected,
            collection=sources.get(row.entity),
            landed=landed.get(sources.get(row.entity, "")),
            explained=tuple(row.explained),
            totals=tuple(row.totals),
        )
        for row in rows
    ]
    entities.sort(key=lambda entity: not entity.is_loaded)
    return Reconciliation(
        run_id=rows[0].run_id,
        ended_at=min(row.reconciled_at for row in rows),
        entities=tuple(entities),
        causes=tuple(_causes(entities)),
        last=since_last(connection, target, rows[0].run_id) if scope is None else None,
        scope=scope,
    )


def _rejected(connection: Connection) -> list[Rejected]:
    if not exists(connection, "audit.audit_rejection_summary"):
        return []
    rows = connection.execute(
        text(
            "select s.*, array(select r._sonar_key from audit.audit_rejections as r"
            "  where r.entity = s.entity and r.reason = s.reason"
            "  order by r._sonar_key limit :most) as keys"
            " from audit.audit_rejection_summary as s order by s.entity, s.reason"
        ),
        {"most": _MAX_KEYS},
    )
    return [
        Rejected(
            entity=row.entity,
            reason=row.reason,
            rows=row.rows,
            signed_max=row.signed_max or 0,
            decision=row.decision,
            is_signed=bool(row.is_signed),
            keys=tuple(row.keys),
        )
        for row in rows
    ]


def _excluded(connection: Connection) -> list[Excluded]:
    if not exists(connection, "audit.audit_record_outcomes"):
        return []
    rows = connection.execute(
        text(
            "select collection, outcome, coalesce(reason, '') as reason, count(*) as rows"
            " from audit.audit_record_outcomes where outcome in ('excluded', 'merged')"
            " group by 1, 2, 3 order by 1, 2, 3"
        )
    )
    return [Excluded(row.collection, row.outcome, row.reason, row.rows) for row in rows]


def _quarantined(connection: Connection, target: str) -> list[Quarantined]:
    """Return what is refused and not written since. The server's own message may quote a value."""
    rows = connection.execute(
        text(
            "select r.table_name, r.cause, r.error_code, r.column_name,"
            " count(distinct r._sonar_key) as rows,"
            " (array_agg(distinct r._sonar_key))[1:20] as keys"
            " from ops.refusal as r where r.target = :target and not exists ("
            "  select from ops.row_state as s where s.target = r.target"
            "  and s.table_name = r.table_name and s._sonar_key = r._sonar_key"
            "  and s.state = 'written' and s.changed_at > r.refused_at)"
            " and r.run_id = (select run_id from ops.refusal where target = :target"
            "  order by refused_at desc limit 1)"
            " group by 1, 2, 3, 4 order by 1, 2, 3, 4"
        ),
        {"target": target},
    )
    return [
        Quarantined(r.table_name, r.cause, r.error_code, r.column_name, r.rows, tuple(r.keys))
        for r in rows
    ]


def collect(connection: Connection, manifest: Manifest) -> Facts:
    """Return the facts as they stand; what has not happened yet is None or empty."""
    marts = [mart.name for mart in manifest.marts]
    needed: frozenset[str] = frozenset().union(*(mart.collections for mart in manifest.marts))
    target = connection.execute(text("select target from ops.current_target")).scalar_one_or_none()
    name = str(target or "")
    try:
        build = fingerprint(connection, manifest).value
    except ConfigError:
        connection.rollback()
        build = None
    load = collect_runs.last_load(connection)
    money = collect_customers.money(connection)
    extraction = _extraction(connection, needed)
    accepted = (
        load is not None
        and build is not None
        and _was_accepted(connection, name, build, load.started_at)
    )
    return Facts(
        written_at=datetime.now(UTC),
        target=target,
        fingerprint=build,
        extraction=extraction,
        acceptance=_acceptance(connection, name),
        accepted_before_load=accepted,
        load=load,
        reconciliation=_reconciliation(connection, name, manifest, extraction),
        steps=tuple(collect_runs.steps(connection)),
        rejected=tuple(_rejected(connection)),
        excluded=tuple(_excluded(connection)),
        quarantined=tuple(_quarantined(connection, name)),
        marts=tuple(marts),
        money=money,
        access=collect_customers.access(connection),
        first_week=collect_customers.first_week(connection, money),
        timings=tuple(collect_runs.timings(connection)),
        waves=waves(connection, manifest, name),
        inspections=collect_runs.inspections(connection),
        last_write=collect_runs.last_write(connection),
        **collect_runs.left_open(connection, name),
    )
