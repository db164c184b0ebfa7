"""The page about the target: all of both its sides, nothing of its rows, nothing from outside."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from load.rest.probing import CREATE, LIST, Endpoint
from load.target_docs import command
from tests.load import miniature
from tests.load.rest.talking import api
from tests.sandbox.splynx_process import running
from tests.services import Splynx

CUSTOMERS = Endpoint(
    "admin/customers/customer",
    None,
    frozenset({LIST, CREATE}),
    frozenset({"name", "status"}),
    ("customers",),
    frozenset({"sonar_id"}),
)
LABELS = Endpoint("admin/config/labels", None, frozenset({LIST}), frozenset({"label"}), ("labels",))
FIELD = {
    **dict.fromkeys(("is_required", "is_add", "show_in_list", "searchable", "readonly"), "0"),
    "name": "sonar_id",
    "title": "Sonar id",
    "type": "string",
    "is_unique": "1",
    "disabled": "0",
}


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], str]:
    """Write the page; return it."""
    monkeypatch.setattr(command, "read_manifest", lambda: miniature.MANIFEST)
    monkeypatch.setattr(command, "read_shapes", lambda manifest: manifest)
    monkeypatch.setattr(command, "endpoints", lambda _shapes: [LABELS, CUSTOMERS])

    def write() -> str:
        command.docs_command.main(["--out", str(tmp_path / "docs")], standalone_mode=False)
        page = tmp_path / "docs" / "index.html"
        return page.read_text(encoding="utf-8") if page.exists() else ""

    return write


def section(page: str, kind: str, name: str) -> str:
    """Return the text of one table or endpoint, without markup."""
    found = re.search(rf'<section id="{kind}-{name}".*?</section>', page, re.DOTALL)
    assert found is not None, f"{kind} {name} is not on the page"
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())


def test_without_a_target_it_says_so(
    written: Callable[[], str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert written() == ""
    assert "neither SPLYNX_MYSQL_URL nor SPLYNX_URL is set" in capsys.readouterr().out


@pytest.mark.mysql
def test_the_page_holds_both_sides_and_no_row(
    splynx: Splynx, written: Callable[[], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    miniature.create_target(splynx.engine)
    with splynx.engine.begin() as connection:
        connection.exec_driver_sql(
            "insert into plans (id, title, price, speed) values (1, 'Secret plan', 1, 1)"
        )
    page = written()
    assert "SPLYNX_URL is not set: its part is missing" in page
    with running(splynx, tmp_path / "api") as server:
        server.customer(name="Ada Lovelace")
        answer = server.call("POST", "admin/config/additional-fields/customers", json=FIELD)
        assert answer.status == 201, answer
        settings = api(server)
        monkeypatch.setenv("SPLYNX_URL", settings.url)
        monkeypatch.setenv("SPLYNX_AUTH", "basic")
        monkeypatch.setenv("SPLYNX_API_KEY", settings.user)
        monkeypatch.setenv("SPLYNX_API_SECRET", settings.secret)
        page = written()
    for nobodys in ("Secret plan", "Ada Lovelace", settings.user, settings.secret):
        assert nobodys not in page
    # a table of the database that nothing is loaded into, and one that is
    tickets = section(page, "table", "ticket")
    assert "subject varchar(256)" in tickets
    assert "loaded" not in tickets.replace("what else loaded", "")
    clients = section(page, "table", "clients")
    assert "referred to by client_info.client_id, subscriptions.client_id" in clients
    assert "9 of 10 loaded" in clients
    assert "id int unsigned primary key; counts up by itself yes" in clients
    assert "status enum('new','active','disabled') default 'new' yes" in clients.replace(
        "&#39;", "'"
    )
    assert "leads to clients.id; must be given" in section(page, "table", "subscriptions")
    # an endpoint that describes itself, and one that does not
    customers = section(page, "endpoint", CUSTOMERS.path)
    assert "name string Name; required yes" in customers
    assert "sonar_id string additional field; Sonar id; is_unique 1 yes" in customers
    assert "3 of" in customers
    labels = section(page, "endpoint", LABELS.path)
    assert "does not describe itself" in labels
    assert "label sent by a load yes" in labels
    # one file, and nothing is fetched
    assert re.findall(r'(?:src|href)="(?!#|data:)[^"]*"', page) == []
