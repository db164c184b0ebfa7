"""The benchmark of the load over REST works; nothing is timed here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.rest.__main__ import main
from tests.proving import proving


@pytest.mark.e2e
@pytest.mark.prove
@pytest.mark.skipif(not proving(), reason="a Postgres of its own, a server and two loads")
def test_both_ways_send_the_same_requests(tmp_path: Path) -> None:
    record = tmp_path / "rest.json"
    outcome = CliRunner().invoke(main, ["--quick", "--record", str(record)])
    assert outcome.exit_code == 0, outcome.output
    assert "every row was sent once and read back" in outcome.output
    written = json.loads(record.read_text())
    assert written["rows"] == 161
    assert {"ours", "the requests alone"} <= set(written)
