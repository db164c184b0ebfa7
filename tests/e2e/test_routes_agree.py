"""One tenant by MySQL and by REST: in the end Splynx holds the same.

Ids differ, because by REST the server gives them, so each is replaced by the Sonar key of its row.
Left out is what Splynx makes itself, by the one list of it (`load/reconcile/server_made.yml`),
columns in which the API gets another text (`instead`), and tables that a route has no way for.
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
BY_HAND = ("tax", "inventory_products_categories")
BOTH = {"mysql", "rest"}
NOTHING = {None, "", "0", "0.0000", "0000-00-00", "0000-00-00 00:00:00"}
UNFINISHED = 6  # tables without a way over the API, and the other way round, are named

Content = Mapping[str, list[tuple[str, ...]]]


@pytest.mark.skipif(not proving(), reason="two whole ways of minutes each")
def test_both_routes_end_in_the_same(
    warehouses: services.Warehouses, splynxes: services.Splynxes
) -> None:
    found: dict[str, Content] = {}
    for route in ("mysql", "rest"):
        with way(warehouses, splynxes, "tiny", blank_name=0, radius_without_service=0) as made:
            make_by_hand(made)
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


def make_by_hand(made: Way) -> None:
    """Enter what only a person can, as it will be asked for."""
    for command in (("extract", "run"), ("load", "inspect"), ("runtime", "transform")):
        made.succeed(*command)
    for table in BY_HAND:
        names = [
            row[0]
            for row in made.all(
                "select column_name from information_schema.columns where table_schema ="
                f" 'splynx_staging' and table_name = '{table}' and column_name !~ '^_|^id$'"
            )
        ]
        rows = made.all(f"select {', '.join(names)} from splynx_staging.{table} order by id")
        with made.splynx.engine.begin() as splynx:
            for row in rows:
                values = tuple("" if value is None else value for value in row)
                marks = ", ".join(["%s"] * len(names))
                splynx.exec_driver_sql(
                    f"insert into {table} ({', '.join(names)}) values ({marks})", values
                )


def content(made: Way) -> Content:
    """Return what the target holds of ours, by table, ids replaced."""
    manifest = marts_of(orjson.loads((made.build / "dbt" / "manifest.json").read_bytes()))
    ids: dict[str, dict[str, str]] = {}
    for entity, target_id, record in made.all(
        "select entity, target_id, _sonar_key from ops.id_map"
    ):
        ids.setdefault(entity, {})[str(target_id)] = record
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
