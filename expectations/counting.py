"""How many rows break each rule of a mart, in one statement, and whose keys they have.

A statement that fails, because a mart lost a column or a cast met a text, says nothing of the other
rules in it; then each rule is counted by itself, and those at fault are named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from expectations.gate import MAX_KEYS
from expectations.suites.rules import BATCH, Rule


@dataclass(frozen=True, slots=True)
class Counted:
    """What one rule found. `broken` is the class of the error because of which it found nothing."""

    count: int = 0
    keys: tuple[str, ...] = ()
    broken: str | None = None

    @property
    def holds(self) -> bool:
        """Whether the rule was evaluated and no row breaks it."""
        return self.broken is None and not self.count


def counting(rules: Sequence[Rule], relation: str) -> str:
    """Return the statement that counts what breaks each of `rules` in `relation`.

    It has one row: all rows of the relation first, which makes it an aggregate whatever follows.
    """
    counts = ", ".join(["count(*)", *(rule.count for rule in rules)])
    return f"select {counts} from {BATCH} as checked".replace(BATCH, relation)


def naming(rule: Rule, relation: str, most: int) -> str:
    """Return the statement that names keys of rows that break `rule`, the same ones each time."""
    keys = rule.keys.replace(BATCH, relation)
    return (
        f"select _sonar_key from ({keys}) as broken"
        f" order by length(_sonar_key), _sonar_key limit {most:d}"
    )


def _rows(engine: Engine, statement: str) -> Sequence[Sequence[object]]:
    # A `%` or a `:` in a rule is what it is: nothing is bound.
    with engine.connect().execution_options(no_parameters=True) as connection:
        return [tuple(row) for row in connection.exec_driver_sql(statement)]


def _counted(engine: Engine, rule: Rule, relation: str, count: int) -> Counted:
    if not count:
        return Counted()
    keys = _rows(engine, naming(rule, relation, MAX_KEYS))
    return Counted(count, tuple(str(row[0]) for row in keys))


def _alone(engine: Engine, rule: Rule, relation: str) -> Counted:
    try:
        [[_, count]] = _rows(engine, counting([rule], relation))
        return _counted(engine, rule, relation, int(str(count)))
    except DBAPIError as exc:
        if exc.connection_invalidated:
            raise
        return Counted(broken=type(exc.orig).__name__)


def count_all(engine: Engine, rules: Sequence[Rule], relation: str) -> list[Counted]:
    """Return what each of `rules` found in `relation`, in their order.

    Raises:
        DBAPIError: the connection broke.
    """
    try:
        [[_, *counts]] = _rows(engine, counting(rules, relation))
        return [
            _counted(engine, rule, relation, int(str(count)))
            for rule, count in zip(rules, counts, strict=True)
        ]
    except DBAPIError as exc:
        if exc.connection_invalidated:
            raise
    return [_alone(engine, rule, relation) for rule in rules]
