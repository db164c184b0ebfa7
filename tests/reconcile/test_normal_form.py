"""One value, both servers, one text: what the whole comparison rests on."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text

from load.reconcile.normal_form import compared, mysql_digest, mysql_value, postgres_digest
from load.reconcile.normal_form import postgres_value as in_postgres
from runtime.manifest import MartColumn
from tests.services import Splynx

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]

# (mart type, target type, none, value in the mart as SQL, value in the target as SQL, normal form)
_SAME = [
    ("integer", "int unsigned", None, "7", "7", "7"),
    ("numeric", "int", None, "7.00", "7", "7"),
    ("boolean", "tinyint", None, "true", "1", "1"),
    ("varchar", "enum('0','1')", None, "'1'", "'1'", "1"),
    ("bigint", "int", "0", "null", "0", "0"),
    ("numeric", "decimal(19,4)", None, "64.5", "64.5", "64.5"),
    ("numeric", "decimal(19,4)", None, "-100", "-100", "-100"),
    ("numeric", "decimal(19,4)", None, "0", "0", "0"),
    ("numeric", "decimal(19,4)", "0.0000", "null", "0", "0"),
    ("numeric", "decimal(19,0)", None, "1000", "1000", "1000"),
    ("date", "date", None, "'2024-02-29'", "'2024-02-29'", "2024-02-29"),
    ("date", "date", "0000-00-00", "null", "'0000-00-00'", "0000-00-00"),
    (
        "timestamp", "datetime", None, "'2024-03-31 02:30:00'", "'2024-03-31 02:30:00'",
        "2024-03-31 02:30:00.000000",
    ),
    (
        "timestamp", "datetime", "0000-00-00 00:00:00", "null", "'0000-00-00 00:00:00'",
        "0000-00-00 00:00:00.000000",
    ),
    ("numeric(19,4)", "decimal(19,4)", None, "10.5000", "10.5", "10.5"),
    ("smallint", "tinyint", None, "-5", "-5", "-5"),
    ("bigint", "int", None, "null", "null", None),
    ("date", "date", None, "null", "null", None),
    ("time", "time", None, "'08:05:09'", "'08:05:09'", "08:05:09"),
    ("text", "varchar(99)", None, "'Ü 😀 \\\" '' |:-'", "'Ü 😀 \\\\\" '' |:-'", "Ü 😀 \\\" ' |:-"),
    ("text", "varchar(99)", "", "null", "''", ""),
    ("text", "varchar(99)", None, "null", "null", None),
    ("text", "text", None, "'NULL'", "'NULL'", "NULL"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("mart_type", "target_type", "none", "ours", "theirs", "normal"),
    _SAME,
    ids=[f"{case[0]}-{case[1]}-{case[5]}" for case in _SAME],
)
def test_a_value_has_the_same_form_on_both_sides(  # noqa: PLR0913, PLR0917 - one column per parameter
    shared_warehouse: Engine,
    shared_splynx: Splynx,
    mart_type: str,
    target_type: str,
    none: str | None,
    ours: str,
    theirs: str,
    normal: str | None,
) -> None:
    with shared_warehouse.connect() as pg, shared_splynx.engine.connect() as my:
        my.exec_driver_sql("set session sql_mode = ''")
        my.exec_driver_sql(f"create or replace temporary table t (v {target_type})")
        my.exec_driver_sql(f"insert into t values ({theirs})")
        facts = my.exec_driver_sql("show columns from t").one()
        kind = str(facts[1]).split("(")[0].split()[0]
        scale = int(facts[1].split(",")[1].split(")")[0]) if "decimal" in facts[1] else None
        column = compared(MartColumn("v", mart_type, none, (), {}), kind, scale)
        here = pg.execute(
            text(f"select {in_postgres(column)}, {postgres_digest([column, column])}"
                 f" from (select cast({ours} as {mart_type}) as v) as t")
        ).one()  # fmt: skip
        there = my.execute(
            text(f"select {mysql_value(column)}, {mysql_digest([column, column])} from t")
        ).one()
    assert here[0] == there[0] == normal
    assert here[1] == there[1]


def test_columns_do_not_run_into_each_other(shared_warehouse: Engine) -> None:
    columns = [compared(MartColumn(n, "text", None, (), {}), "varchar", None) for n in "ab"]
    with shared_warehouse.connect() as pg:
        digests: int = pg.execute(
            text(
                f"select count(distinct {postgres_digest(columns)}) from (values ('x', 'yz'),"
                " ('xy', 'z'), ('xyz', ''), ('xyz', null), ('x:1', 'z')) as t (a, b)"
            )
        ).scalar_one()
    assert digests == 5


def test_numbers_do_not_run_into_each_other_nor_into_nothing(shared_warehouse: Engine) -> None:
    columns = [
        compared(MartColumn(name, kind, None, (), {}), target, None)
        for name, kind, target in (
            ("a", "bigint", "int"), ("b", "numeric(19,4)", "decimal"), ("c", "date", "date")
        )
    ]  # fmt: skip
    with shared_warehouse.connect() as pg:
        digests: int = pg.execute(
            text(
                f"select count(distinct {postgres_digest(columns)}) from (values"
                " (1, 23, date '2024-01-01'), (12, 3, '2024-01-01'), (123, null, '2024-01-01'),"
                " (null, 123, '2024-01-01'), (12, -3, '2024-01-01'), (12, 3, null),"
                " (12, 3.1, '2024-01-01')) as t (a, b, c)"
            )
        ).scalar_one()
    assert digests == 7
