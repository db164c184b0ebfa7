"""The pictures of the report: Vega-Lite specifications made of facts, and their drawing as SVG.

The specifications are pure. Colours are those of Okabe and Ito, which people with any kind of
colour blindness can tell apart; texts are dark on white in every theme and on paper. A picture is
hardly wider than a phone, so that its letters can be read there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import vl_convert
from markupsafe import Markup

from load.report.facts import Access, Entity, Facts, Money, Timing
from load.report.shares import IN_TARGET, PARTS, funnel

Spec = Mapping[str, Any]

_WIDTH = 190  # of the plot; names stand to its left
_LARGER = 1.25  # a picture's largest size on a wide screen, of its own
_PER_PICTURE = 30  # bars: what a sheet of paper holds
_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"  # a name; nothing is fetched
_VERSION = "5.20"
_INK = "#1c2430"
_ROLES = re.compile(r' (?:role="graphics-[^"]*"|aria-roledescription="[^"]*")')  # of nameless parts
_SONAR, _SPLYNX = "#E69F00", "#0072B2"
_PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")
_COLOURS = {
    "in target": "#009E73",
    "in other marts": "#0072B2",
    "not in target": "#000000",
    "not compared": "#CC79A7",
    "quarantined": "#D55E00",
    "not selected": "#F0E442",
    "merged": "#56B4E9",
    "excluded": "#999999",
    "rejected": "#E69F00",
}
_CONFIG = {
    "aria": False,  # the picture has one title and description; its parts would be noise
    "background": "white",
    "font": "Liberation Sans, Arial, Helvetica, sans-serif",  # what the drawing library measures
    "padding": {"left": 8, "top": 4, "right": 20, "bottom": 4},
    "axis": {
        "labelColor": _INK, "titleColor": _INK, "labelFontSize": 11, "titleFontSize": 11,
        "labelLimit": 210,
    },
    "legend": {
        "labelColor": _INK, "titleColor": _INK, "labelFontSize": 11, "orient": "bottom",
        "columns": 2, "title": None, "symbolType": "square",
    },
    "view": {"stroke": None},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing with what it is called and says, for those who do not see it."""

    name: str
    title: str
    says: str
    spec: Spec


def _spec(values: Sequence[Mapping[str, Any]], **parts: object) -> Spec:
    return {
        "$schema": _SCHEMA,
        "config": _CONFIG,
        "width": _WIDTH,
        "data": {"values": list(values)},
        **parts,
    }


def _colour(names: Sequence[str], colours: Sequence[str]) -> Mapping[str, Any]:
    return {
        "field": "what",
        "type": "nominal",
        "scale": {"domain": list(names), "range": list(colours)},
        "legend": {},
    }


def _named_bars(field: str) -> Mapping[str, Any]:
    return {"field": field, "type": "nominal", "sort": None, "title": None}


def _share_of(entities: Sequence[Entity]) -> Spec:
    found = [(entity, part) for entity in entities for part in funnel(entity)]
    values = [
        {"entity": entity.name, "what": part.name, "rows": part.rows,
         "place": PARTS.index(part.name)}
        for entity, part in found
    ]  # fmt: skip
    names = [name for name in PARTS if name in {part.name for _, part in found}]
    return _spec(
        values,
        height={"step": 16},
        mark={"type": "bar"},
        encoding={
            "y": _named_bars("entity"),
            "x": {
                "field": "rows", "type": "quantitative", "stack": "normalize", "title": None,
                "axis": {"format": ".0%", "tickCount": 4},
            },
            "color": _colour(names, [_COLOURS[name] for name in names]),
            "order": {"field": "place"},
        },
    )  # fmt: skip


def outcomes(entities: Sequence[Entity]) -> Iterator[Picture]:
    """Yield what became of every record, a bar for each entity that has something to tell.

    Those of which every record is in the target are counted in the words below, not drawn.
    """
    parts = [(entity, funnel(entity)) for entity in entities]
    filled = [entity for entity, found in parts if any(p.name != IN_TARGET for p in found)]
    whole = sum(bool(found) for _, found in parts) - len(filled)
    for start in range(0, len(filled), _PER_PICTURE):
        page = filled[start : start + _PER_PICTURE]
        yield Picture(
            f"outcomes-{start // _PER_PICTURE + 1}",
            f"What became of every record: {page[0].name} to {page[-1].name}; of {whole} more "
            "every record is in the target",
            "Shares of each entity's records; the table below has the same figures.",
            _share_of(page),
        )


def totals(money: Money) -> Picture:
    """Return the totals of both systems side by side."""
    values = [
        {"total": line.description, "what": system, "amount": cents / 10**line.decimals}
        for line in money.lines
        for system, cents in (("Sonar", line.sonar), ("Splynx", line.splynx))
    ]
    spec = _spec(
        values,
        height={"step": 12},
        mark={"type": "bar"},
        encoding={
            "y": _named_bars("total"),
            "yOffset": {"field": "what", "type": "nominal"},
            "x": {
                "field": "amount", "type": "quantitative", "title": None,
                "axis": {"format": "~s", "tickCount": 4},
            },
            "color": _colour(("Sonar", "Splynx"), (_SONAR, _SPLYNX)),
        },
    )  # fmt: skip
    return Picture(
        "money-totals",
        "Money in both systems",
        "Each total as Sonar states it and as Splynx has it; the table has the figures.",
        spec,
    )


