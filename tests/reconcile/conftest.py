"""Databases shared by tests that only read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine

from tests import services


@pytest.fixture(scope="module")
def shared_warehouse(warehouses: services.Warehouses) -> Iterator[Engine]:
    """Engine on a warehouse that the module's tests share."""
    with warehouses.fresh() as url:
        yield from services.disposing(create_engine(url))


@pytest.fixture(scope="module")
def shared_splynx(splynxes: services.Splynxes) -> Iterator[services.Splynx]:
    """Splynx database that the module's tests share."""
    with splynxes.fresh() as made:
        yield made
