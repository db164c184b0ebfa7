"""The digest by which a running tenant is known to be of today's code."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sandbox.sonar import digest


@pytest.mark.parametrize(
    "name", ["tenant/contacts.py", "tenant/volumes.csv", "schema.graphql", "engine.py"]
)
def test_any_change_to_the_code_changes_the_digest(tmp_path: Path, name: str) -> None:
    copy = tmp_path / "sonar"
    shutil.copytree(Path(digest.__file__).parent, copy)
    (copy / "__pycache__").mkdir(exist_ok=True)
    (copy / "__pycache__" / "contacts.pyc").write_bytes(b"compiled anew")
    before = digest.code_digest(copy)
    (copy / "notes.txt").write_text("no code")
    assert digest.code_digest(copy) == before
    with (copy / name).open("a", encoding="utf-8") as file:
        file.write("\n")
    assert digest.code_digest(copy) != before
