"""The records of Sonar that belong to an account, and what became of each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, text

from load.explain.facts import Record
from load.planning.row_hash import pg_name
from runtime.errors import ConfigError
from runtime.manifest import Mart

OUTCOMES = "audit.audit_record_outcomes"
_REFERENCE = "account_id"  # how Sonar's records name the account that they belong to
_TYPES = "_type"  # `x_type` = Account beside `x_id`: a record of one of several kinds of owners
_OWNER = "Account"
_NUMBER = re.compile(r"^### (D-\d{3})\b", re.MULTILINE)


def exists(warehouse: Connection, relation: str) -> bool:
    """Return whether the warehouse has the relation."""
    found = text("select to_regclass(:relation) is not null")
    return bool(warehouse.execute(found, {"relation": relation}).scalar_one())


def decisions_naming(page: str) -> Mapping[str, tuple[str, ...]]:
    """Return the numbers of decisions by each rule or reason that they name in backticks. Pure."""
    found: dict[str, list[str]] = {}
    headings = list(_NUMBER.finditer(page))
    ends = [heading.start() for heading in headings[1:]] + [len(page)]
    for heading, end in zip(headings, ends, strict=True):
        for word in sorted(set(re.findall(r"`(\w+)`", page[heading.end() : end]))):
            found.setdefault(word, []).append(heading[1])
    return {word: tuple(numbers) for word, numbers in found.items()}


def _collections(warehouse: Connection) -> list[str]:
    rows = warehouse.execute(
        text(
            "select table_name from information_schema.columns where table_schema = 'raw_sonar'"
            " and column_name = '_sonar_key' and table_name !~ '^_' order by 1"
        )
    )
    return [row[0] for row in rows]


def _owners(warehouse: Connection, relation: str) -> list[str]:
    """Return the conditions by which a row of the raw table may name its account."""
    row = warehouse.exec_driver_sql(f"select payload from {relation} limit 1").first()
    names = set(row[0]) if row is not None else set()
    found = [f"payload ->> '{_REFERENCE}' = %(account)s"] if _REFERENCE in names else []
    for name in sorted(names):
        owner = f"{name.removesuffix(_TYPES)}_id"
        if name.endswith(_TYPES) and owner in names and re.fullmatch(r"\w+", name):
            found.append(
                f"(payload ->> '{name}' = '{_OWNER}' and payload ->> '{owner}' = %(account)s)"
            )
    return found


_Decided = tuple[str, str | None, str | None]  # entity, outcome, reason


def _decided_of(
    warehouse: Connection, account: str, of_account: str | None
) -> dict[tuple[str, str], _Decided]:
    """Return what became of each record that the models count as the account's."""
    rows = warehouse.execute(
        text(
            f"select collection, _sonar_key, entity, outcome, reason from {OUTCOMES}"
            " where _customer_key = :account or collection = :own and _sonar_key = :account"
        ),
        {"account": account, "own": of_account},
    )
    return {(row[0], row[1]): (row[2], row[3], row[4]) for row in rows}


def _decided_too(
    warehouse: Connection, pairs: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], _Decided]:
    """Return the same of records that name the account, whomever the models gave them to."""
    wanted = list(pairs)
    rows = warehouse.execute(
        text(
            f"select known.collection, known._sonar_key, entity, outcome, reason"
            f" from {OUTCOMES} as known join unnest(cast(:collections as text[]),"
            "  cast(:keys as text[])) as asked (collection, _sonar_key)"
            " on known.collection = asked.collection and known._sonar_key = asked._sonar_key"
        ),
        {"collections": [one[0] for one in wanted], "keys": [one[1] for one in wanted]},
    )
    return {(row[0], row[1]): (row[2], row[3], row[4]) for row in rows}


def _landed(
    warehouse: Connection, collection: str, account: str, keys: list[str]
) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    """Yield (key, payload, run) of raw rows that are known as the account's, or name it."""
    relation = f"raw_sonar.{pg_name(collection)}"
    wanted = ["_sonar_key = any(%(keys)s)", *_owners(warehouse, relation)]
    rows = warehouse.exec_driver_sql(
        f"select _sonar_key, payload, _run_id from {relation}"
        f" where _deleted_at is null and ({' or '.join(wanted)})",
        {"keys": keys, "account": account},
    )
    for row in rows:
        yield row[0], row[1], row[2]


def _decided(record: Record, decisions: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the decisions about a record's reason; only those about its kind, where some are."""
    found = decisions.get(record.reason or "", ())
    of_kind = {*decisions.get(record.collection, ()), *decisions.get(record.entity or "", ())}
    return tuple(number for number in found if number in of_kind) or found


def account_collection(warehouse: Connection, customers: Mart) -> str | None:
    """Return the collection whose records become customers."""
    return warehouse.execute(
        text(
            f"select collection from {OUTCOMES} where entity = :entity"
            " group by collection order by count(*) desc limit 1"
        ),
        {"entity": customers.name},
    ).scalar_one_or_none()


def records_of(
    warehouse: Connection, customers: Mart, account: str, decisions: Mapping[str, tuple[str, ...]]
) -> list[Record]:
    """Return all records that belong to an account; its own comes first.

    Raises:
        ConfigError: nothing was transformed, or no record belongs to such an account.
    """
    if not exists(warehouse, OUTCOMES):
        raise ConfigError(f"{OUTCOMES} does not exist: run `make extract inspect transform` first")
    of_account = account_collection(warehouse, customers)
    decided = _decided_of(warehouse, account, of_account)
    landed = {}
    for collection in _collections(warehouse):
        keys = [key for name, key in decided if name == collection]
        keys += [account] if collection == of_account else []
        for key, payload, run_id in _landed(warehouse, collection, account, keys):
            landed[(collection, key)] = (payload, run_id)
    decided |= _decided_too(warehouse, landed.keys() - decided.keys())
    found = []
    for pair in decided.keys() | landed.keys():
        record = Record(
            *pair, *decided.get(pair, (None, None, None)), *landed.get(pair, (None, None))
        )
        found.append(replace(record, decisions=_decided(record, decisions)))
    ordered = sorted(
        found, key=lambda one: (one.collection != of_account, one.collection, len(one.key), one.key)
    )
    if not ordered:
        raise ConfigError(
            f"no record of Sonar belongs to account {account}: mistyped, or not extracted yet "
            "(make extract transform)"
        )
    return ordered


def summary(account: str, customers: Mart, records: Iterable[Record], *, is_written: bool) -> str:
    """Return in one sentence what became of the account. Pure."""
    own = next(
        (one for one in records if one.entity == customers.name and one.key == account), None
    )
    if own is None:
        return f"account {account} itself is not in Sonar's extraction; records name it"
    if own.outcome == "mart":
        where = "was written to the target" if is_written else "is not in the target"
        return f"account {account} became a row of {customers.name}, which {where}"
    why = f" ({', '.join(own.decisions)})" if own.decisions else ""
    return f"account {account} was {own.outcome or 'lost'}: {own.reason or 'no reason'}{why}"
