from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runtime.errors import ConfigError
from runtime.manifest import Reference, Removal, marts_of
from tests import services


def _model(name: str, group: str | None, **extra: Any) -> dict[str, Any]:
    load = {"key": ["id"], "group": group, "routes": ["mysql"]}
    meta = {"load": load, "confidence": "observed"} if group else {}
    return {
        "name": name,
        "resource_type": "model",
        "schema": "splynx_staging",
        "checksum": {"checksum": f"code of {name}"},
        "config": {"meta": meta},
        "columns": {
            "_sonar_key": {"data_type": "text"},
            "id": {"data_type": "integer", "config": {"meta": {"source": ["sonar.x.id"]}}},
            "end_date": {"data_type": "date", "config": {"meta": {"none": "0000-00-00"}}},
        },
        **extra,
    }


def _reference(child: str, column: str, parent: str, test: str = "relationships") -> dict[str, Any]:
    arguments = {"to": f"ref('{parent}')", "field": "id", "column_name": column}
    return {
        "name": f"{test}_{child}_{column}",
        "resource_type": "test",
        "config": {},
        "attached_node": f"model.p.{child}",
        "test_metadata": {"name": test, "kwargs": arguments},
    }


def _document(*nodes: dict[str, Any], **parents: list[str]) -> dict[str, Any]:
    return {
        "nodes": {f"{n['resource_type']}.p.{n['name']}": n for n in nodes},
        "sources": {"source.p.raw_sonar.accounts": {"name": "accounts", "schema": "raw_sonar"}},
        "parent_map": {f"model.p.{name}": found for name, found in parents.items()},
    }


def test_marts_come_parents_first_inside_their_groups() -> None:
    manifest = marts_of(
        _document(
            _model("zones", "foundation"),
            _model("a_services", "customer"),
            _model("customers", "customer"),
            _model("a_leftover", "trailing"),
            _model("int_things", None),
            _reference("a_services", "customer_id", "customers"),
            _reference("a_services", "zone_id", "zones"),
            _reference("customers", "parent_id", "customers"),
            _reference("customers", "partner_id", "stg_partners"),
            customers=["source.p.raw_sonar.accounts"],
        )
    )
    assert [m.name for m in manifest.marts] == ["zones", "customers", "a_services", "a_leftover"]
    assert manifest.mart("customers").references == (Reference("parent_id", "customers", "id"),)
    assert manifest.mart("customers").collections == {"accounts"}
    assert [r.to_mart for r in manifest.mart("a_services").references] == ["customers", "zones"]


def test_a_reference_may_mean_a_row_that_the_target_has() -> None:
    manifest = marts_of(
        _document(
            _model("partners", "foundation"),
            _model("customers", "customer"),
            _reference("customers", "partner_id", "partners", "leads_to_row_of"),
            _reference("customers", "login", "partners", "not_null"),
        )
    )
    assert manifest.mart("customers").references == (
        Reference("partner_id", "partners", "id", or_matched=True),
    )
    assert [m.name for m in manifest.marts] == ["partners", "customers"]


def test_a_reference_that_leads_back_closes_a_circle_without_ordering() -> None:
    manifest = marts_of(
        _document(
            _model("payments", "customer"),
            _model("transactions", "customer"),
            _reference("transactions", "payment_id", "payments"),
            _reference("payments", "transaction_id", "transactions", "leads_back_to"),
        )
    )
    assert [m.name for m in manifest.marts] == ["payments", "transactions"]
    assert manifest.mart("payments").references == (
        Reference("transaction_id", "transactions", "id", orders=False),
    )


def test_a_business_key_is_one_column_or_several_together() -> None:
    model = _model("labels", "foundation")
    model["config"]["meta"]["load"]["business_keys"] = ["login", ["module", "label"]]
    keys = marts_of(_document(model)).mart("labels").business_keys
    assert keys == (("login",), ("module", "label"))


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ("keep", Removal("keep")),
        ("delete", Removal("delete")),
        ({"flag": {"id": 1}}, Removal("flag", "id", "1")),
    ],
)
def test_a_mart_says_what_becomes_of_rows_whose_record_is_gone(said: object, rule: Removal) -> None:
    model = _model("labels", "foundation")
    assert marts_of(_document(model)).mart("labels").on_delete == Removal("keep")
    model["config"]["meta"]["load"]["on_delete"] = said
    assert marts_of(_document(model)).mart("labels").on_delete == rule


@pytest.mark.parametrize("said", ["drop", {"flag": {"not_loaded": "1"}}, {"flag": {}}, None])
def test_an_unknown_rule_for_what_is_gone_is_refused(said: object) -> None:
    model = _model("labels", "foundation")
    model["config"]["meta"]["load"]["on_delete"] = said
    with pytest.raises(ConfigError, match="on_delete"):
        marts_of(_document(model))


def test_only_loaded_columns_appear_with_their_spelling_of_none() -> None:
    mart = marts_of(_document(_model("customers", "customer"))).mart("customers")
    assert [(c.name, c.none) for c in mart.columns] == [("id", None), ("end_date", "0000-00-00")]


def test_the_checksum_follows_the_code_of_an_ancestor_and_nothing_else() -> None:
    def checksum(code: str, other: str) -> str:
        parent = _model("int_things", None, checksum={"checksum": code})
        stranger = _model("int_other", None, checksum={"checksum": other})
        mart = _model("customers", "customer")
        return marts_of(
            _document(mart, parent, stranger, customers=["model.p.int_things"])
        ).checksum

    assert checksum("a", "x") == checksum("a", "y")
    assert checksum("a", "x") != checksum("b", "x")


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        pytest.param(
            [
                _model("a", "customer"),
                _model("b", "customer"),
                _reference("a", "b_id", "b"),
                _reference("b", "a_id", "a"),
            ],
            "in a circle",
            id="circle",
        ),
        pytest.param(
            [_model("a", "foundation"), _model("b", "customer"), _reference("a", "b_id", "b")],
            "loaded later",
            id="against-the-groups",
        ),
        pytest.param([_model("a", "sometime")], "use one of", id="unknown-group"),
    ],
)
def test_a_wrong_plan_is_refused(nodes: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        marts_of(_document(*nodes))


@pytest.mark.postgres
def test_a_manifest_that_was_cut_off_is_made_anew(
    warehouses: services.Warehouses, tmp_path: Path
) -> None:
    """What a dbt that is killed while it writes leaves behind is newer than all files."""
    asks = "from runtime.manifest import read_manifest; print(len(read_manifest().marts))"
    with warehouses.fresh(services.PARSED_FOR) as url:
        environment = {
            **os.environ,
            "BUILD_DIR": str(tmp_path / "build"),
            "LOCAL_DIR": str(tmp_path / "local"),
            "WAREHOUSE_URL": services.plain(url),
            **services.parse(),
        }

        def marts() -> str:
            done = subprocess.run(
                [sys.executable, "-c", asks],
                cwd=services.ROOT,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            return done.stdout

        whole = marts()
        manifest = tmp_path / "build" / "dbt" / "manifest.json"
        content = manifest.read_bytes()
        manifest.write_bytes(content[: len(content) // 2])
        assert marts() == whole
