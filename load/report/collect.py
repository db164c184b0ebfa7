"""Collect the facts of the report from `ops`, the audits and the marts. Reads only."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, text

from load.report.facts import (
    Acceptance,
    Access,
    AccessLoss,
    Collection,
    Entity,
    Excluded,
    Extraction,
    Facts,
    Money,
    MoneyCause,
    MoneyLine,
    Quarantined,
    Reconciliation,
    Rejected,
    Step,
)
from runtime.errors import ConfigError
from runtime.fingerprint import fingerprint
from runtime.manifest import Manifest

_MAX_KEYS = 20
_BEFORE = 2  # the run before the latest
_REPORTED = ("extract", "inspect", "transform", "accept", "plan", "load", "reconcile")


def _exists(connection: Connection, relation: str) -> bool:
    found = text("select to_regclass(:relation) is not null")
    return bool(connection.execute(found, {"relation": relation}).scalar_one())


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


def _counters(detail: dict[str, Any]) -> dict[str, float]:
    """Return the plain numbers of a step's detail; texts stay out of the page."""
    return {
        name: value
        for name, value in sorted(detail.items())
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    }


def _steps(connection: Connection) -> list[Step]:
    rows = connection.execute(
        text(
            "select *, extract(epoch from ended_at - started_at)::float as seconds,"
            " row_number() over (partition by step order by started_at desc) as age"
            " from ops.step where step = any(:steps) order by started_at desc"
        ),
        {"steps": list(_REPORTED)},
    ).all()
    latest = {row.step: row for row in rows if row.age == 1}
    before = {row.step: row.seconds for row in rows if row.age == _BEFORE}
    return [
        Step(
            name=name,
            run_id=latest[name].run_id,
            started_at=latest[name].started_at,
            seconds=latest[name].seconds,
            exit_code=latest[name].exit_code,
            before=before.get(name),
            counters=_counters(latest[name].detail),
        )
        for name in _REPORTED
        if name in latest
    ]


def _last_load(connection: Connection) -> Step | None:
    """Return the last load that wrote or meant to; a dry run or a refused one attempts nothing."""
    row = connection.execute(
        text(
            "select *, extract(epoch from ended_at - started_at)::float as seconds from ops.step"
            " where step = 'load' and (detail ? 'records_attempted' or ended_at is null)"
            " order by started_at desc limit 1"
        )
    ).first()
    if row is None:
        return None
    return Step(
        name="load",
        run_id=row.run_id,
        started_at=row.started_at,
        seconds=row.seconds,
        exit_code=row.exit_code,
        counters=_counters(row.detail),
    )


def _was_accepted(connection: Connection, target: str, build: str, moment: datetime) -> bool:
    found = text(
        "select exists (select from ops.acceptance where target = :target and verdict = 'accepted'"
        " and fingerprint = :build and decided_at <= :moment)"
    )
    values = {"target": target, "build": build, "moment": moment}
    return bool(connection.execute(found, values).scalar_one())


def _reconciliation(
    connection: Connection, target: str, marts: frozenset[str]
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
        )
        for row in rows
    ]
    entities.sort(key=lambda entity: not entity.is_loaded)
    return Reconciliation(
        run_id=rows[0].run_id,
        ended_at=min(row.reconciled_at for row in rows),
        entities=tuple(entities),
    )


def _rejected(connection: Connection) -> list[Rejected]:
    if not _exists(connection, "audit.audit_rejection_summary"):
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
    if not _exists(connection, "audit.audit_record_outcomes"):
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


def _money(connection: Connection) -> Money | None:
    if not _exists(connection, "audit.audit_money_totals"):
        return None
    lines = connection.execute(text("select * from audit.audit_money_totals order by place"))
    causes = connection.execute(
        text(
            "select cause, reason, count(distinct sonar_account_id) as accounts,"
            " sum(records)::bigint as records, sum(cents)::bigint as cents"
            " from audit.audit_money_differences group by 1, 2 order by abs(sum(cents)) desc, 1, 2"
        )
    )
    compared = connection.execute(
        text(
            "select count(*) as accounts, array(select _customer_key"
            "  from audit.audit_money_position where unexplained_cents <> 0"
            "  order by _customer_key) as unexplained from audit.audit_money_position"
        )
    ).one()
    return Money(
        lines=tuple(
            MoneyLine(
                row.line,
                row.description,
                row.sonar_cents,
                row.left_behind_cents,
                row.splynx_cents,
                row.decimals,
            )
            for row in lines
        ),
        causes=tuple(
            MoneyCause(row.cause, row.reason, row.accounts, row.records, row.cents)
            for row in causes
        ),
        accounts=compared.accounts,
        unexplained=tuple(compared.unexplained),
    )


def _access(connection: Connection) -> Access | None:
    if not _exists(connection, "audit.audit_access"):
        return None
    decisions = connection.execute(
        text(
            "select word, sum(before)::bigint as before, sum(after)::bigint as after from ("
            "  select decision_before as word, 1 as before, 0 as after from audit.audit_access"
            "  union all select decision_after, 0, 1 from audit.audit_access) as counted"
            " group by word order by word <> 'allowed', sum(after) desc, word"
        )
    ).all()
    losses = connection.execute(
        text(
            "select found.*, coalesce(signed.max_rows, 0) as signed_max, signed.decision from ("
            "  select reason, severity, min(place) as place, count(*) as rows,"
            "  (array_agg(_sonar_key order by length(_sonar_key), _sonar_key))[1:20] as keys"
            "  from audit.audit_access_losses group by reason, severity) as found"
            " left join seeds.map_accepted_access_losses as signed on signed.reason = found.reason"
            "  and signed.source in (select source from staging.stg_ops__extractions)"
            " order by found.place"
        )
    )
    return Access(
        subscribers=sum(row.before for row in decisions),
        decisions=tuple((row.word, row.before, row.after) for row in decisions),
        losses=tuple(
            AccessLoss(
                reason=row.reason,
                severity=row.severity,
                rows=row.rows,
                signed_max=row.signed_max,
                decision=row.decision,
                is_signed=row.rows <= row.signed_max,
                keys=tuple(row.keys),
            )
            for row in losses
        ),
    )


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
    load = _last_load(connection)
    accepted = (
        load is not None
        and build is not None
        and _was_accepted(connection, name, build, load.started_at)
    )
    return Facts(
        written_at=datetime.now(UTC),
        target=target,
        fingerprint=build,
        extraction=_extraction(connection, needed),
        acceptance=_acceptance(connection, name),
        accepted_before_load=accepted,
        load=load,
        reconciliation=_reconciliation(connection, name, frozenset(marts)),
        steps=tuple(_steps(connection)),
        rejected=tuple(_rejected(connection)),
        excluded=tuple(_excluded(connection)),
        quarantined=tuple(_quarantined(connection, name)),
        marts=tuple(marts),
        money=_money(connection),
        access=_access(connection),
    )
