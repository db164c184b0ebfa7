"""A miniature Splynx with its marts, inspected and accepted."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from sqlalchemy import Engine

from tests.load import miniature
from tests.services import Splynx, plain


@dataclass(frozen=True, slots=True)
class Scene:
    """Both sides of a load that may start."""

    warehouse: Engine
    splynx: Splynx
    sizes: miniature.Sizes

    def mart(self, statement: str) -> None:
        """Change the warehouse."""
        with self.warehouse.begin() as connection:
            connection.exec_driver_sql(statement, {})

    def target(self, statement: str) -> None:
        """Change the target, as its staff or administrator would."""
        with self.splynx.engine.begin() as connection:
            connection.exec_driver_sql(statement)

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        """Ask the warehouse."""
        with self.warehouse.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(statement, {})]

    def target_rows(self, statement: str) -> list[tuple[object, ...]]:
        """Ask the target."""
        with self.splynx.engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(statement)]


@pytest.fixture
def scene(warehouse: Engine, splynx: Splynx, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """60 customers, ready to be loaded."""
    # Reading the machine's certificates takes longer than most of these loads.
    plaintext = splynx.url.update_query_dict({"ssl_disabled": "true"})
    monkeypatch.setenv("SPLYNX_MYSQL_URL", plain(plaintext))
    miniature.create_target(splynx.engine)
    sizes = miniature.create_marts(warehouse, 60)
    miniature.run_inspect()
    miniature.accept(warehouse)
    return Scene(warehouse, splynx, sizes)
