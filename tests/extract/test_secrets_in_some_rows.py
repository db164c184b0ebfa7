"""A field that is secret in some rows: the keys of a SIM among what is written about equipment."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest
from graphql import GraphQLSchema, build_schema
from sqlalchemy import Engine

from extract.catalogue.deny import secret_in_some_rows
from extract.catalogue.discovery import discover
from extract.catalogue.selection import Selection, select
from extract.reading.rows import without_secrets
from runtime.errors import FatalSourceError
from sandbox.sonar.schema import load_schema
from tests import services
from tests.extract.runs import control, ledger, run, scalar

Sonars = Callable[..., services.Sonar]
ENTITY = "InventoryModelFieldData"
MARK = "s3cr3t-of-a-sim"


def _selection(schema: GraphQLSchema, dropped: frozenset[str] = frozenset()) -> Selection:
    collection = next(one for one in discover(schema) if one.entity == ENTITY)
    return select(schema, collection, max_depth=2, dropped=dropped)


def _kept(row: str) -> tuple[str, int]:
    hidden = secret_in_some_rows(ENTITY)
    assert hidden is not None
    kept, emptied = without_secrets([msgspec.Raw(row.encode())], hidden)
    return bytes(kept[0]).decode(), emptied


def test_the_field_is_asked_for_together_with_what_tells() -> None:
    selection = _selection(load_schema())
    assert "value" in selection.leaves
    assert "inventory_model_field { type name }" in selection.embedded
    assert selection.hidden == secret_in_some_rows(ENTITY)


def test_where_nothing_tells_it_is_not_asked_for() -> None:
    refused = _selection(load_schema(), frozenset({"inventory_model_field"}))
    assert ("value" in refused.leaves, refused.secrets, refused.hidden) == (False, ("value",), None)

    other = build_schema(
        f"type {ENTITY} {{ id: ID! value: String inventory_model_field: Field }}"
        f" type Field {{ type: String }} type Page {{ entities: [{ENTITY}] }}"
        " type Query { data(paginator: String): Page }"
    )
    changed = _selection(other)
    assert (changed.leaves, changed.secrets, changed.hidden) == (("id",), ("value",), None)


@pytest.mark.parametrize(
    "field",
    [
        '{"type": "LTEAUTHKEY", "name": "Ki"}',
        '{"type": "OPOPC", "name": null}',
        '{"type": "TEXT", "name": "Wifi Password"}',
        '{"type": "TEXT", "name": "SNMP Community"}',
        '{"type": "TEXT", "name": "API key"}',
        '{"type": null, "name": "Serial"}',
        "{}",
        "null",
    ],
)
def test_a_secret_is_emptied(field: str) -> None:
    row = f'{{"id": "7", "value": "{MARK}", "inventory_model_field": {field}}}'
    kept, emptied = _kept(row)
    assert emptied == 1
    assert json.loads(kept) == {**json.loads(row), "value": None}


def test_a_row_that_does_not_tell_is_emptied() -> None:
    assert _kept(f'{{"id":"7","value":"{MARK}"}}') == ('{"id":"7","value":null}', 1)


@pytest.mark.parametrize("kind", ["TEXT", "NUMBER", "DECIMAL", "MAC_ADDRESS", "IMSI"])
def test_the_bytes_of_any_other_row_stay(kind: str) -> None:
    told = f'{{"type":"{kind}","name":"Serial"}}'
    row = f'{{"id" : "7","value":"a\\u00e9",  "inventory_model_field":{told}}}'
    assert _kept(row) == (row, 0)


def test_an_answer_of_another_shape_is_said_without_its_content() -> None:
    with pytest.raises(FatalSourceError) as caught:
        _kept(f'{{"id": "7", "value": "a", "inventory_model_field": ["{MARK}"]}}')
    assert MARK not in str(caught.value)


def _insert(made: services.Sonar, collection: str, values: Mapping[str, Any]) -> str:
    inserted = control(made, "rows", action="insert", collection=collection, values=values)
    return str(inserted["key"])


@pytest.mark.postgres
def test_no_key_of_a_sim_is_landed(warehouse: Engine, sonar: Sonars) -> None:
    made = sonar()
    field = {"inventory_model_id": "1", "required": False, "primary": False, "unique": "NONE"}
    kinds = {"OPOPC": MARK, "LTEAUTHKEY": MARK, "TEXT": "plain"}
    for kind, value in kinds.items():
        key = _insert(made, "inventory_model_fields", {**field, "type": kind, "name": kind})
        about = {"inventory_item_id": "1", "inventory_model_field_id": key, "value": value}
        _insert(made, "inventory_model_field_data", about)

    run("--include", "inventory_model_field_data,inventory_model_fields")

    values = "select string_agg(payload::text, ' ') from raw_sonar.inventory_model_field_data"
    assert MARK not in scalar(warehouse, values)
    assert "plain" in scalar(warehouse, values)
    entry = ledger(warehouse)["inventory_model_field_data"]
    assert (entry["grade"], entry["withheld_values"] >= 2) == ("proven", True)
    assert ledger(warehouse)["inventory_model_fields"]["withheld_values"] == 0
