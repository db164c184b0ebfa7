"""The id manifest as a page to search in, both ways: `build/ids/index.html`.

The ids lie in a script beside the page, one text per entity, so that a browser searches some
hundred thousand of them without a server. What is shown is set as text, never as markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from load.ids.manifest import Id

_TEMPLATES = Path(__file__).parent / "templates"


def write_page(folder: Path, target: str, found: Iterable[Id]) -> Iterator[Id]:
    """Write the page while passing the ids (sorted by entity) on."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    page = environment.get_template("ids.html.j2").render(target=target)
    (folder / "index.html").write_text(page, encoding="utf-8")
    with (folder / "ids.js").open("wb") as script:
        script.write(b"const IDS = new Map();\n")
        for entity, group in groupby(found, key=lambda one: one.entity):
            lines = []
            for one in group:
                shown = "-" if one.splynx_id is None else one.splynx_id
                parts = (one.sonar_key, shown, one.origin, one.state, one.clash)
                lines.append("\t".join(map(str, parts)))
                yield one
            text = orjson.dumps("\n".join(lines))
            script.write(b"IDS.set(" + orjson.dumps(entity) + b", " + text + b");\n")
