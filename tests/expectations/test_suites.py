"""The suites against the project's own marts: no rule may point at a column that is not there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from expectations import suites
from expectations.counting import counting
from expectations.suites import business_rules, rules_of
from expectations.target import TargetColumn, TargetTable
from runtime.manifest import Manifest, Mart, MartColumn, Reference, read_manifest
from tests import services


@pytest.fixture
def manifest(
    warehouses: services.Warehouses, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Manifest]:
    """Read the manifest of the project; where dbt has to parse for it, the ways have it too."""
    with warehouses.fresh(services.PARSED_FOR) as url:
        for name, value in {"WAREHOUSE_URL": services.plain(url), **services.parse()}.items():
            monkeypatch.setenv(name, value)
        yield read_manifest()


@pytest.mark.postgres
def test_rules_written_by_hand_are_of_a_mart_and_name_its_columns(manifest: Manifest) -> None:
    folder = Path(suites.__file__).parent
    shared = {"__init__", "rules", "fit_target", "discounts", "networks"}
    written = {path.stem for path in folder.glob("*.py")} - shared
    marts = {mart.name: mart for mart in manifest.marts}
    assert written
    assert written <= set(marts)
    for name in written:
        rules = business_rules(name)
        assert rules, name
        columns = {column.name for column in marts[name].columns}
        named = {column for rule in rules for column in rule.columns}
        assert named <= columns, name


@pytest.mark.postgres
def test_no_rule_looks_other_rows_up_one_by_one(manifest: Manifest, warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "create schema splynx_staging; create schema intermediate; create table intermediate"
            ".int_crosswalk (target text, entity text, origin text, planned_id bigint)"
        )
        for mart in manifest.marts:
            columns = ", ".join(f'"{each.name}" {each.data_type}' for each in mart.columns)
            connection.exec_driver_sql(
                f'create table {mart.schema}."{mart.name}" (_sonar_key text, {columns})'
            )
        for mart in manifest.marts:
            rules = rules_of(mart, manifest.marts, None)
            counts = counting(rules, f'{mart.schema}."{mart.name}"').replace("%", "%%")
            plan = "\n".join(row[0] for row in connection.exec_driver_sql(f"explain {counts}"))
            # What Postgres can't join it runs for each row: a time that grows with the square.
            assert "SubPlan" not in plan, f"{mart.name}\n{plan}"


def _new_mart(*columns: MartColumn) -> Mart:
    return Mart(
        name="brand_new",
        schema="splynx_staging",
        columns=(MartColumn("id", "bigint", None, (), {}), *columns),
        key=("id",),
        group="trailing",
        routes=frozenset(),
        references=(),
        business_keys=(),
        confidence="inferred",
        collections=frozenset(),
    )


def _target(name: str, data_type: str, *, nullable: bool = False) -> TargetColumn:
    return TargetColumn(
        name=name,
        data_type=data_type,
        max_length=5 if data_type == "varchar" else None,
        precision=6 if data_type == "decimal" else None,
        scale=2 if data_type == "decimal" else None,
        is_unsigned=True,
        is_nullable=nullable,
        enum_values=("0", "1") if data_type == "enum" else None,
    )


@pytest.mark.parametrize(
    ("mart_type", "none", "target", "words"),
    [
        (
            "varchar(9)",
            None,
            _target("c", "varchar"),
            {"c has a value", "c has at most 5 characters"},
        ),
        ("text", "", _target("c", "varchar"), {"c has at most 5 characters"}),
        ("text", None, _target("c", "varchar", nullable=True), {"c has at most 5 characters"}),
        ("integer", "0", _target("c", "enum"), {"c is one of 0, 1"}),
        ("integer", "0", _target("c", "tinyint"), {"c is at least 0 and at most 255"}),
        ("numeric(6,2)", "0", _target("c", "decimal"), {"c is at least 0 and at most 9999.99"}),
        ("date", "x", _target("c", "date"), {"c is at least 1000-01-01 and at most 9999-12-31"}),
        ("text", "", _target("c", "longtext"), set()),
    ],
)
def test_a_new_mart_gets_the_rules_of_its_target_without_python(
    mart_type: str, none: str | None, target: TargetColumn, words: set[str]
) -> None:
    mart = _new_mart(MartColumn("c", mart_type, none, (), {}))
    table = TargetTable(columns={"c": target}, unique_keys=(("id",), ("c", "id"), ("other",)))
    found = {rule.description for rule in rules_of(mart, [mart], table)}
    own = {"_sonar_key has a value", "id has a value", "id unique", "c, id unique"}
    assert found == own | words


@pytest.mark.parametrize("or_matched", [False, True])
def test_a_reference_reaches_rows_of_the_target_only_where_it_may(or_matched: bool) -> None:
    mart = replace(_new_mart(), references=(Reference("id", "brand_new", "id", or_matched),))
    (rule,) = (r for r in rules_of(mart, [mart], None) if "leads to" in r.description)
    assert ("int_crosswalk" in rule.keys) == or_matched
    assert rule.description.endswith("or of the target") == or_matched
