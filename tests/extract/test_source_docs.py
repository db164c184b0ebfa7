"""The pages about the source: what they say, and what must never be on them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema, is_enum_type, is_leaf_type, print_schema
from graphql.type import get_named_type
from sqlalchemy import Engine, text

from extract.catalogue.discovery import discover
from extract.catalogue.schemas import remember
from extract.catalogue.selection import select
from extract.source_docs.command import command
from extract.source_docs.pages import write_docs
from extract.source_docs.schema_diff import schema_changes
from runtime.errors import ConfigError
from sandbox.sonar.schema import load_schema
from sandbox.sonar.tenant import generate
from tests.extract.published import published_schema

SOURCE = "isp.example"
SHOWN = frozenset({"Int", "Float", "Int64Bit", "Date", "Datetime", "Boolean"})
READ = ("accounts", "contacts", "files", "addresses", "account_services")


@cache
def _schema() -> GraphQLSchema:
    return load_schema()


@cache
def _tenant() -> Mapping[str, Sequence[Mapping[str, Any]]]:
    store = generate(_schema(), "tiny", 1).store(_schema())
    return {name: list(store.named(name).rows) for name in READ}


def _land(
    engine: Engine, schema: GraphQLSchema, name: str, rows: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Land the leaves of `rows` as an extraction would; return what was landed."""
    collection = next(c for c in discover(schema) if c.name == name)
    leaves = select(schema, collection, max_depth=2).leaves
    landed = [{leaf: row.get(leaf) for leaf in leaves} for row in rows]
    with engine.begin() as connection:
        connection.exec_driver_sql(
            f'create table raw_sonar."{name}" (_sonar_key text primary key,'
            " payload jsonb not null, _run_id text not null, _deleted_at timestamptz)"
        )
        connection.execute(
            text(f"insert into raw_sonar.\"{name}\" values (:key, cast(:payload as jsonb), 'run')"),
            [{"key": str(n), "payload": json.dumps(row)} for n, row in enumerate(landed)],
        )
    _ledger(engine, name, landed_count=len(landed), server_count=len(landed))
    return landed


def _ledger(engine: Engine, name: str, run: str = "run", **values: Any) -> None:
    row = {"kind": "full", "state": "complete", "grade": "proven", "reason": None, **values}
    columns = ", ".join(row)
    with engine.begin() as connection:
        connection.execute(
            text(
                f"insert into ops.extract_ledger (run_id, source, collection, {columns}, ended_at)"
                f" values (:run, '{SOURCE}', :name, {', '.join(f':{c}' for c in row)}, now())"
            ),
            {"run": run, "name": name, **row},
        )


class _Page(HTMLParser):
    """The cells of the rows with an id, all links, all ids, and the text."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.rows: dict[str, list[str]] = {}
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.tags: set[str] = set()
        self._row: list[str] | None = None
        self._is_open = False
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note ids and links, open rows and cells."""
        values = dict(attrs)
        self.tags.add(tag)
        if key := values.get("id"):
            self.ids.add(key)
        for name in ("href", "src"):
            if address := values.get(name):
                self.links.append(address)
        if tag == "tr":
            self._row = self.rows.setdefault(values.get("id") or f"row {len(self.rows)}", [])
        elif tag == "td" and self._row is not None:
            self._row.append("")
            self._is_open = True

    def handle_data(self, data: str) -> None:
        """Add to the open cell."""
        if self._row and self._is_open:
            self._row[-1] += data

    def handle_endtag(self, tag: str) -> None:
        """Tidy the text of a cell that is complete."""
        if tag == "td" and self._row:
            self._row[-1] = " ".join(self._row[-1].split())
            self._is_open = False


