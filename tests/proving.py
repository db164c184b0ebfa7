"""The long proofs: the same tests as ever, with many more cases, and a record of what they showed.

`make prove` sets PROVE=1 and runs the tests marked `prove`. Without it each of them is a quick
version with fixed seeds, which is part of `make test`. What ran is written to build/proof.json: one
entry a test, with its number of cases, seconds and outcome.
"""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

PROOF = Path(__file__).parents[1] / "build" / "proof.json"


def proving() -> bool:
    """Tell whether the long versions are asked for."""
    return os.environ.get("PROVE", "") not in {"", "0"}


def cases(*, quick: int, long: int) -> int:
    """Return how many cases a proof goes through."""
    return long if proving() else quick


class Record:
    """A pytest plugin that keeps what each proof came to."""

    def __init__(self) -> None:
        self._started = datetime.now(UTC)
        self._tests: dict[str, dict[str, Any]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a phase of a test; one that failed or was skipped in any phase stays so."""
        known = self._tests.setdefault(
            report.nodeid, {"outcome": "passed", "seconds": 0.0, "figures": {}}
        )
        known["seconds"] = round(known["seconds"] + report.duration, 2)
        known["figures"].update(dict(report.user_properties))
        if report.outcome != "passed" and known["outcome"] == "passed":
            known["outcome"] = report.outcome

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the record, unless this is a worker or nothing ran."""
        if hasattr(session.config, "workerinput") or not self._tests:
            return
        outcomes = [test["outcome"] for test in self._tests.values()]
        record = {
            "started_at": self._started.isoformat(timespec="seconds"),
            "ended_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "python": platform.python_version(),
            "tests": len(outcomes),
            "outcomes": {name: outcomes.count(name) for name in sorted(set(outcomes))},
            "proofs": dict(sorted(self._tests.items())),
        }
        PROOF.parent.mkdir(parents=True, exist_ok=True)
        PROOF.write_text(json.dumps(record, indent=2) + "\n")
