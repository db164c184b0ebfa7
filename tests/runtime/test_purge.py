from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, text

from runtime import purge as purging
from runtime.__main__ import commands
from runtime.errors import ConfigError
from runtime.purge import purge, purge_images
from runtime.run_ledger import stage

pytestmark = pytest.mark.postgres

MANIFEST = {
    "nodes": {
        "model.one": {"schema": "splynx_staging", "name": "customers", "relation_name": "x"},
        "test.one": {
            "schema": "dbt_failures",
            "name": "long",
            "alias": "short",
            "relation_name": "x",
        },
        "test.none": {"schema": "dbt_failures", "name": "bystander", "relation_name": None},
    }
}
TABLES = (
    "raw_sonar.accounts",
    "raw_sonar_staging.accounts",
    "splynx_staging.customers",
    "dbt_failures.short",
    "dbt_failures.bystander",
    "splynx_staging.of_somebody_else",
)


@pytest.fixture
def filled(warehouse: Engine) -> Engine:
    """Yield a warehouse that has something of everything."""
    with stage("load"):
        pass
    with warehouse.begin() as connection:
        for schema in sorted({name.split(".")[0] for name in TABLES}):
            connection.exec_driver_sql(f"create schema if not exists {schema}")
        for name in TABLES:
            connection.exec_driver_sql(f"create table {name} as select 'somebody' as name")
        for run in ("first", "second"):
            connection.execute(
                text(
                    "insert into ops.pre_image (target, run_id, table_name, row_key, image)"
                    " values ('t', :run, 'customers', '{\"id\": 1}', '{\"name\": \"somebody\"}')"
                ),
                {"run": run},
            )
        connection.exec_driver_sql(
            "insert into ops.id_map (target, entity, _sonar_key, planned_id, target_id, run_id)"
            " values ('t', 'customers', '1', 1, 1, 'first')"
        )
        connection.exec_driver_sql(
            "insert into ops.row_state (target, table_name, _sonar_key, row_key, state, new_hash,"
            " run_id, api) values"
            " ('t', 'customers', '1', '{\"id\": null}', 'intended', 'h:rest', 'first',"
            ' \'{"path": "x", "main": {"login": "somebody"}, "additional": {}}\'),'
            " ('t', 'customers', '2', '{\"id\": 2}', 'written', 'h:rest', 'first',"
            ' \'{"item": "x/2"}\')'
        )
        connection.exec_driver_sql(
            "insert into ops.target_business_key values ('t', 'customers', 'login', 'somebody', 1)"
        )
    return warehouse


def _tables(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(
            connection.exec_driver_sql(
                "select table_schema || '.' || table_name from information_schema.tables"
                " where table_schema not in ('pg_catalog', 'information_schema', 'ops')"
            ).scalars()
        )


def _count(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        count: int = connection.exec_driver_sql(f"select count(*) from ops.{table}").scalar_one()
        return count


def test_nothing_of_anybody_is_left_but_ids_are(
    filled: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purging, "LOCAL", tmp_path)
    for name in ("files", "dlt", "backups"):
        (tmp_path / name / "something").mkdir(parents=True)
    purged = purge(filled, MANIFEST)
    assert _tables(filled) == {"dbt_failures.bystander", "splynx_staging.of_somebody_else"}
    assert purged.tables == 4
    assert purged.rows["pre_image"] == 2
    assert _count(filled, "target_business_key") == 0
    assert _count(filled, "id_map") == 1
    assert purged.rows["row_state (in doubt)"] == 1
    with filled.connect() as connection:
        kept = connection.exec_driver_sql("select api::text from ops.row_state order by _sonar_key")
        assert list(kept.scalars()) == [None, '{"item": "x/2"}']
    assert list(tmp_path.iterdir()) == [tmp_path / "backups"]


def test_of_one_run_only_its_images_go(filled: Engine) -> None:
    assert purge_images(filled, "first").rows["pre_image"] == 1
    assert _count(filled, "pre_image") == 1
    assert set(TABLES) <= _tables(filled)


def test_without_yes_nothing_happens(filled: Engine) -> None:
    done = CliRunner().invoke(commands, ["purge"])
    assert isinstance(done.exception, ConfigError)
    assert "--yes" in str(done.exception)
    assert set(TABLES) <= _tables(filled)
