from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from runtime.profiles import write_profiles

PASSWORD = "quote\" back\\slash 'n' #1"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DBT_PROFILES_DIR", str(tmp_path))
    monkeypatch.setenv(
        "WAREHOUSE_URL",
        "postgresql://me:quote%22%20back%5Cslash%20%27n%27%20%231"
        "@db.example:5433/wh?sslmode=require",
    )
    return tmp_path


def _warehouse(folder: Path) -> dict[str, Any]:
    document = yaml.safe_load((folder / "profiles.yml").read_text(encoding="utf-8"))
    return dict(document["sonar_to_splynx"]["outputs"]["warehouse"])


def test_the_profile_leads_to_the_warehouse_of_the_settings(folder: Path) -> None:
    assert write_profiles()
    written = _warehouse(folder)
    assert (written["host"], written["port"], written["dbname"]) == ("db.example", 5433, "wh")
    assert (written["user"], written["sslmode"]) == ("me", "require")
    assert written["password"] == PASSWORD
    assert stat.S_IMODE((folder / "profiles.yml").stat().st_mode) == 0o600


def test_a_profile_of_the_operators_own_is_left_alone(folder: Path) -> None:
    own = folder / "profiles.yml"
    own.write_text("mine: {}\n", encoding="utf-8")
    assert not write_profiles()
    assert own.read_text(encoding="utf-8") == "mine: {}\n"


def test_another_folder_may_be_named(folder: Path) -> None:
    (folder / "other").mkdir()
    assert write_profiles(folder / "other")
    assert not (folder / "profiles.yml").exists()


def test_the_files_that_tls_needs_are_those_of_the_url(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = "sslmode=verify-full&sslrootcert=/etc/ca%20of%20ours.pem&sslcert=me.crt&sslkey=me.key"
    monkeypatch.setenv("WAREHOUSE_URL", f"postgresql://me:secret@db.example/wh?{query}")
    assert write_profiles()
    written = _warehouse(folder)
    assert written["sslmode"] == "verify-full"
    assert written["sslrootcert"] == "/etc/ca of ours.pem"
    assert (written["sslcert"], written["sslkey"]) == ("me.crt", "me.key")
