"""dbt on warehouses of this session."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, create_engine

from sandbox.sonar.schema import load_schema
from sandbox.sonar.tenant import Tenant, generate
from tests import services
from tests.dbt.project import ROOT, Built, Dbt, land
from transform.clean_texts import clean_texts


@pytest.fixture(scope="session")
def dbt_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the profile, the parsed manifest and the logs of this session.

    dbt begins with the parse of this checkout, if there is one.
    """
    folder = tmp_path_factory.mktemp("dbt")
    profile = (ROOT / "profiles.yml.example").read_text(encoding="utf-8")
    (folder / "profiles.yml").write_text(profile, encoding="utf-8")
    if services.PARSE.exists():
        (folder / "target").mkdir()
        shutil.copy(services.PARSE, folder / "target")
    return folder


@pytest.fixture(scope="session")
def tenant() -> Tenant:
    """Return the demo tenant from the generator; neither server nor extractor are asked."""
    return generate(load_schema(), "demo", seed=1)


class Slot:
    """One database name for whatever warehouse is under test: dbt parses again for another name."""

    def __init__(self, any_url: URL) -> None:
        self._admin = create_engine(any_url.set(database="postgres"), isolation_level="AUTOCOMMIT")
        self.url = any_url.set(database=services.PARSED_FOR)

    def _execute(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.exec_driver_sql(statement)

    @contextmanager
    def copy_of(self, template: str) -> Iterator[Engine]:
        """Yield an engine on a copy of the database `template`; drop it afterwards."""
        name = services.PARSED_FOR
        self._execute(f"create database {name} template {template} strategy file_copy")
        engine = create_engine(self.url)
        try:
            yield engine
        finally:
            engine.dispose()
            self._execute(f"drop database {name} with (force)")

    def keep_as(self, name: str) -> None:
        """Make the database under test a template of that name, once whoever was in it is out."""
        services.others_are_gone(self._admin, services.PARSED_FOR)
        self._execute(f"create database {name} template {services.PARSED_FOR} strategy file_copy")

    def close(self) -> None:
        """Close the connections that belong to this object."""
        self._admin.dispose()


@pytest.fixture(scope="session")
def slot(warehouses: services.Warehouses) -> Iterator[Slot]:
    """Return the slot, with the template `empty_warehouse`."""
    with warehouses.fresh() as url:
        made = Slot(url)
        with made.copy_of(str(url.database)):
            made.keep_as("empty_warehouse")
        yield made
        made.close()


@pytest.fixture
def empty(slot: Slot, dbt_folder: Path) -> Iterator[Dbt]:
    """Return dbt on an empty warehouse."""
    with slot.copy_of("empty_warehouse") as engine:
        yield Dbt(engine.url, dbt_folder)


@pytest.fixture(scope="session")
def built_once(slot: Slot, dbt_folder: Path, tenant: Tenant) -> str:
    """Build the demo tenant once; return the name of the template that holds it."""
    with slot.copy_of("empty_warehouse") as engine:
        dbt = Dbt(engine.url, dbt_folder)
        seeded = dbt("seed")  # creates the raw tables too
        assert seeded.code == 0, seeded.output
        sources = dbt.manifest()["sources"].values()
        land(engine, tenant, [s["name"] for s in sources if s["schema"] == "raw_sonar"])
        clean_texts(engine)
        built = dbt("build", "--exclude-resource-type", "unit_test")
        assert built.code == 0, built.output
        engine.dispose()
        slot.keep_as("built_warehouse")
    return "built_warehouse"


@pytest.fixture
def built(slot: Slot, built_once: str, dbt_folder: Path, tenant: Tenant) -> Iterator[Built]:
    """Return a warehouse of its own in which the demo tenant is built."""
    with slot.copy_of(built_once) as engine:
        yield Built(Dbt(engine.url, dbt_folder), engine, tenant)


@pytest.fixture(scope="session")
def parsed(slot: Slot, dbt_folder: Path) -> Dbt:
    """Return dbt with a manifest of this session: any command that ran before has written it."""
    dbt = Dbt(slot.url, dbt_folder)
    if not (dbt_folder / "target" / "manifest.json").exists():
        ended = dbt("parse")
        assert ended.code == 0, ended.output
    return dbt
