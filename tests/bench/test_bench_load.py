"""The benchmark of the load works; nothing is timed here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.load.__main__ import main
from tests.proving import proving


@pytest.mark.e2e
@pytest.mark.prove
@pytest.mark.skipif(not proving(), reason="servers of its own and seven loads")
def test_every_way_loads_the_same_rows(tmp_path: Path) -> None:
    record = tmp_path / "load.json"
    outcome = CliRunner().invoke(main, ["--quick", "--record", str(record)])
    assert outcome.exit_code == 0, outcome.output
    assert "every way loaded the same rows" in outcome.output
    written = json.loads(record.read_text())
    assert {"ours, empty", "ours, statements", "ours, mix"} <= set(written["2000 rows"])
