"""Where the servers of the tests keep their files."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests import services


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let a folder of this test be the machine's memory, with room."""
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(services, "_MEMORY", tmp_path)
    monkeypatch.setattr(services, "_ROOM", 1)
    return tmp_path


def test_they_are_in_memory_and_leave_none_of_it_taken(memory: Path) -> None:
    with services.temporary_folder("some") as folder:
        assert folder.parent == memory
        (folder / "file").write_text("kept no longer than the folder")
    assert list(memory.iterdir()) == []


def test_a_memory_without_room_is_left_alone(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "_ROOM", shutil.disk_usage(memory).free * 2)
    with services.temporary_folder("some") as folder:
        assert folder.parent != memory


def test_where_there_is_none_folders_go_where_they_always_went(
    memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "_MEMORY", memory / "absent")
    with services.temporary_folder("some") as folder:
        assert folder.is_dir()


def test_a_folder_that_somebody_wishes_is_taken(
    memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(memory))
    assert services._memory() is None
