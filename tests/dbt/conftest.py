"""dbt on warehouses of this session."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, create_engine

from sandbox.sonar.schema import load_schema
from sandbox.sonar.tenant import Tenant, generate
from tests import services
from tests.dbt.project import ROOT, Built, Dbt, land


@pytest.fixture(scope="session")
def dbt_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the profile, the parsed manifest and the logs of this session."""
    folder = tmp_path_factory.mktemp("dbt")
    profile = (ROOT / "profiles.yml.example").read_text(encoding="utf-8")
    (folder / "profiles.yml").write_text(profile, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def tenant() -> Tenant:
    """Return the demo tenant from the generator; neither server nor extractor are asked."""
    return generate(load_schema(), "demo", seed=1)


@pytest.fixture
def empty(warehouses: services.Warehouses, dbt_folder: Path) -> Iterator[Dbt]:
    """Return dbt on a fresh warehouse."""
    with warehouses.fresh() as url:
        yield Dbt(url, dbt_folder)


@pytest.fixture(scope="session")
def build(
    warehouses: services.Warehouses, dbt_folder: Path, tenant: Tenant
) -> Iterator[Callable[[], Built]]:
    """Build the demo tenant once, and hand out copies of that warehouse."""
    numbers = itertools.count(1)
    engines: list[Engine] = []
    with warehouses.fresh() as url:
        dbt = Dbt(url, dbt_folder)
        seeded = dbt("seed")  # creates the raw tables too
        assert seeded.code == 0, seeded.output
        sources = dbt.manifest()["sources"].values()
        engine = create_engine(url)
        land(engine, tenant, [s["name"] for s in sources if s["schema"] == "raw_sonar"])
        built = dbt("build", "--exclude-resource-type", "unit_test")
        engine.dispose()
        assert built.code == 0, built.output

        def copy() -> Built:
            name = f"{url.database}_copy_{next(numbers)}"
            admin = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
            with admin.connect() as connection:
                connection.exec_driver_sql(f"create database {name} template {url.database}")
            admin.dispose()
            engine = create_engine(url.set(database=name))
            engines.append(engine)
            return Built(Dbt(engine.url, dbt_folder), engine, tenant)

        yield copy
        for engine in engines:
            engine.dispose()


@pytest.fixture(scope="session")
def parsed(dbt_folder: Path) -> Dbt:
    """Return dbt after `dbt parse`, which needs no warehouse."""
    dbt = Dbt(URL.create("postgresql", "nobody", "", "127.0.0.1", 9, "none"), dbt_folder)
    ended = dbt("parse")
    assert ended.code == 0, ended.output
    return dbt
