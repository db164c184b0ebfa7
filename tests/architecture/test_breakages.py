"""The list of breakages fits the code, so that `make prove-tests` need not run to find out."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
_LISTED: list[Mapping[str, str]] = yaml.safe_load(
    (ROOT / "tests" / "breakages.yml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("listed", _LISTED, ids=[listed["why"] for listed in _LISTED])
def test_a_breakage_has_its_line_and_its_test(listed: Mapping[str, str]) -> None:
    code = (ROOT / listed["file"]).read_text(encoding="utf-8")
    assert code.count(listed["line"]) == 1
    assert listed["broken"] != listed["line"]
    path, _, name = listed["test"].partition("::")
    tests = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    named = {node.name for node in tests.body if isinstance(node, ast.FunctionDef)}
    assert not name or name.partition("[")[0] in named
