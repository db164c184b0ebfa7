"""What concerns customers: money, access to the network, the first week. Reads audits only."""

from __future__ import annotations

from sqlalchemy import Connection, text

from load.report.facts import (
    Access,
    AccessLoss,
    Block,
    FirstWeek,
    Money,
    MoneyAccount,
    MoneyCause,
    MoneyLine,
    NextCharge,
)

_MOST = 30  # accounts named on the page; the lists beside it have all


def exists(connection: Connection, relation: str) -> bool:
    """Return whether the warehouse has the relation."""
    found = text("select to_regclass(:relation) is not null")
    return bool(connection.execute(found, {"relation": relation}).scalar_one())


def money(connection: Connection) -> Money | None:
    """Return both systems' money; None where the audits have not been built."""
    if not exists(connection, "audit.audit_money_totals"):
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
    largest = connection.execute(
        text(
            "select _customer_key, sonar_balance_cents as sonar, splynx_balance_cents as splynx,"
            " coalesce(cause, '') as cause, unexplained_cents as unexplained,"
            " count(*) over () as differing from audit.audit_money_position"
            " where difference_cents <> 0 or unexplained_cents <> 0"
            " order by unexplained_cents desc, abs(difference_cents) desc,"
            "  length(_customer_key), _customer_key limit :most"
        ),
        {"most": _MOST},
    ).all()
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
        differing=largest[0].differing if largest else 0,
        largest=tuple(
            MoneyAccount(row._customer_key, row.sonar, row.splynx, row.cause, row.unexplained)
            for row in largest
        ),
    )


def access(connection: Connection) -> Access | None:
    """Return who would have the network; None where the audit has not been built."""
    if not exists(connection, "audit.audit_access"):
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


def _charges(connection: Connection) -> tuple[NextCharge, ...] | None:
    if not exists(connection, "audit.audit_next_charge"):
        return None
    rows = connection.execute(
        text(
            "select cause, count(*) as services, sum(sonar_cents)::bigint as sonar,"
            " sum(splynx_cents)::bigint as splynx, min(splynx_date) as first_day,"
            " count(*) filter (where is_overdue) as overdue from audit.audit_next_charge"
            " group by cause order by cause <> 'same', count(*) desc, cause"
        )
    )
    return tuple(
        NextCharge(row.cause, row.services, row.sonar, row.splynx, row.first_day, row.overdue)
        for row in rows
    )


def _blocks(connection: Connection) -> tuple[tuple[Block, ...] | None, int]:
    if not exists(connection, "audit.audit_first_week_blocks"):
        return None, 0
    rows = connection.execute(
        text(
            "select _customer_key, splynx_blocks_on, sonar_switch_date, reason, difference,"
            " late_cents, count(*) over () as blocked from audit.audit_first_week_blocks"
            " order by splynx_blocks_on, late_cents desc, length(_customer_key), _customer_key"
            " limit :most"
        ),
        {"most": _MOST},
    ).all()
    blocks = tuple(
        Block(
            row._customer_key,
            row.splynx_blocks_on,
            row.sonar_switch_date,
            row.reason,
            row.difference,
            row.late_cents,
        )
        for row in rows
    )
    return blocks, rows[0].blocked if rows else 0


def first_week(connection: Connection, money: Money | None) -> FirstWeek | None:
    """Return next charges and blocks; None where neither has been worked out."""
    charges = _charges(connection)
    blocks, blocked = _blocks(connection)
    if charges is None and blocks is None:
        return None
    decimals = money.lines[0].decimals if money is not None and money.lines else 2
    return FirstWeek(decimals, charges, blocks, blocked)