def differences(money: Money) -> Picture | None:
    """Return the largest differences of accounts, Splynx less Sonar; None where there are none."""
    if not money.largest:
        return None
    decimals = money.lines[0].decimals if money.lines else 2
    causes = sorted({account.cause or "unexplained" for account in money.largest})
    values = [
        {
            "account": account.key,
            "what": account.cause.replace("_", " ") or "unexplained",
            "amount": (account.splynx - account.sonar) / 10**decimals,
        }
        for account in money.largest
    ]
    spec = _spec(
        values,
        height={"step": 14},
        mark={"type": "bar"},
        encoding={
            "y": _named_bars("account"),
            "x": {
                "field": "amount", "type": "quantitative", "title": "Splynx less Sonar",
                "axis": {"tickCount": 4},
            },
            "color": {
                **_colour(
                    [cause.replace("_", " ") for cause in causes],
                    [_PALETTE[n % len(_PALETTE)] for n in range(len(causes))],
                ),
                "legend": {"columns": 1, "labelLimit": 300},
            },
        },
    )  # fmt: skip
    return Picture(
        "money-differences",
        f"The {len(money.largest)} accounts whose balances differ most",
        "A bar for each account, Splynx less Sonar, coloured by cause; the table has the figures.",
        spec,
    )


def decisions(access: Access) -> Picture:
    """Return how many services would be let in, before and after."""
    values = [
        {"decision": word.replace("_", " "), "what": system, "services": count}
        for word, before, after in access.decisions
        for system, count in (("Sonar", before), ("Splynx", after))
    ]
    spec = _spec(
        values,
        height={"step": 12},
        mark={"type": "bar"},
        encoding={
            "y": _named_bars("decision"),
            "yOffset": {"field": "what", "type": "nominal"},
            "x": {"field": "services", "type": "quantitative", "title": None,
                  "axis": {"tickCount": 4, "format": "~s"}},
            "color": _colour(("Sonar", "Splynx"), (_SONAR, _SPLYNX)),
        },
    )  # fmt: skip
    return Picture(
        "access",
        "Who is let into the network",
        "Services by decision, in Sonar and in Splynx; the table has the figures.",
        spec,
    )


def durations(timings: Sequence[Timing]) -> Picture | None:
    """Return the seconds of each stage in the latest runs, the latest at the top."""
    if not timings:
        return None
    stages = list(dict.fromkeys(timing.stage for timing in timings))
    values = [
        {
            "run": "latest" if timing.run == 0 else f"{timing.run} before",
            "what": timing.stage,
            "seconds": timing.seconds,
            "place": stages.index(timing.stage),
        }
        for timing in timings
    ]
    spec = _spec(
        values,
        height={"step": 22},
        mark={"type": "bar"},
        encoding={
            "y": _named_bars("run"),
            "x": {"field": "seconds", "type": "quantitative", "title": "seconds",
                  "axis": {"tickCount": 4, "format": "~s"}},
            "color": _colour(stages, _PALETTE),
            "order": {"field": "place"},
        },
    )  # fmt: skip
    return Picture(
        "timings",
        "How long the stages took, run by run",
        "A bar for each run, the latest first; the table has the last two runs of each stage.",
        spec,
    )


def pictures(facts: Facts) -> Mapping[str, Sequence[Picture]]:
    """Return all pictures of the page by section; a section without facts has none."""
    found = facts.reconciliation
    # the rows of a choice are not what became of everybody's
    entities = found.entities if found is not None and found.scope is None else ()
    money, access = facts.money, facts.access
    made: dict[str, list[Picture | None]] = {
        "outcomes": [*outcomes(entities)],
        "money": [totals(money), differences(money)] if money is not None else [],
        "access": [decisions(access)] if access is not None and access.subscribers else [],
        "timings": [durations(facts.timings)],
    }
    return {name: [one for one in ones if one is not None] for name, ones in made.items()}


def draw(picture: Picture) -> Markup:
    """Return the picture as an inline `<svg>` with a title and a description.

    Nothing is fetched: the data stand in the specification, and addresses are refused.
    """
    drawn = vl_convert.vegalite_to_svg(
        dict(picture.spec), vl_version=_VERSION, allowed_base_urls=[]
    )
    box = re.search(r'viewBox="([\d.]+ [\d.]+ ([\d.]+) [\d.]+)"', drawn)
    inside = _ROLES.sub("", drawn[drawn.index(">") + 1 :])
    shape = f' viewBox="{box[1]}" style="max-width: {_LARGER * float(box[2]):.0f}px"' if box else ""
    name = escape(picture.name)
    # Its texts come from a drawing library, which escapes them as SVG needs it.
    return Markup(  # noqa: S704
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" class="marks"{shape}'
        f' aria-labelledby="{name}-title {name}-says">'
        f'<title id="{name}-title">{escape(picture.title)}</title>'
        f'<desc id="{name}-says">{escape(picture.says)}</desc>{inside}'
    )
