"""Facts and verdict as one static page and the same as JSON. No network, no script, no storage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from load.report.facts import Entity, Facts
from load.report.verdict import Verdict
from runtime.errors import MEANINGS
from runtime.log import redact

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of an entity's bar in the funnel: its name, rows and share of the source."""

    name: str
    rows: int
    share: float


def funnel(entity: Entity) -> list[Part]:
    """Return where an entity's source records ended, every one of them once."""
    # Records merged elsewhere, or defaulted rows of a child, can make the parts exceed the source.
    out = entity.quarantined + entity.not_selected
    parts = (
        ("in target", entity.in_target),
        ("quarantined", entity.quarantined),
        ("not selected", entity.not_selected),
        ("not in target", max(0, entity.mart - entity.in_target - out)),
        ("merged", entity.merged),
        ("excluded", entity.excluded),
        ("rejected", entity.rejected),
    )
    whole = max(1, entity.source, sum(rows for _, rows in parts))
    return [Part(name, rows, 100 * rows / whole) for name, rows in parts if rows]


def as_of(facts: Facts) -> str:
    """Return the sentence about the moment that the figures belong to."""
    extraction = facts.extraction
    if extraction is None or extraction.ended_at is None:
        return "There is no complete extraction yet."
    moment = f"{extraction.ended_at:%Y-%m-%d %H:%M} UTC"
    if extraction.is_frozen:
        return f"As of {moment}: the last pass over Sonar found no change."
    return f"Not frozen; the extraction ended {moment}."


def grades(facts: Facts) -> Mapping[str, int]:
    """Return how many collections of the extraction have which grade, or else state."""
    found: dict[str, int] = {}
    for collection in facts.extraction.collections if facts.extraction else ():
        word = collection.grade or collection.state
        found[word] = found.get(word, 0) + 1
    return dict(sorted(found.items()))


def unread(facts: Facts) -> list[tuple[str, int]]:
    """Return the collections that landed and that no mart reads, the largest first."""
    if facts.extraction is None:
        return []
    found = [
        (collection.name, collection.landed_count or 0)
        for collection in facts.extraction.collections
        if not collection.needed and collection.landed_count
    ]
    return sorted(found, key=lambda entry: (-entry[1], entry[0]))


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"


def amount(smallest: int, decimals: int) -> str:
    """Return an amount of the currency's smallest units as people write it."""
    return f"{Decimal(smallest).scaleb(-decimals):,.{decimals}f}"


def _moment(value: datetime | None) -> str:
    return "-" if value is None else f"{value:%Y-%m-%d %H:%M:%S} UTC"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = _number
    environment.filters["moment"] = _moment
    environment.globals["amount"] = amount
    environment.globals["funnel"] = funnel
    environment.globals["meaning"] = MEANINGS.get
    return environment


def html(facts: Facts, verdict: Verdict, links: Sequence[tuple[str, str]]) -> str:
    """Return the page. `links` are (words, relative address) of other artefacts."""
    return redact(
        _environment()
        .get_template("report.html.j2")
        .render(
            facts=facts,
            verdict=verdict,
            links=links,
            as_of=as_of(facts),
            grades=grades(facts),
            unread=unread(facts),
        )
    )


def document(facts: Facts, verdict: Verdict) -> dict[str, Any]:
    """Return what the page says as one JSON-able value."""
    return {
        "verdict": asdict(verdict),
        "as_of": as_of(facts),
        **asdict(facts),
    }


def write(facts: Facts, verdict: Verdict, folder: Path, links: Sequence[tuple[str, str]]) -> Path:
    """Write `index.html` and `report.json` into `folder`; return the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    content = orjson.dumps(document(facts, verdict), option=orjson.OPT_INDENT_2, default=str)
    (folder / "report.json").write_text(redact(content.decode()), encoding="utf-8")
    page = folder / "index.html"
    page.write_text(html(facts, verdict, links), encoding="utf-8")
    return page
