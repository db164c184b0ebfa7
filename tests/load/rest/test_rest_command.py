"""What a load says of its half over the API."""

from __future__ import annotations

import pytest

from load.planning.plan import Plan
from load.rest.command import say
from load.rest.run import Loaded


def test_a_half_that_had_nothing_to_send_does_not_count_to_nought(
    capsys: pytest.CaptureFixture[str],
) -> None:
    loaded = Loaded(Plan((), ()), ())
    say(loaded)
    assert capsys.readouterr().out == "over the API: nothing to send\n"
    loaded.tally.requests = 3
    say(loaded)
    assert "over the API: 3 requests, 0 of them repeated\n" in capsys.readouterr().out
