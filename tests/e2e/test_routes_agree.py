"""One tenant by MySQL and by REST: in the end Splynx holds the same.

Ids differ, because by REST the server gives them, so each is replaced by the Sonar key of its row.
Left out is what Splynx makes itself, by the one list of it (`load/reconcile/server_made.yml`),
columns in which the API gets another text (`instead`), tables that a route has no way for, and what
leads to their rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
import pytest

from load.reconcile.translation import Lead, leads
from load.reconcile.waivers import listed_columns
from runtime.manifest import Mart, marts_of
from tests import services
from tests.e2e.way import Way, way
from tests.proving import proving

pytestmark = [pytest.mark.prove, pytest.mark.e2e, pytest.mark.postgres, pytest.mark.mysql]

# The API can only read these: an operator makes them by hand, and inspection finds them by name.
BY_HAND = ("tax", "inventory_products_categories", "ticket_groups", "ticket_types")
BOTH = {"mysql", "rest"}
NOTHING = {None, "", "0", "0.0000", "0000-00-00", "0000-00-00 00:00:00"}
UNFINISHED = 6  # tables without a way over the API, and the other way round, are named

Content = Mapping[str, list[tuple[str, ...]]]
ByHand = dict[str, list[dict[str, Any]]]


@pytest.mark.skipif(not proving(), reason="two whole ways of minutes each")
def test_both_routes_end_in_the_same(
    warehouses: services.Warehouses, splynxes: services.Splynxes
) -> None:
    found: dict[str, Content] = {}
    by_hand: ByHand = {}
    for route in ("mysql", "rest"):
        with way(warehouses, splynxes, "tiny", blank_name=0, radius_without_service=0) as made:
            by_hand = by_hand or asked_for(made)
            enter(made, by_hand)
            done = made.run("runtime", "migrate", "--route", route)
            assert done.returncode in {0, UNFINISHED}, done.stdout + done.stderr
            verdicts = made.all("select entity, verdict from ops.reconciliation")
            assert [row.entity for row in verdicts if row.verdict != "agrees"] == []
            refused = "select table_name, message from ops.refusal where cause <> 'route'"
            assert made.all(refused) == []
            found[route] = content(made)
    assert sum(map(len, found["mysql"].values())) > 3_000
    for table, rows in found["mysql"].items():
        assert found["rest"][table] == rows, table


def asked_for(made: Way) -> ByHand:
    """Return what only a person can enter: what the marts have of it."""
    for command in (("extract", "run"), ("load", "inspect"), ("transform", "run")):
        made.succeed(*command)
    found: ByHand = {}
    for table in BY_HAND:
        names = [
            row[0]
            for row in made.all(
                "select column_name from information_schema.columns where table_schema ="
                f" 'splynx_staging' and table_name = '{table}' and column_name !~ '^_|^id$'"
            )
        ]
        rows = made.all(f"select {', '.join(names)} from splynx_staging.{table} order by id")
        found[table] = [dict(zip(names, row, strict=True)) for row in rows]
    return found


def enter(made: Way, by_hand: ByHand) -> None:
    """Enter it into Splynx."""
    with made.splynx.engine.begin() as splynx:
        for table, rows in by_hand.items():
            for row in rows:
                marks = ", ".join(["%s"] * len(row))
                splynx.exec_driver_sql(
                    f"insert into {table} ({', '.join(row)}) values ({marks})",
                    tuple("" if value is None else value for value in row.values()),
                )


def content(made: Way) -> Content:
    """Return what the target holds of ours, by table, ids replaced."""
    manifest = marts_of(orjson.loads((made.build / "dbt" / "manifest.json").read_bytes()))
    rest = {mart.name: mart.rest for mart in manifest.marts}
    ids: dict[str, dict[str, str]] = {}
    for entity, target_id, record in made.all(
        "select entity, target_id, _sonar_key from ops.id_map"
    ):
        by_api = entity in BY_HAND or "without" not in rest.get(entity, {})
        ids.setdefault(entity, {})[str(target_id)] = record if by_api else ""
    return {
        mart.name: sorted(_rows(made, mart, ids)) for mart in manifest.marts if mart.routes >= BOTH
    }


def _rows(made: Way, mart: Mart, ids: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, ...]]:
    owners = [r.column for r in mart.references if r.to_mart == mart.rest.get("in")]
    is_item = mart.key == ("id",) and bool(owners)  # Splynx alone knows the ids of items
    own = mart.key == ("id",) and not is_item
    left_out = {*listed_columns(mart), *mart.rest.get("instead", {}), *(("id",) if is_item else ())}
    names = [column.name for column in mart.columns]
    leading: dict[str, list[Lead]] = {}
    for lead in leads(mart):
        leading.setdefault(lead.column, []).append(lead)
    with made.splynx.engine.connect() as splynx:
        texts = ", ".join(f"cast(`{name}` as char)" for name in names)
        held = splynx.exec_driver_sql(f"select {texts} from `{mart.name}`").all()
    for values in held:
        row: dict[str, Any] = dict(zip(names, values, strict=True))
        keys = [*owners, *(name for name in mart.key if name in leading)]
        is_ours = (own and row["id"] in ids.get(mart.name, {})) or (
            not own
            and all(row[key] in ids.get(lead.to_mart, {}) for key in keys for lead in leading[key])
        )
        if is_ours:
            yield tuple(
                _text(name, row, ids, mart.name if own and name == "id" else None, leading)
                for name in names
                if name not in left_out
            )


def _text(
    name: str,
    row: Mapping[str, Any],
    ids: Mapping[str, Mapping[str, str]],
    own: str | None,
    leading: Mapping[str, list[Lead]],
) -> str:
    value = row[name]
    if own is not None:
        return ids[own][value]
    for lead in leading.get(name, ()):
        if lead.when is None or row[lead.when[0]] == lead.when[1]:
            value = ids.get(lead.to_mart, {}).get(value, value)
    return "" if value in NOTHING else str(value)
