"""One hash on either side, for values that tend to come back different."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest
from sqlalchemy import Connection, Engine, create_engine

from load.mysql.read_facts import table_facts
from load.mysql.session import MODES
from load.planning.row_hash import (
    digest,
    mart_hash,
    mart_texts,
    none_text,
    quick_hash_of_target,
    target_hash,
)
from load.target.facts import ColumnFact
from runtime.manifest import Mart
from tests.load.miniature import HOSTILE, column, fact_of, mart
from tests.services import Splynx

VALUES = mart(
    "hostile_values",
    "foundation",
    [
        column("id", "bigint"),
        column("words", "text", ""),
        column("fixed", "varchar(40)"),
        column("kind", "text", "none"),
        column("is_on", "boolean"),
        column("money", "numeric(19,4)", "0"),
        column("padded", "numeric(10,2)"),
        column("whole", "integer"),
        column("big", "numeric(20,0)"),
        column("day", "date", "0000-00-00"),
        column("day_as_moment", "date", "0000-00-00"),
        column("moment", "timestamp", "0000-00-00 00:00:00"),
        column("precise", "timestamp"),
        column("missing", "text"),
    ],
)
TARGET = """
create table hostile_values (
    id int unsigned primary key, words text not null, fixed char(40), kind enum('b','a','none'),
    is_on tinyint(1), money decimal(19,4) not null, padded decimal(19,4) unsigned, whole smallint,
    big bigint unsigned, day date not null, day_as_moment datetime not null,
    moment datetime not null, precise datetime(3), missing varchar(9))
"""
SOURCE = """
create schema splynx_staging;
create table splynx_staging.hostile_values (
    _sonar_key text, id bigint, words text, fixed varchar(40), kind text, is_on boolean,
    money numeric(19,4), padded numeric(10,2), whole integer, big numeric(20,0), day date,
    day_as_moment date, moment timestamp, precise timestamp, missing text)
"""


def _rows() -> list[tuple[object, ...]]:
    chance = random.Random(13)

    def perhaps(value: object) -> object:
        return None if chance.random() < 0.2 else value

    words = [*HOSTILE, "", " ", "x" * 5000, "\x1e", "\u00a0", "\ufffd", "Ω", "ß SS", "\u2028"]
    rows: list[tuple[object, ...]] = []
    for n in range(1, 400):
        day = f"{chance.randrange(1000, 9999):04d}-{chance.randrange(1, 13):02d}-28"
        moment = f"{day} 23:59:{chance.randrange(60):02d}"
        rows.append(
            (
                str(n),
                n,
                perhaps(words[n % len(words)]),
                perhaps(words[n % len(words)][:40]),
                perhaps(chance.choice("ab")),
                perhaps(chance.random() < 0.5),
                perhaps(f"{chance.randrange(-(10**14), 10**14)}.{chance.randrange(10**4):04d}"),
                perhaps(f"{chance.randrange(10**8)}.5"),
                perhaps(chance.randrange(-32768, 32768)),
                perhaps(chance.choice([0, 2**64 - 1, 2**63])),
                perhaps(day),
                perhaps(day),
                perhaps(moment + chance.choice(["", ".999999", ".5"])),
                perhaps(moment + chance.choice(["", ".9999", ".5", ".001"])),
                None,
            )
        )
    return rows


@pytest.mark.postgres
@pytest.mark.mysql
def test_both_sides_give_one_hash_and_one_text(warehouse: Engine, splynx: Splynx) -> None:
    rows = _rows()
    with warehouse.begin() as connection:
        connection.exec_driver_sql(SOURCE)
        one = "(" + ", ".join(["%s"] * len(rows[0])) + ")"
        connection.exec_driver_sql(
            f"insert into splynx_staging.hostile_values values {', '.join([one] * len(rows))}",
            tuple(value for row in rows for value in row),
        )
    engine = create_engine(splynx.admin_url.update_query_dict({"charset": "utf8mb4"}))
    with engine.begin() as target, warehouse.connect() as source:
        target.exec_driver_sql(f"set session sql_mode = '{','.join(MODES)}'")
        target.exec_driver_sql(TARGET)
        facts = table_facts(target, [VALUES.name])[VALUES.name].columns
        sent = _sent(source, VALUES, facts)
        one = "(" + ", ".join(["%s"] * len(VALUES.columns)) + ")"
        for *texts, _ in sent:
            target.exec_driver_sql(f"insert into hostile_values values {one}", tuple(texts))
        hashed = target_hash(VALUES)
        stored = target.exec_driver_sql(f"select {hashed} from hostile_values order by id").all()
        quick = quick_hash_of_target(VALUES, facts, "v")
        cheap = target.exec_driver_sql(f"select {quick} from hostile_values as v order by id").all()
    engine.dispose()
    assert cheap == stored
    differing = [texts for (*texts, ours), (theirs,) in zip(sent, stored, strict=True)
                 if ours != theirs]  # fmt: skip
    assert differing == []
    assert len({row[-1] for row in sent}) == len(rows)


def _sent(
    source: Connection, one: Mart, facts: Mapping[str, ColumnFact]
) -> list[tuple[object, ...]]:
    texts = mart_texts(one, facts)
    statement = (
        f"select {', '.join(texts)}, {mart_hash(one, facts)} from {one.relation} as m order by m.id"
    )
    return [tuple(row) for row in source.exec_driver_sql(statement, {})]


@pytest.mark.postgres
def test_a_wide_row_hashes_as_one_text(warehouse: Engine) -> None:
    texts = [f"'{n}'" for n in range(130)]  # more than Postgres takes as arguments of one call
    with warehouse.connect() as connection:
        wide = connection.exec_driver_sql(f"select {digest(texts)}", {}).one()
        plain = connection.exec_driver_sql(
            "select md5(string_agg(n::text, chr(31) order by n)) from generate_series(0, 129) as n"
        ).one()
    assert wide == plain


@pytest.mark.parametrize(
    ("none", "data_type", "column_type", "scale", "text"),
    [
        ("0", "decimal", "decimal(19,4)", 4, "0.0000"),
        ("0", "int", "int", 0, "0"),
        ("0000-00-00", "date", "date", None, "0000-00-00"),
        ("0000-00-00", "datetime", "datetime", None, "0000-00-00 00:00:00"),
        ("0000-00-00 00:00:00", "datetime", "datetime(3)", None, "0000-00-00 00:00:00.000"),
        ("", "varchar", "varchar(9)", None, ""),
    ],
)
def test_none_is_spelled_as_the_target_prints_it(
    none: str, data_type: str, column_type: str, scale: int | None, text: str
) -> None:
    fact = fact_of(data_type, column_type, numeric_scale=scale)
    assert none_text(none, fact) == text
