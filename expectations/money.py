"""What the audits of money say, as values, and what follows for the verdict.

Reads `audit` and seeds; writes nothing. A cent without a cause refuses, so does a mart that
contradicts itself and a number that the target could give again. What has a cause, and what Sonar
gets wrong by itself, is a warning with its amount until somebody signs for it. Only keys are shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from expectations.card_numbers import CardNumber
from expectations.gate import MAX_KEYS, Finding, Severity
from runtime.manifest import Manifest

_MARK = "billing_transactions"  # without it a project has no money, and no audits of it
RELATIONS = (
    "audit.audit_money_position",
    "audit.audit_money_differences",
    "audit.audit_money_findings",
    "audit.audit_money_breaches",
    "audit.audit_money_guards",
    "audit.audit_first_week_blocks",
    "audit.audit_shadow_bill",
    "audit.audit_payment_methods",
)


@dataclass(frozen=True, slots=True)
class Tally:
    """Rows of one kind: how many, what they come to in cents, whose, and up to what is signed."""

    what: str
    rows: int
    cents: int
    keys: tuple[str, ...]
    signed: int = 0


@dataclass(frozen=True, slots=True)
class Guarded:
    """What a guard met, with its own sentence about what to do."""

    what: str
    todo: str
    rows: int
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Money:
    """All that is decided on."""

    missing_relations: tuple[str, ...] = ()
    unexplained: Tally | None = None
    breaches: tuple[Tally, ...] = ()
    guards: tuple[Guarded, ...] = ()
    differences: tuple[Tally, ...] = ()
    contradictions: tuple[Tally, ...] = ()
    blocked: tuple[Tally, ...] = ()
    bills: tuple[Tally, ...] = ()
    re_entries: tuple[Tally, ...] = ()


def _tallies(  # noqa: PLR0913  the parts of one query
    connection: Connection,
    relation: str,
    *,
    what: str,
    cents: str = "0",
    key: str = "_sonar_key",
    where: str = "true",
) -> tuple[Tally, ...]:
    """Count a relation by `what`, the largest first. Arguments are SQL of our own."""
    rows = connection.execute(
        text(
            f"select found.what, found.rows, found.cents, found.keys,"
            " coalesce(signed.max_cents, 0) as signed from ("
            f"  select {what} as what, count(*) as rows, coalesce(sum(abs({cents})), 0) as cents,"
            f"  (array_agg(distinct {key} order by {key}))[1:{MAX_KEYS}] as keys"
            f"  from {relation} where {where} group by 1) as found"
            " left join (select cause, max(max_cents) as max_cents"
            "  from seeds.map_accepted_money_differences where source in"
            "  (select source from staging.stg_ops__extractions) group by cause) as signed"
            " on signed.cause = found.what order by found.cents desc, found.rows desc, found.what"
        )
    )
    return tuple(Tally(r.what, r.rows, int(r.cents), tuple(r.keys), int(r.signed)) for r in rows)


def gather(connection: Connection, manifest: Manifest) -> Money:
    """Return what the audits say now; nothing where the project has no money."""
    if _MARK not in {mart.name for mart in manifest.marts}:
        return Money()
    exists = text("select to_regclass(:relation) is not null")
    missing = tuple(
        relation
        for relation in RELATIONS
        if not connection.execute(exists, {"relation": relation}).scalar_one()
    )
    if missing:
        return Money(missing_relations=missing)
    unexplained = _tallies(
        connection,
        RELATIONS[0],
        what="'unexplained'",
        cents="unexplained_cents",
        where="unexplained_cents <> 0",
    )
    guards = connection.execute(
        text(
            f"select what, todo, count(*) as rows, (array_agg(_sonar_key order by _sonar_key))"
            f"[1:{MAX_KEYS}] as keys from {RELATIONS[4]} group by what, todo order by what"
        )
    )
    return Money(
        unexplained=unexplained[0] if unexplained else None,
        differences=_tallies(
            connection, RELATIONS[1], what="cause", cents="cents", key="_customer_key"
        ),
        contradictions=_tallies(
            connection,
            RELATIONS[2],
            what="finding",
            cents="stated_cents - computed_cents",
            key="collection || ' ' || _sonar_key",
        ),
        breaches=_tallies(
            connection, RELATIONS[3], what="breach", key="splynx_table || ' ' || _sonar_key"
        ),
        guards=tuple(Guarded(r.what, r.todo, r.rows, tuple(r.keys)) for r in guards),
        blocked=_tallies(connection, RELATIONS[5], what="reason", cents="late_cents"),
        bills=_tallies(
            connection,
            RELATIONS[6],
            what="cause",
            cents="difference_cents",
            key="_customer_key",
            where="cause not in ('same', 'in_price_of_bundle')",
        ),
        re_entries=_tallies(
            connection,
            RELATIONS[7],
            what="todo",
            key="_customer_key",
            where="todo not in ('nothing', 'test_one_charge')",
        ),
    )


def _refusals(money: Money) -> Iterator[Finding]:
    for relation in money.missing_relations:
        yield Finding(check="money", what=f"{relation} does not exist", todo="run make transform")
    if money.unexplained is not None:
        found = money.unexplained
        yield Finding(
            check="money",
            what=f"{found.cents} cents of {found.rows} accounts have no cause"
            " (audit.audit_money_position)",
            todo="look the accounts up there and in audit_money_breaches; mend the mapping",
            count=found.rows,
            keys=found.keys,
        )
    for found in money.breaches:
        yield Finding(
            check="money",
            what=f"the marts contradict themselves: {found.what} (audit.audit_money_breaches)",
            todo="mend the mapping, and run make transform again",
            count=found.rows,
            keys=found.keys,
        )
    for met in money.guards:
        yield Finding(check="money", what=met.what, todo=met.todo, count=met.rows, keys=met.keys)


def _told(tallies: Iterable[Tally], severity: Severity, words: str, todo: str) -> Iterator[Finding]:
    for found in tallies:
        if found.cents <= found.signed and found.signed:
            continue
        yield Finding(
            check="money",
            what=words.format(what=found.what, cents=found.cents, signed=found.signed),
            todo=todo,
            count=found.rows,
            keys=found.keys,
            severity=severity,
        )


def _bills(tallies: Sequence[Tally]) -> Iterator[Finding]:
    if tallies:
        causes = ", ".join(f"{found.what} {found.cents}" for found in tallies)
        yield Finding(
            check="money",
            what=f"lines of the next bills differ, in cents: {causes}",
            todo="read audit.audit_shadow_bill",
            count=sum(found.rows for found in tallies),
            severity="info",
        )


def findings(money: Money) -> list[Finding]:
    """Return what refuses, what warns, and what finance should read before it signs."""
    sign = "mend it in Sonar, or sign for it in map_accepted_money_differences"
    return [
        *_refusals(money),
        *_told(
            money.differences,
            "warning",
            "{cents} cents stay behind: {what}, {signed} signed for",
            sign,
        ),
        *_told(
            money.contradictions,
            "warning",
            "Sonar contradicts itself: {what}, {cents} cents, {signed} signed for",
            sign,
        ),
        *_told(
            money.blocked,
            "info",
            "Splynx would block customers in its first week: {what}, {cents} cents late",
            "read audit.audit_first_week_blocks and sign it, or give them more time",
        ),
        *_bills(money.bills),
        *_told(
            money.re_entries,
            "info",
            "cards and bank accounts to be dealt with: {what}",
            "read audit.audit_payment_methods",
        ),
    ]


def card_findings(cards: Iterable[CardNumber]) -> list[Finding]:
    """Return one refusal for each place that holds card numbers, with the last digits only."""
    places: dict[str, list[CardNumber]] = {}
    for card in cards:
        places.setdefault(card.place, []).append(card)
    return [
        Finding(
            check="card_numbers",
            what=f"{place}: what looks like a card number ({', '.join(sorted(shown)[:3])})",
            todo="mask it in Sonar and run make extract and make transform; where it is no card"
            " number, name the place in map_not_card_numbers",
            count=len(found),
            keys=tuple(dict.fromkeys(card.key for card in found))[:MAX_KEYS],
        )
        for place, found in sorted(places.items())
        for shown in [{card.masked for card in found}]
    ]
