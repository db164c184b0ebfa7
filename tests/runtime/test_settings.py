from __future__ import annotations

from pathlib import Path

import pytest

from runtime import log, settings
from runtime.errors import ConfigError
from runtime.settings import (
    SplynxDb,
    environment,
    named_target,
    sonar_api,
    splynx_api,
    splynx_db,
    warehouse_url,
)


def _env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    path = tmp_path / "some.env"
    path.write_text(content, encoding="utf-8")
    monkeypatch.setenv("ENV_FILE", str(path))


def test_the_process_environment_wins_over_the_env_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _env_file(tmp_path, monkeypatch, "SONAR_URL=https://file.example\nSONAR_API_KEY=from$file\n")
    monkeypatch.setenv("SONAR_URL", "https://process.example")
    api = sonar_api()
    assert (api.host, api.key) == ("process.example", "from$file")


def test_an_empty_variable_counts_as_unset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _env_file(tmp_path, monkeypatch, "SONAR_URL=\n")
    assert "SONAR_URL" not in environment()
    with pytest.raises(ConfigError, match="SONAR_URL is not set"):
        sonar_api()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("WAREHOUSE_URL", "mysql://u:hunter22@h/db", "another kind of database"),
        ("WAREHOUSE_URL", "postgresql://u:hunter22@h", "lacks the host or the database"),
        ("WAREHOUSE_URL", "hunter22", "not a database URL"),
        ("SPLYNX_MYSQL_URL", "postgresql://u:hunter22@h/db", "another kind of database"),
        ("SONAR_URL", "ftp://h", "not a web address"),
        ("SONAR_URL", "https://u:hunter22@h", "must not hold credentials"),
        ("SONAR_URL", "http://hunter22.example", "SONAR_PLAIN_HTTP=1"),
    ],
)
def test_a_wrong_address_is_named_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    monkeypatch.setenv("SONAR_API_KEY", "key-of-the-test")
    read = {"WAREHOUSE_URL": warehouse_url, "SPLYNX_MYSQL_URL": splynx_db, "SONAR_URL": sonar_api}
    with pytest.raises(ConfigError, match=words) as raised:
        read[name]()
    assert name in str(raised.value)
    assert "hunter22" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "allowed"), [("http://127.0.0.1:8080", "0"), ("http://isp.example", "1")]
)
def test_plain_http_to_sonar_is_for_this_machine_or_asked_for(
    monkeypatch: pytest.MonkeyPatch, url: str, allowed: str
) -> None:
    monkeypatch.setenv("SONAR_URL", url)
    monkeypatch.setenv("SONAR_API_KEY", "key-of-the-test")
    monkeypatch.setenv("SONAR_PLAIN_HTTP", allowed)
    assert sonar_api().url == url


def test_a_settings_object_does_not_show_its_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONAR_URL", "https://isp.example/")
    monkeypatch.setenv("SONAR_API_KEY", "very-private-token")
    api = sonar_api()
    assert api.endpoint == "https://isp.example/api/graphql"
    assert "very-private-token" not in repr(api)
    assert log.redact("header very-private-token sent") == "header *** sent"


@pytest.mark.parametrize(
    ("address", "named", "accepted"),
    [
        ("db.example:3306/splynx", "db.example/splynx", True),
        ("db.example:3306/splynx", "db.example:3306/splynx", True),
        ("db.example:3307/splynx", "db.example/splynx", False),
        ("db.example:3306/splynx", "db.example/splynx2", False),
        ("db.example:3306/splynx", "other.example/splynx", False),
    ],
)
def test_writing_needs_the_target_named_twice(
    monkeypatch: pytest.MonkeyPatch, address: str, named: str, accepted: bool
) -> None:
    monkeypatch.setenv("SPLYNX_MYSQL_URL", f"mysql://u:password@{address}")
    monkeypatch.setenv("SPLYNX_TARGET", named)
    db = splynx_db()
    assert db.address == address
    if accepted:
        named_target(db)
    else:
        with pytest.raises(ConfigError, match="both to name the same target"):
            named_target(db)


def test_an_unnamed_target_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPLYNX_MYSQL_URL", "mysql://u:password@db.example/splynx")
    db: SplynxDb = splynx_db()
    with pytest.raises(ConfigError, match="SPLYNX_TARGET is not set"):
        named_target(db)


def test_without_any_splynx_both_ways_to_one_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="put SPLYNX_MYSQL_URL, or SPLYNX_URL for its API"):
        splynx_api()
    monkeypatch.setenv("SPLYNX_MYSQL_URL", "mysql://user:password@db.example.com/splynx")
    with pytest.raises(ConfigError, match="SPLYNX_URL is not set"):
        splynx_api()


def test_an_env_file_of_another_user_is_no_bug(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _env_file(tmp_path, monkeypatch, "SONAR_URL=https://file.example\n")

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")  # root, as whom tests may run, never is

    monkeypatch.setattr(settings, "dotenv_values", refused)
    with pytest.raises(ConfigError, match=r"some\.env cannot be read \(Permission denied\)"):
        environment()
