"""Conservation on our side of the load: source records, raw rows, marts.

Reads the audits of dbt, the extraction ledger, raw rows and marts by key. Every row of the audits
becomes one line: of the mart it feeds, or a line of its own where its records live on inside
another mart's rows (contacts inside customers). Which rows a mart must have is an audit of its own,
because not every row is a record (a link, a value of an additional field).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from load.reconcile.findings import Name
from load.reconcile.landed import landed_difference
from load.reconcile.normal_form import quoted_postgres
from load.reconcile.results import MAX_KEYS, Difference, SourceCounts, difference
from runtime.errors import ConfigError
from runtime.manifest import Mart


@dataclass(frozen=True, slots=True)
class Account:
    """One row of `audit.audit_row_accounting`."""

    collection: str
    entity: str
    proven: int | None
    mart: int
    merged: int
    excluded: int
    rejected: int
    unaccounted: int | None

    @property
    def counts(self) -> SourceCounts:
        """The account as a line of the result shows it."""
        return SourceCounts(self.proven or 0, self.merged, self.excluded, self.rejected)


@dataclass(frozen=True, slots=True)
class Line:
    """A mart with the account of the collection it is made from, if one is.

    `records_of` names the mart whose records have a row here: the parent of a child, else itself.
    `is_audited` says whether an audit knows which rows the mart must have.
    """

    mart: Mart
    account: Account | None
    records_of: str
    is_audited: bool

    @property
    def is_child(self) -> bool:
        """Whether the mart has one row for each row of another mart."""
        return self.records_of != self.mart.name


def parent_of(mart: Mart) -> str | None:
    """Return the mart whose id is this mart's key: such a table has one row for each parent's."""
    if len(mart.key) != 1:
        return None
    return next((r.to_mart for r in mart.references if r.column == mart.key[0]), None)


def assign(
    marts: Sequence[Mart], accounts: Sequence[Account], audited: Collection[str]
) -> tuple[list[Line], list[Account]]:
    """Return the line of each mart, and the accounts that belong to no mart's line. Pure.

    Where several collections feed one entity, its line shows the one that gives most of the rows. A
    child without an account of its own shows its parent's.
    """
    own: dict[str, Account] = {}
    names = {mart.name for mart in marts}
    for account in sorted(accounts, key=lambda a: (-a.mart, a.collection)):
        if account.entity in names:
            own.setdefault(account.entity, account)
    lines = []
    for mart in marts:
        parent = parent_of(mart)
        shown = own.get(mart.name) or own.get(parent or mart.name)
        lines.append(Line(mart, shown, parent or mart.name, mart.name in audited))
    used = set(own.values())
    return lines, [account for account in accounts if account not in used]


_AUDITS = ("audit.audit_row_accounting", "audit.audit_mart_accounting")


def audited_marts(connection: Connection) -> frozenset[str]:
    """Return the marts of which an audit knows the rows they must have."""
    rows = connection.execute(text("select entity from audit.audit_mart_accounting"))
    return frozenset(row[0] for row in rows)


def read_accounts(connection: Connection) -> list[Account]:
    """Return the audits' accounts.

    Raises:
        ConfigError: the audits have not been built.
    """
    for relation in (*_AUDITS, "audit.audit_record_outcomes", "audit.audit_mart_rows"):
        found = text("select to_regclass(:relation) is not null")
        if not connection.execute(found, {"relation": relation}).scalar_one():
            raise ConfigError(f"{relation} does not exist: run `make transform` first")
    rows = connection.execute(
        text(
            "select collection, entity, proven, mart, merged, excluded, rejected, unaccounted"
            " from audit.audit_row_accounting order by collection, entity"
        )
    )
    return [
        Account(
            collection=row.collection,
            entity=row.entity,
            proven=row.proven,
            mart=row.mart,
            merged=row.merged,
            excluded=row.excluded,
            rejected=row.rejected,
            unaccounted=row.unaccounted,
        )
        for row in rows
    ]


def _keys(connection: Connection, query: str, **values: object) -> tuple[int, tuple[str, ...]]:
    """Return how many keys `query` yields, and the first of them."""
    counted = text(
        f"with found as ({query}) select (select count(*) from found),"
        " array(select _sonar_key from found order by _sonar_key limit :most)"
    )
    row = connection.execute(counted, {**values, "most": MAX_KEYS}).one()
    return int(row[0]), tuple(row[1])


def _named(
    connection: Connection, name: Name, what: str, query: str, **values: object
) -> Iterator[Difference]:
    count, keys = _keys(connection, query, **values)
    if count:
        yield difference(name, what, count, keys=keys)


def _apart(connection: Connection, one: str, other: str, **values: object) -> tuple[bool, bool]:
    """Tell whether one relation has keys that the other has not, and the other way round.

    Mostly neither has, and a pass over both says so; who they are is asked where there are some.
    """
    row = connection.execute(
        text(
            "select coalesce(bool_or(there._sonar_key is null), false),"
            " coalesce(bool_or(here._sonar_key is null), false)"
            f" from (select _sonar_key from {one}) as here"
            f" full join (select _sonar_key from {other}) as there"
            " on here._sonar_key = there._sonar_key"
        ),
        values,
    ).one()
    return bool(row[0]), bool(row[1])


def account_difference(account: Account) -> Difference | None:
    """Return the difference when the account does not come out even."""
    if account.unaccounted == 0:
        return None
    of = f"{account.collection} as {account.entity}"
    if account.unaccounted is None:
        return difference("source_not_counted", f"{of}: Sonar's own count is not known", 0)
    return difference(
        "records_unaccounted",
        f"{of}: {account.unaccounted} of {account.proven} records are unaccounted for",
        abs(account.unaccounted),
    )


# Whether a raw row came with an extraction that began after the last transform.
_NEWER = (
    "exists (select from ops.step as step where step.run_id = raw._run_id"
    " and step.step = 'extract' and step.started_at >"
    " (select max(started_at) from ops.step where step = 'transform'))"
)


def raw_differences(connection: Connection, account: Account) -> Iterator[Difference]:
    """Yield what is wrong between Sonar's count, the raw rows and the audited records."""
    raw = f"raw_sonar.{quoted_postgres(account.collection)}"
    landed = landed_difference(connection, account.collection, raw)
    if landed is not None:
        yield landed
    live = f"{raw} as raw where raw._deleted_at is null"
    known = "audit.audit_record_outcomes as known where known.collection = :collection"
    named = {"collection": account.collection}
    has_lost, has_new = _apart(connection, known, live, **named)
    if has_lost:
        lost = (
            f"select distinct known._sonar_key from {known} and not exists"
            f" (select from {live} and raw._sonar_key = known._sonar_key) and"
        )
        removed = f" exists (select from {raw} as raw where raw._sonar_key = known._sonar_key)"
        yield from _named(
            connection,
            "transformed_not_in_raw",
            f"records of {account.collection} that were transformed are not in {raw}",
            f"{lost} not {removed}",
            **named,
        )
        yield from _named(
            connection,
            "removed_in_sonar",
            f"records of {account.collection} were transformed and are removed in Sonar since",
            f"{lost}{removed}",
            **named,
        )
    if has_new:
        new = (
            f"select raw._sonar_key from {live} and not exists"
            f" (select from {known} and known._sonar_key = raw._sonar_key) and"
        )
        yield from _named(
            connection,
            "without_outcome",
            f"rows of {raw} have no outcome: lost in a model",
            f"{new} not {_NEWER}",
            **named,
        )
        yield from _named(
            connection,
            "newer_than_transform",
            f"rows of {raw} have no outcome: they are newer than the last transform",
            f"{new} {_NEWER}",
            **named,
        )


