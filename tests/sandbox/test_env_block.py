"""The sandbox's part of the env file: written, moved, removed, and never beside a real system."""

from __future__ import annotations

import pytest

from runtime.errors import ConfigError
from sandbox.env_block import FIRST, LAST, refuse_another, with_block

_VALUES = {"SONAR_URL": "http://127.0.0.1:1", "SPLYNX_TARGET": "127.0.0.1:2/splynx"}
_BLOCK = f"{FIRST}\nSONAR_URL=http://127.0.0.1:1\nSPLYNX_TARGET=127.0.0.1:2/splynx\n{LAST}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", _BLOCK),
        ("A=1\n", f"A=1\n{_BLOCK}"),
        ("A=1", f"A=1\n{_BLOCK}"),
        (f"A=1\n{FIRST}\nSONAR_URL=old\n{LAST}\nB='2 # x'\n", f"A=1\nB='2 # x'\n{_BLOCK}"),
        (_BLOCK, _BLOCK),
    ],
    ids=["empty", "after others", "no last newline", "moved to the end", "again"],
)
def test_the_block_stands_last_and_the_rest_is_kept(before: str, after: str) -> None:
    assert with_block(before, _VALUES) == after


def test_taking_it_out_gives_back_the_operators_file() -> None:
    own = "# mine\nA='x # y'\n\nB=2\n"
    assert with_block(with_block(own, _VALUES), {}) == own


@pytest.mark.parametrize("name", ["SONAR_URL", "SONAR_API_KEY", "SPLYNX_MYSQL_URL", "SPLYNX_URL"])
@pytest.mark.parametrize("place", ["the env file", "the environment"])
def test_another_system_is_refused_by_name_only(name: str, place: str) -> None:
    text, environment = (
        (f"{name}=real-value\n", {}) if "file" in place else ("", {name: "real-value"})
    )
    with pytest.raises(ConfigError, match=f"{place} already names another.*{name}") as caught:
        refuse_another(text + _BLOCK, environment)
    assert "real-value" not in str(caught.value)


def test_empty_lines_and_our_own_exported_values_are_no_other_system() -> None:
    refuse_another("SONAR_URL=\nSPLYNX_MYSQL_URL=''\n" + _BLOCK, {**_VALUES, "SONAR_API_KEY": ""})


def test_a_block_without_end_is_left_to_the_operator() -> None:
    with pytest.raises(ConfigError, match="mend it"):
        with_block(f"{FIRST}\nSONAR_URL=x\n", _VALUES)
