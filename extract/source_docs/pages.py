"""The pages as files: an index, one page a root query, one of what changed. No server is needed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import Engine

from extract.source_docs.collect import collect
from extract.source_docs.facts import Change, Facts, Filled, Page
from runtime.log import redact
from runtime.settings import BUILD

_HERE = Path(__file__).parent
_ASSETS = _HERE / "assets"
FOLDER = BUILD / "docs" / "sonar"


def write_docs(
    engine: Engine, folder: Path = FOLDER, *, source: str | None = None, max_depth: int = 2
) -> Path:
    """Write the pages into `folder`, which is replaced as a whole; return the index.

    Args:
        engine: the warehouse.
        folder: where the pages go.
        source: host of the Sonar; None: the one that was read last.
        max_depth: of embedded objects, as the extraction was run.

    Raises:
        ConfigError: no schema has been recorded yet.
    """
    with engine.connect() as connection:
        facts = collect(connection, source=source, max_depth=max_depth)
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        write(facts, made)
        made.chmod(0o755)
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return folder / "index.html"


def write(facts: Facts, folder: Path) -> None:
    """Write all pages of `facts` into the empty `folder`."""
    environment = _environment()
    names = frozenset(page.collection.name for page in facts.pages)

    def page(name: str, template: str, root: str, **values: Any) -> None:  # noqa: ANN401
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        rendered = environment.get_template(template).render(facts=facts, root=root, **values)
        path.write_text(redact(rendered), encoding="utf-8")

    page("index.html", "index.html.j2", "", counts=counts(facts))
    page("changes.html", "changes.html.j2", "", names=names, groups=grouped(facts.changes))
    for each in facts.pages:
        touching = [c for c in facts.changes if each.collection.name in c.touches]
        name = f"collections/{each.collection.name}.html"
        values = {"page": each, "names": names, "touching": grouped(touching)}
        page(name, "collection.html.j2", "../", **values)
    for asset in _ASSETS.iterdir():
        shutil.copyfile(asset, folder / asset.name)
    index = orjson.dumps(search_index(facts)).decode()
    (folder / "search-index.js").write_text(f"const SEARCH_INDEX = {redact(index)};\n", "utf-8")


def search_index(facts: Facts) -> list[list[Any]]:
    """Return name, entity, state and fields of every root query, for the search in the page."""
    return [
        [
            page.collection.name,
            page.collection.entity,
            page.state,
            [[field.name, field.type, field.status] for field in page.fields],
        ]
        for page in facts.pages
    ]


def counts(facts: Facts) -> Mapping[str, int]:
    """Return how many root queries have which grade, or else state."""
    found: dict[str, int] = {}
    for page in facts.pages:
        word = (
            page.read.grade if page.read and not page.collection.skipped else None
        ) or page.state
        found[word] = found.get(word, 0) + 1
    return dict(sorted(found.items()))


def grouped(changes: Sequence[Change]) -> Mapping[str, Sequence[Change]]:
    """Return the changes by severity, in their order."""
    found: dict[str, list[Change]] = {}
    for change in changes:
        found.setdefault(change.severity, []).append(change)
    return found


def filled(page: Page, name: str) -> Filled | None:
    """Return how full a field is, None where nothing has landed."""
    return page.coverage.fields.get(name) if page.coverage else None


def _number(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _share(part: int, whole: int) -> str:
    """Return a share that is 0 % or 100 % only when it is exactly that."""
    if not whole or part in {0, whole}:
        return "100 %" if part else "0 %"
    return f"{min(max(100 * part / whole, 0.1), 99.9):.1f} %"


def _moment(value: datetime | None) -> str:
    return "-" if value is None else f"{value:%Y-%m-%d %H:%M} UTC"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": _number, "moment": _moment}
    environment.globals |= {"share": _share, "filled": filled}
    return environment
