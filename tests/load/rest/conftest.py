"""The Splynx sandbox's REST API, one server for all tests of the client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox.splynx_process import SplynxProcess, running
from tests.services import Splynxes


@pytest.fixture(scope="session")
def rest_server(
    splynxes: Splynxes, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SplynxProcess]:
    with splynxes.fresh() as database, running(database, tmp_path_factory.mktemp("api")) as server:
        yield server


@pytest.fixture
def server(rest_server: SplynxProcess) -> Iterator[SplynxProcess]:
    """Yield the server; faults of a test end with it."""
    yield rest_server
    rest_server.control("DELETE", "faults")
