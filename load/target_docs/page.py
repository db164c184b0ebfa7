"""The page as a file: all in one, so that it can be searched and passed on without a server."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from load.target_docs.facts import Facts
from runtime.log import redact
from runtime.settings import BUILD

FOLDER = BUILD / "docs" / "splynx"
_TEMPLATES = Path(__file__).parent / "templates"


def write(facts: Facts, folder: Path = FOLDER) -> Path:
    """Write `index.html` into `folder`; return it."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    rendered = environment.get_template("splynx.html.j2").render(facts=facts)
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "index.html"
    page.write_text(redact(rendered), encoding="utf-8")
    return page
