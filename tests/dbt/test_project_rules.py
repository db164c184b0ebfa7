"""The rules of the dbt project, read from its manifest."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from load.files.uploads import read_uploads
from runtime.manifest import marts_of
from tests.dbt.project import ROOT, Dbt

Node = Mapping[str, Any]
_NAMES = {
    "staging/sonar": r"stg_sonar__\w+",
    "staging/splynx": r"stg_splynx__\w+",
    "staging/ops": r"stg_ops__\w+",
    "intermediate/customers": r"int_customers__\w+",
    "intermediate/people": r"int_people__\w+",
    "intermediate/money": r"int_money__\w+",
    "intermediate/services": r"int_services__\w+",
    "intermediate/network": r"int_network__\w+",
    "intermediate/access": r"int_access__\w+",
    "intermediate/inventory": r"int_inventory__\w+",
    "intermediate/support": r"int_support__\w+",
    "intermediate/field": r"int_field__\w+",
    "intermediate/tickets": r"int_tickets__\w+",
    "intermediate/crosswalk": r"int_crosswalk(__\w+)?",
    "marts/splynx": r"[a-z][a-z0-9]*(_[a-z0-9]+)*",
    "audit": r"audit_\w+",
}
_MAY_READ = {
    "staging": {"source", "staging"},
    "intermediate": {"staging", "intermediate", "seed"},
    "marts": {"staging", "intermediate", "seed"},
    "audit": {"staging", "intermediate", "seed", "marts", "audit"},
}
_DECISION = re.compile(r"^D-\d{3}$")
_WHOLE = {"marts", "proof"}  # selectors that are of no domain


@pytest.fixture(scope="module")
def manifest(parsed: Dbt) -> Mapping[str, Any]:
    """Return the manifest of the project as its files stand."""
    return parsed.manifest()


def _models(manifest: Mapping[str, Any]) -> Iterator[Node]:
    return (n for n in manifest["nodes"].values() if n["resource_type"] == "model")


def _marts(manifest: Mapping[str, Any]) -> Iterator[Node]:
    return (n for n in _models(manifest) if n["fqn"][1] == "marts")


def _layer(node: Node) -> str:
    return str(node["fqn"][1]) if node["resource_type"] == "model" else str(node["resource_type"])


def _tests_of(manifest: Mapping[str, Any], node: Node) -> set[tuple[str, str]]:
    """Return the generic tests of a model, each with the column or columns it is about."""
    found = set()
    for test in manifest["nodes"].values():
        if test.get("attached_node") == node["unique_id"] and test.get("test_metadata"):
            kwargs = test["test_metadata"]["kwargs"]
            columns = kwargs.get("arguments", kwargs).get(
                "columns", [kwargs.get("column_name", "")]
            )
            found.add((test["test_metadata"]["name"], " ".join(columns)))
    return found


def _filled(tests: set[tuple[str, str]]) -> set[str]:
    about = [columns for name, columns in tests if name in {"is_filled", "is_key", "not_null"}]
    return set(" ".join(about).split())


def test_models_are_named_for_their_folder(manifest: Mapping[str, Any]) -> None:
    for node in _models(manifest):
        folder = "/".join(node["fqn"][1:-1])
        assert re.fullmatch(_NAMES[folder], node["name"]), f"{folder}/{node['name']}"


def test_layers_read_only_what_lies_before_them(manifest: Mapping[str, Any]) -> None:
    everything = {**manifest["nodes"], **manifest["sources"]}
    for node in _models(manifest):
        for parent in node["depends_on"]["nodes"]:
            layer = _layer(everything[parent])
            assert layer in _MAY_READ[_layer(node)], f"{node['name']} reads {parent}"


def test_each_layer_is_a_schema_of_tables(manifest: Mapping[str, Any]) -> None:
    schemas = {"marts": "splynx_staging"}
    for node in _models(manifest):
        layer = _layer(node)
        assert node["schema"] == schemas.get(layer, layer), node["name"]
        kind = "incremental" if node["name"] == "int_crosswalk" else "table"
        assert node["config"]["materialized"] == kind, node["name"]


def test_every_model_is_described_and_has_a_key_test(manifest: Mapping[str, Any]) -> None:
    for node in _models(manifest):
        assert node["description"], node["name"]
        tests = _tests_of(manifest, node)
        assert "is_key" in {name for name, _ in tests}, node["name"]
        if "_sonar_key" in node["columns"]:
            assert "_sonar_key" in _filled(tests), node["name"]


def test_every_screen_accounts_for_all_of_its_records(manifest: Mapping[str, Any]) -> None:
    screens = [n for n in _models(manifest) if "reject_reason" in n["columns"]]
    screens = [n for n in screens if _layer(n) == "intermediate"]
    assert screens
    for node in screens:
        assert ("screens_all_of", "") in _tests_of(manifest, node), node["name"]


def test_every_staged_collection_is_compared_with_what_landed(manifest: Mapping[str, Any]) -> None:
    staged = [n for n in _models(manifest) if n["fqn"][1:3] == ["staging", "sonar"]]
    for node in staged:
        if "_sonar_key" in node["columns"]:
            tests = _tests_of(manifest, node)
            assert ("holds_every_live_record_of", "") in tests, node["name"]
            assert ("is_key", "_sonar_key") in tests, node["name"]


def test_marts_have_contracts_keys_and_confidence(manifest: Mapping[str, Any]) -> None:
    for node in _marts(manifest):
        load = node["config"]["meta"]["load"]
        tests = _tests_of(manifest, node)
        assert node["config"]["contract"]["enforced"], node["name"]
        assert node["config"]["meta"]["confidence"] in {"observed", "inferred"}, node["name"]
        assert load["group"] in {"foundation", "customer", "trailing"}, node["name"]
        assert ("accounts_for_all_of", "") in tests, node["name"]
        assert ("is_key", "_sonar_key") in tests, node["name"]
        assert ("is_key", " ".join(load["key"])) in tests, node["name"]
        for key in load.get("business_keys", ()):
            if isinstance(key, list):
                wanted = ("unique_together_ignoring_case", " ".join(key))
            else:
                wanted = ("unique_ignoring_case", key)
            assert wanted in tests, f"{node['name']}.{key}"
        assert ("_customer_key" in node["columns"]) == (load["group"] == "customer"), node["name"]


def test_totals_add_up_amounts_and_group_by_days(manifest: Mapping[str, Any]) -> None:
    asked = [(n, total) for n in _marts(manifest) for total in _totals(n)]
    assert {n["name"] for n, _ in asked} >= {"customers", "services_internet", "payments"}
    for node, total in asked:
        types = {name: column["data_type"] for name, column in node["columns"].items()}
        if "sum" in total:
            assert types[total["sum"]].startswith("numeric"), node["name"]
        if "month" in total:
            assert types[total["month"]] in {"date", "timestamp"}, node["name"]


def test_marts_say_how_their_files_travel(manifest: Mapping[str, Any]) -> None:
    """All that the upload of a file makes or fills is declared, and leads to marts."""
    marts = marts_of(manifest)
    uploads = read_uploads(marts)
    made = {mart.name for mart in marts.marts if mart.routes == {"files"}}
    assert {one.name for upload in uploads for one in (upload.mart, upload.file) if one} >= made
    for upload in uploads:
        assert "files" in upload.mart.routes, upload.mart.name
        assert upload.is_own != (upload.mart.name in made), upload.mart.name


def _totals(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(node["config"]["meta"]["load"].get("totals", ()))


def test_every_mart_column_says_what_it_is_and_where_from(manifest: Mapping[str, Any]) -> None:
    raw = {s["name"] for s in manifest["sources"].values() if s["schema"] == "raw_sonar"}
    decided = _decided()
    for node in _marts(manifest):
        for name, column in node["columns"].items():
            where = f"{node['name']}.{name}"
            assert column["description"], where
            if name.startswith("_"):
                continue
            meta = column["config"]["meta"]
            assert ("source" in meta) != ("default" in meta), where
            assert meta["decision"] in decided, where
            for source in meta.get("source", ()):
                system, collection, _ = source.split(".")
                assert system == "sonar", where
                assert collection in raw, where


def test_a_column_that_may_be_empty_says_how_empty_is_spelt(manifest: Mapping[str, Any]) -> None:
    # The columns that the target lets be NULL.
    nullable = {
        "customers.gps",
        "customer_notes.title",
        "customer_notes.pinned_date",
        "network_sites.description",
        "network_sites.address",
        "network_sites.gps",
        *(
            f"billing_transactions.{reference}_id"
            for reference in ("service", "payment", "invoice", "invoiced_by", "credit_note")
        ),
        "ticket.group_id",
        "ticket.task_id",
        "scheduling_task.related_customer_id",
        "scheduling_task.address",
        *(
            f"customer_documents.{name}"
            for name in ("sign_date", "terms_month", "end_of_term", "status")
        ),
        "payments.added_by_id",
        "credit_notes.added_by_id",
        "invoices_items.transaction_id",
        "invoice_payers.invoice_id",
        "invoice_payers.transaction_id",
    }
    for node in _marts(manifest):
        filled = _filled(_tests_of(manifest, node))
        for name, column in node["columns"].items():
            if name not in filled and f"{node['name']}.{name}" not in nullable:
                assert "none" in column["config"]["meta"], f"{node['name']}.{name}"


def _decided() -> set[str]:
    text = (ROOT / "docs" / "mapping-decisions.md").read_text(encoding="utf-8")
    return set(re.findall(r"^### (D-\d{3}) ", text, flags=re.MULTILINE))


def test_every_seed_row_points_to_a_decision() -> None:
    decided = _decided()
    seeds = sorted((ROOT / "dbt_project" / "seeds").glob("map_*.csv"))
    assert seeds
    for seed in seeds:
        with seed.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                assert _DECISION.match(row["decision"]), f"{seed.name}: {row}"
                assert row["decision"] in decided, f"{seed.name}: {row}"


def test_every_decision_is_carried_out_somewhere_and_every_number_is_decided() -> None:
    named: dict[str, str] = {}
    for path in sorted((ROOT / "dbt_project").rglob("*")):
        if path.suffix in {".sql", ".yml", ".csv", ".md"}:
            found = re.findall(r"\bD-\d{3}\b", path.read_text(encoding="utf-8"))
            named |= dict.fromkeys(found, path.name)

    assert {d: where for d, where in named.items() if d not in _decided()} == {}
    assert _decided() - set(named) == set()


def test_every_mapped_collection_is_staged_and_goes_into_marts_that_exist(
    manifest: Mapping[str, Any],
) -> None:
    raw = {s["name"] for s in manifest["sources"].values() if s["schema"] == "raw_sonar"}
    marts = {n["name"] for n in _marts(manifest)}
    with (ROOT / "dbt_project" / "seeds" / "map_collections.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    mapped = {r["collection"]: set(r["into_marts"].split()) for r in rows if r["into_marts"]}
    assert {r["collection"] for r in rows if r["treatment"] == "mapped"} == set(mapped)
    assert set(mapped) <= raw <= {r["collection"] for r in rows}
    assert set().union(*mapped.values()) == marts


def test_decisions_are_complete() -> None:
    text = (ROOT / "docs" / "mapping-decisions.md").read_text(encoding="utf-8")
    for section in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        for part in ("**What**", "**Why**", "**Affects**", "**Confidence**", "change our mind**"):
            assert part in section, section.splitlines()[0]


def test_every_model_and_seed_and_every_column_of_a_mart_is_described(
    manifest: Mapping[str, Any],
) -> None:
    described = [n for n in manifest["nodes"].values() if n["resource_type"] in {"model", "seed"}]
    described += [*manifest["sources"].values(), *manifest["exposures"].values()]
    macros = (m for m in manifest["macros"].values() if m["package_name"] == "sonar_to_splynx")
    # dbt takes no description for a generic test; the file says it.
    described += [m for m in macros if not m["name"].startswith("test_")]
    assert [n["unique_id"] for n in described if not n["description"].strip()] == []
    empty = [
        f"{node['name']}.{name}"
        for node in _marts(manifest)
        for name, column in node["columns"].items()
        if not column["description"].strip()
    ]
    assert empty == []


def _selected_folders(definition: Mapping[str, Any]) -> set[str]:
    """Return the folders below models/intermediate that a selector begins with."""
    parts = definition.get("union", [definition])
    assert all(part["parents"] and part["children"] for part in parts)
    return {part["value"].removeprefix("dbt_project/models/intermediate/") for part in parts}


def test_every_mart_and_every_decision_is_of_one_domain_that_can_be_built_alone(
    manifest: Mapping[str, Any],
) -> None:
    text = (ROOT / "selectors.yml").read_text(encoding="utf-8")
    selectors = {s["name"]: s["definition"] for s in yaml.safe_load(text)["selectors"]}
    domains = {name: _selected_folders(selectors[name]) for name in selectors.keys() - _WHOLE}

    tags = {n["name"]: n["config"]["tags"] for n in _marts(manifest)}
    assert {name: t for name, t in tags.items() if len(t) != 1 or t[0] not in domains} == {}
    decisions: dict[str, set[str]] = {}
    for node in _models(manifest):
        if node["fqn"][1] == "intermediate" and node["fqn"][2] != "crosswalk":
            assert len(node["config"]["tags"]) == 1, node["name"]
            decisions.setdefault(node["config"]["tags"][0], set()).add(node["fqn"][2])
    assert decisions == domains
    # A mart is of the domain of the model that decides which rows it has.
    for node in _marts(manifest):
        parents = {manifest["nodes"].get(p, {}).get("name") for p in node["depends_on"]["nodes"]}
        near = {
            n["config"]["tags"][0]
            for n in _models(manifest)
            if n["name"] in parents and n["config"]["tags"]
        }
        assert tags[node["name"]][0] in near, node["name"]