def _pages(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.html"))


def _everything(folder: Path) -> str:
    return "\n".join(p.read_text(encoding="utf-8") for p in folder.rglob("*") if p.is_file())


def _links_lead_somewhere(folder: Path) -> None:
    parsed = {path: _Page(path) for path in _pages(folder)}
    for path, page in parsed.items():
        for link in page.links:
            if link.startswith("data:"):
                continue
            assert "//" not in link, f"{path} needs the network: {link}"
            address, _, anchor = link.partition("#")
            target = (path.parent / address).resolve()
            assert target.is_file(), f"{path}: {link}"
            assert not anchor or anchor in parsed[target].ids


@pytest.mark.postgres
def test_pages_say_exactly_how_full_each_field_is(warehouse: Engine, tmp_path: Path) -> None:
    schema = _schema()
    remember(warehouse, SOURCE, schema)
    landed = {name: _land(warehouse, schema, name, rows) for name, rows in _tenant().items()}
    with warehouse.begin() as connection:  # of no interest any more, and said to be so
        connection.execute(
            text("update raw_sonar.contacts set _deleted_at = now() where _sonar_key = '0'")
        )
    landed["contacts"] = landed["contacts"][1:]
    index = write_docs(warehouse, tmp_path / "docs")
    assert index == tmp_path / "docs" / "index.html"
    nulls = distributions = ranges = 0
    for name, rows in landed.items():
        entity = next(c.entity for c in discover(schema) if c.name == name)
        page = _Page(index.parent / "collections" / f"{name}.html")
        for leaf in rows[0]:
            filled, empty, _, distinct, low, high, values = page.rows[leaf][3:]
            present = [row[leaf] for row in rows if row[leaf] is not None]
            assert int(filled.replace(",", "")) == len(present), (name, leaf)
            assert int(empty.replace(",", "")) == len(rows) - len(present), (name, leaf)
            nulls += len(rows) - len(present)
            assert distinct == str(len({json.dumps(value) for value in present})), (name, leaf)
            named = get_named_type(schema.type_map[entity].fields[leaf].type)  # type: ignore[attr-defined]
            if named.name in {"Int", "Int64Bit", "Date", "Datetime"} and present:
                numeric = named.name.startswith("Int")
                ordered = sorted(map(int, present)) if numeric else sorted(present)
                assert (low, high) == (str(ordered[0]), str(ordered[-1])), (name, leaf)
                ranges += 1
            elif named.name == "Boolean" or (is_enum_type(named) and len(named.values) <= 40):
                told = {v: int(c) for v, c in re.findall(r"(\w+) ([0-9]+)(?:,|$)", values)}
                words = [str(v).lower() if isinstance(v, bool) else v for v in present]
                assert told == {word: words.count(word) for word in words}, (name, leaf)
                distributions += bool(told)
            else:
                assert (low, high) == ("", ""), (name, leaf)
    assert min(nulls, distributions, ranges) > 10
    contacts = (index.parent / "collections" / "contacts.html").read_text(encoding="utf-8")
    assert "<dt>marked deleted</dt><dd>1</dd>" in contacts
    _links_lead_somewhere(index.parent)


def _personal(
    schema: GraphQLSchema, entity: str, number: int, row: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the row with a mark in every field whose values must not be shown."""
    marked = dict(row)
    for name, field in schema.type_map[entity].fields.items():  # type: ignore[attr-defined]
        named = get_named_type(field.type)
        if is_leaf_type(named) and named.name not in SHOWN and not is_enum_type(named):
            marked[name] = (
                48.77360001 if named.name in {"Latitude", "Longitude"} else f"PERSONAL-{number}"
            )
    return marked


@pytest.mark.postgres
def test_no_text_of_a_row_is_on_any_page(warehouse: Engine, tmp_path: Path) -> None:
    schema = _schema()
    remember(warehouse, SOURCE, schema)
    for name, rows in _tenant().items():
        entity = next(c.entity for c in discover(schema) if c.name == name)
        marked = [_personal(schema, entity, number, row) for number, row in enumerate(rows)]
        if name == "contacts":  # and where a number, a moment or a code was expected
            for column in ("created_at", "contactable_id", "contactable_type", "primary"):
                marked[0] = {**marked[0], column: f"PERSONAL-in-{column}"}
        _land(warehouse, schema, name, marked)
    index = write_docs(warehouse, tmp_path / "docs")
    everything = _everything(index.parent)
    assert "PERSONAL" not in everything
    assert "48.7736" not in everything
    contacts = _Page(index.parent / "collections" / "contacts.html").rows
    assert contacts["contactable_type"][-1].endswith("; 1 in no list")
    assert contacts["contactable_id"][7].isdecimal()  # the range of those that are numbers
    assert contacts["name"][3] == str(len(_tenant()["contacts"]))


@pytest.mark.postgres
def test_what_is_not_read_says_why_and_foreign_text_is_escaped(
    warehouse: Engine, tmp_path: Path
) -> None:
    schema = _schema()
    remember(warehouse, SOURCE, schema)
    _ledger(
        warehouse,
        "contacts",
        state="incomplete",
        grade="incomplete",
        reason="<script>alert('x')</script> & more",
        dropped_fields=["role"],
    )
    _ledger(warehouse, "contacts", "later", state="skipped", grade=None, reason="not asked for")
    index = write_docs(warehouse, tmp_path / "docs")
    rows = {cells[0]: cells for cells in _Page(index).rows.values() if cells}
    assert set(rows) == {collection.name for collection in discover(schema)}
    assert rows["contacts"][4:6] == ["incomplete of proven", "incomplete"]
    assert rows["radius_server_credentials"][5:] == ["excluded", "-", "-", "-", "holds credentials"]
    assert rows["get_next_ip_address_in_ip_pool"][-1].startswith("needs arguments: ")
    assert rows["accounts"][5] == "not read yet"
    page = index.parent / "collections" / "contacts.html"
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; more" in page.read_text("utf-8")
    assert "<script>alert" not in _everything(index.parent)
    fields = _Page(page).rows
    assert fields["role"][2] == "refused Sonar refuses it to this token"
    assert fields["role"][1] == "String"
    radius = _Page(index.parent / "collections" / "radius_accounts.html").rows
    assert radius["password"][2].startswith("secret ")
    accounts = _Page(index.parent / "collections" / "accounts.html").rows
    assert accounts["account_groups"][2].startswith("link ")
    assert accounts["account_groups"][-1] == "account_groups"
    assert accounts["addresses"][2] == "not read its rows are read by themselves"


@pytest.mark.postgres
def test_a_changed_schema_is_shown_with_what_it_touches(warehouse: Engine, tmp_path: Path) -> None:
    new = print_schema(_schema())
    index = tmp_path / "docs" / "index.html"
    with pytest.raises(ConfigError, match="make extract"):
        write_docs(warehouse, index.parent)
    old = re.sub(r"(type Contact [^{]*\{)", r"\1\n  fax_number: Int", new, count=1)
    old = old.replace("type Query {", "type Query {\n  old_things: ContactConnection!", 1)
    assert len(old) > len(new) + 40
    remember(warehouse, SOURCE, build_schema(old))
    write_docs(warehouse, index.parent)
    changes = index.parent / "changes.html"
    assert "Only one schema of isp.example has been seen so far" in changes.read_text("utf-8")
    remember(warehouse, "another.example", build_schema("type Query { x: Int }"))
    remember(warehouse, SOURCE, _schema())
    write_docs(warehouse, index.parent)
    said = " ".join(changes.read_text("utf-8").split())
    assert "Field Contact.fax_number was removed." in said
    assert "Field Query.old_things was removed." in said
    assert "2 differences" in index.read_text("utf-8")
    contacts = (index.parent / "collections" / "contacts.html").read_text("utf-8")
    assert "Field Contact.fax_number was removed." in contacts
    accounts = (index.parent / "collections" / "accounts.html").read_text("utf-8")
    assert "fax_number" not in accounts
    assert not (index.parent / "collections" / "old_things.html").exists()
    _links_lead_somewhere(index.parent)


OLD = """
type Query {
  things(paginator: Int, sorter: Int, search: Int, colour: Colour): ThingConnection
  pets(paginator: Int): PetConnection
}
type ThingConnection { entities: [Thing]! page_info: Int }
type PetConnection { entities: [Pet]! }
type Thing { id: ID! size: Int colour: Colour api_key: String part: Part pet: Pet }
type Part { weight: Int maker: String }
type Pet { id: ID! name: String }
enum Colour { RED GREEN }
scalar Unused
"""


@pytest.mark.parametrize(
    ("before", "after", "severity", "touches"),
    [
        ("size: Int ", "", "breaking", ("things",)),
        ("size: Int ", "size: String ", "breaking", ("things",)),
        ("size: Int ", "size: Int! ", "safe", ("things",)),
        ("size: Int ", "size: Int width: Int ", "safe", ("things",)),
        ("api_key: String ", "", "breaking", ()),
        ("weight: Int ", "", "breaking", ("things",)),
        ("RED GREEN", "RED", "breaking", ("things",)),
        ("RED GREEN", "RED GREEN BLUE", "dangerous", ("things",)),
        ("search: Int, ", "", "breaking", ("things",)),
        (", colour: Colour)", ")", "breaking", ()),
        (", colour: Colour)", ", colour: Colour, size: Int)", "dangerous", ()),
        (", colour: Colour)", ", colour: Colour!)", "breaking", ("things",)),
        ("pets(paginator: Int): PetConnection", "", "breaking", ("pets",)),
        ("scalar Unused", "", "breaking", ()),
        ("scalar Unused", "scalar Unused scalar More", "safe", ()),
    ],
)
def test_differences_are_graded_and_laid_at_the_right_door(
    before: str, after: str, severity: str, touches: tuple[str, ...]
) -> None:
    assert OLD.count(before) >= 1
    old, new = build_schema(OLD), build_schema(OLD.replace(before, after, 1))
    first = schema_changes(old, new, max_depth=2)[0]
    assert (first.severity, first.touches) == (severity, touches), first
    assert schema_changes(old, build_schema(OLD), max_depth=2) == []


@pytest.mark.postgres
def test_the_index_for_the_search_is_whole_and_old_pages_go(
    warehouse: Engine, tmp_path: Path
) -> None:
    remember(warehouse, SOURCE, _schema())
    folder = tmp_path / "docs"
    (folder / "collections").mkdir(parents=True)
    (folder / "collections" / "gone.html").write_text("an old page")
    write_docs(warehouse, folder)
    assert not (folder / "collections" / "gone.html").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["docs"]
    script = (folder / "search-index.js").read_text("utf-8")
    entries = json.loads(script.removeprefix("const SEARCH_INDEX = ").rstrip(";\n"))
    assert [entry[0] for entry in entries] == [c.name for c in discover(_schema())]
    for name, entity, _, fields in entries:
        known = _Page(folder / "collections" / f"{name}.html").ids
        assert {field[0] for field in fields} <= known
        assert entity in _schema().type_map


@pytest.mark.postgres
def test_the_command_says_where_the_pages_are(
    warehouse: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    remember(warehouse, SOURCE, build_schema(OLD))
    command.main(["--out", str(tmp_path / "docs")], standalone_mode=False)
    index = tmp_path / "docs" / "index.html"
    assert capsys.readouterr().out == f"source documentation: {index}\n"
    assert "Sonar at isp.example" in index.read_text("utf-8")


@pytest.mark.postgres
def test_the_whole_published_schema_has_its_pages(warehouse: Engine, tmp_path: Path) -> None:
    schema = published_schema()
    with warehouse.begin() as connection:  # not sorted, which takes as long as all of the rest
        connection.execute(
            text(
                "insert into ops.source_schema (source, schema_hash, sdl) values ('s', 'h', :sdl)"
            ),
            {"sdl": print_schema(schema)},
        )
    index = write_docs(warehouse, tmp_path / "docs")
    collections = discover(schema)
    assert len(collections) > 300
    assert len(_pages(index.parent)) == len(collections) + 2
