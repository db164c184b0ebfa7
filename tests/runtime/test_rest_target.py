"""One Splynx has one name, whichever route its rows take, and writing needs it twice."""

from __future__ import annotations

import pytest

from runtime.errors import ConfigError
from runtime.settings import named_rest_target, rest_target_address


@pytest.fixture(autouse=True)
def api(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPLYNX_URL", "https://splynx.example.com:8443")
    monkeypatch.setenv("SPLYNX_API_KEY", "some-key")
    monkeypatch.setenv("SPLYNX_API_SECRET", "some-secret")


def test_without_a_database_the_host_is_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert rest_target_address() == "splynx.example.com:8443"
    with pytest.raises(ConfigError, match="SPLYNX_TARGET is not set"):
        named_rest_target()
    monkeypatch.setenv("SPLYNX_TARGET", "splynx.example.com")
    with pytest.raises(ConfigError, match="SPLYNX_URL leads to splynx"):
        named_rest_target()
    monkeypatch.setenv("SPLYNX_TARGET", "splynx.example.com:8443")
    named_rest_target()


def test_with_a_database_its_name_is_the_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPLYNX_MYSQL_URL", "mysql://user:password@db.example.com/splynx")
    assert rest_target_address() == "db.example.com:3306/splynx"
    monkeypatch.setenv("SPLYNX_TARGET", "splynx.example.com:8443")
    with pytest.raises(ConfigError, match="SPLYNX_MYSQL_URL leads to"):
        named_rest_target()
    monkeypatch.setenv("SPLYNX_TARGET", "db.example.com/splynx")
    named_rest_target()
