"""Facts and verdict as one static page and the same as JSON. No network, no storage.

The only script is the search by account number, which reads the index that lies beside the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from load.reconcile.findings import causes
from load.report.facts import Beside, Entity, Facts
from load.report.pictures import draw, pictures
from load.report.shares import funnel, lost, unaccounted
from load.report.verdict import Verdict
from runtime.errors import MEANINGS
from runtime.log import redact

_MOST_GROUPS = 60  # of one total: five years of months
_TEMPLATES = Path(__file__).parent / "templates"


def as_of(facts: Facts) -> str:
    """Return the sentence about the moment that the figures belong to."""
    extraction = facts.extraction
    if extraction is None or extraction.ended_at is None:
        return "There is no complete extraction yet."
    moment = f"{extraction.ended_at:%Y-%m-%d %H:%M} UTC"
    if extraction.is_frozen:
        return f"As of {moment}: the last pass over Sonar found no change."
    return f"Not frozen; the extraction ended {moment}."


def accepted(facts: Facts, entity: Entity) -> int:
    """Return the rows of the mart that acceptance let through, as the marts stand now."""
    found = facts.acceptance
    is_current = found is not None and found.fingerprint == facts.fingerprint
    return entity.mart if is_current and found and found.verdict == "accepted" else 0


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


def shown_groups(totals: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the groups of a total that the page shows: those that differ, then the others."""
    groups = sorted(totals["groups"], key=lambda group: bool(group["agrees"]))
    differing = sum(not group["agrees"] for group in groups)
    return groups[: max(differing, _MOST_GROUPS)]


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
    environment.globals["lost"] = lost
    environment.globals["unaccounted"] = unaccounted
    environment.globals["accepted"] = accepted
    environment.globals["shown_groups"] = shown_groups
    environment.globals["causes"] = causes()
    environment.globals["draw"] = draw
    environment.globals["meaning"] = MEANINGS.get
    return environment


def html(facts: Facts, verdict: Verdict, beside: Beside) -> str:
    """Return the page."""
    return redact(
        _environment()
        .get_template("report.html.j2")
        .render(
            facts=facts,
            verdict=verdict,
            links=beside.links,
            as_of=as_of(facts),
            grades=grades(facts),
            unread=unread(facts),
            pictures=pictures(facts),
            downloads={one.name: one for one in beside.downloads},
            accounts=beside.accounts,
        )
    )


def document(facts: Facts, verdict: Verdict) -> dict[str, Any]:
    """Return what the page says as one JSON-able value."""
    return {
        "verdict": asdict(verdict),
        "as_of": as_of(facts),
        **asdict(facts),
    }


def write(facts: Facts, verdict: Verdict, folder: Path, beside: Beside) -> Path:
    """Write `index.html` and `report.json` into `folder`; return the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    content = orjson.dumps(document(facts, verdict), option=orjson.OPT_INDENT_2, default=str)
    (folder / "report.json").write_text(redact(content.decode()), encoding="utf-8")
    page = folder / "index.html"
    page.write_text(html(facts, verdict, beside), encoding="utf-8")
    return page
