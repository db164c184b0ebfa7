"""No test of the extractor keeps anything in the folder of the project."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_local_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Lead spools and the store of files into a folder of the test."""
    monkeypatch.setattr("extract.landing.pipeline.LOCAL", tmp_path / "local")
    monkeypatch.setattr("extract.files.links.LOCAL", tmp_path / "local")