def mart_differences(connection: Connection, line: Line) -> Iterator[Difference]:
    """Yield which rows the mart should have and has not, and the other way round."""
    if not line.is_audited:
        if line.mart.collections:
            yield difference(
                "mart_not_audited", f"no audit accounts for the rows of {line.mart.name}", 1
            )
        return
    mart = f"{quoted_postgres(line.mart.schema)}.{quoted_postgres(line.mart.name)} as mart"
    known = "audit.audit_mart_rows as known where known.entity = :entity"
    values = {"entity": line.mart.name}
    has_fewer, has_more = _apart(connection, known, mart, **values)
    if has_fewer:
        yield from _named(
            connection,
            "not_in_mart",
            f"records that must be in {line.mart.name} have no row there",
            f"select known._sonar_key from {known} and not exists"
            f" (select from {mart} where mart._sonar_key = known._sonar_key)",
            **values,
        )
    if has_more:
        yield from _named(
            connection,
            "not_accepted_for_mart",
            f"rows of {line.mart.name} belong to no record that was accepted for it",
            f"select mart._sonar_key from {mart} where not exists"
            f" (select from {known} and known._sonar_key = mart._sonar_key)",
            **values,
        )


def doubled_rows(connection: Connection, mart: Mart) -> Iterator[Difference]:
    """Yield the records that have more than one row: under one key, only one can be compared."""
    yield from _named(
        connection,
        "doubled_in_mart",
        f"records have more than one row in {mart.name}",
        f"select _sonar_key from {quoted_postgres(mart.schema)}.{quoted_postgres(mart.name)}"
        " group by _sonar_key having count(*) > 1",
    )


def mart_rows(connection: Connection, mart: Mart) -> int:
    """Return how many rows a mart has."""
    relation = f"{quoted_postgres(mart.schema)}.{quoted_postgres(mart.name)}"
    return int(connection.execute(text(f"select count(*) from {relation}")).scalar_one())
