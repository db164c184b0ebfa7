"""What each word of the suites counts and whose keys it names, on rows made for it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import Engine

from expectations.counting import Counted, count_all
from expectations.gate import MAX_KEYS
from expectations.suites.rules import (
    Rule,
    all_rows,
    between,
    leads_to,
    no_longer_than,
    no_rows,
    not_empty,
    not_null,
    one_for_each,
    one_of,
    unique,
    unique_in_any_case,
)

pytestmark = pytest.mark.postgres

_MART = 'splynx_staging."made up"'
_PERSON = "Wilhelmina Plantedperson"
_ROWS = f"""
    create schema splynx_staging;
    create table {_MART} (_sonar_key text, id bigint, "order" text, price numeric(12,2), since date,
        parent bigint);
    insert into {_MART} values
        ('1', 1, 'it''s', 9999.99, '1000-01-01', null),
        ('2', 2, 'IT''S', 10000.00, '0999-12-31', 1),
        ('3', 2, ' ', -0.01, '9999-12-31', 1),
        ('10', null, null, null, null, 4711),
        ('20', 5, '{_PERSON}', 0.00, '2020-02-29', 1),
        ('30', null, null, null, null, null);
    create table splynx_staging.parents (_sonar_key text, id bigint);
    insert into splynx_staging.parents values ('a', 1), ('b', 2), ('c', 3)
"""


@pytest.fixture
def rows(warehouse: Engine) -> Engine:
    with warehouse.begin() as connection:
        connection.exec_driver_sql(_ROWS)
    return warehouse


_FOUND: dict[str, tuple[Rule, tuple[str, ...]]] = {
    "not_null": (not_null("order"), ("10", "30")),
    "not_empty": (not_empty("order"), ("3",)),
    "one_of, texts": (one_of("order", ["it's", "IT'S", " "]), ("20",)),
    "one_of, numbers": (one_of("id", [1, 2]), ("20",)),
    "no_longer_than": (no_longer_than("order", 4), ("20",)),
    "between, cents": (between("price", 0, Decimal("9999.99")), ("2", "3")),
    "between, no upper bound": (between("price", 0), ("3",)),
    "between, days": (between("since", date(1000, 1, 1), date(9999, 12, 31)), ("2",)),
    "unique": (unique(["id"]), ("2", "3")),
    "unique, two columns": (unique(["id", "parent"]), ("2", "3")),
    "unique, one of them empty": (unique(["id", "order"]), ()),
    "unique_in_any_case": (unique_in_any_case("order"), ("1", "2")),
    "all_rows": (all_rows("w", "price <> 10000 or since is null"), ("2",)),
    "all_rows, null is no breach": (all_rows("w", "parent > 0"), ()),
    "all_rows, signs of drivers": (all_rows("w", r"'abc%s:x' ~ '^.{3}%s:x$' and id <> 5"), ("20",)),
    "all_rows, other rows": (
        all_rows(
            "w",
            "parent is null or exists (select from {batch} as o where o.id = checked.parent)",
        ),
        ("10",),
    ),
    "all_rows, other tables": (
        all_rows("w", "parent in (select p.id from splynx_staging.parents as p)"),
        ("10",),
    ),
    "no_rows": (
        no_rows(
            "w",
            "price >= 0 and exists (select from {batch} as o where o.id = checked.parent"
            " and o.price > checked.price)",
        ),
        ("20",),
    ),
    "leads_to": (leads_to("w", "parent", "select id from splynx_staging.parents"), ("10",)),
    "leads_to, one of two places": (
        leads_to("w", "id", "select 5", "select id from splynx_staging.parents where id < 2"),
        ("2", "3"),
    ),
    "one_for_each, among empty ones": (one_for_each("parents", "parent"), ("b", "c")),
}


def test_each_word_finds_what_breaks_it_and_no_more(rows: Engine) -> None:
    found = count_all(rows, [rule for rule, _ in _FOUND.values()], _MART)
    for (name, (_, keys)), counted in zip(_FOUND.items(), found, strict=True):
        assert counted == Counted(len(keys), keys), name


def test_nothing_breaks_a_rule_in_an_empty_mart_but_what_is_missing(rows: Engine) -> None:
    with rows.begin() as connection:
        connection.exec_driver_sql(f"truncate {_MART}")
    found = count_all(rows, [unique(["id"]), not_null("id"), one_for_each("parents", "id")], _MART)
    assert [counted.count for counted in found] == [0, 0, 3]
    assert count_all(rows, [one_for_each("parents", "id")], _MART)[0].keys == ("a", "b", "c")


def test_a_rule_that_fails_takes_no_other_with_it(rows: Engine) -> None:
    rules = [
        all_rows("quotes a person in its error", '"order"::integer > 0'),
        not_null("lost"),
        between("order", 1),
        all_rows("looks elsewhere", "id in (select id from splynx_staging.gone)"),
        not_empty("order"),
        one_for_each("parents", "parent"),
    ]
    *broken, blank, missing = count_all(rows, rules, _MART)
    assert [counted.broken for counted in broken] == [
        "InvalidTextRepresentation",
        "UndefinedColumn",
        "UndefinedFunction",
        "UndefinedTable",
    ]
    assert not any(counted.holds for counted in broken)
    assert (blank, missing) == (Counted(1, ("3",)), Counted(2, ("b", "c")))


def test_keys_are_capped_and_the_same_ones_each_time(rows: Engine) -> None:
    with rows.begin() as connection:
        connection.exec_driver_sql(
            f"insert into {_MART} (_sonar_key, id) select g, -1 from generate_series(1000, 1, -1) g"
        )
    [counted] = count_all(rows, [between("id", 0)], _MART)
    assert counted == Counted(1000, tuple(str(number) for number in range(1, MAX_KEYS + 1)))
