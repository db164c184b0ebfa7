"""The picture of a run: where the time of the whole way goes."""

from __future__ import annotations

from collections.abc import Sequence

from bench.records import Record
from load.report.pictures import Picture

_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"  # a name; nothing is fetched
_WHO = ("our processes", "database servers", "waiting")
_COLOURS = ("#0072B2", "#E69F00", "#999999")


def of_whole_way(records: Sequence[Record]) -> Picture | None:
    """Return what each stage of the whole way took, by who was at work; None where it did not run.

    On several cores both can work at once: then nothing is left for waiting.
    """
    whole = next((record for record in records if record.name == "whole"), None)
    ways = whole.ways if whole else ()
    values = []
    for way in ways:
        shares = (way.cpu, way.servers, max(0.0, way.seconds.middle - way.cpu - way.servers))
        for who, seconds in zip(_WHO, shares, strict=True):
            values.append({"stage": way.name, "who": who, "seconds": round(seconds, 2)})
    if not values:
        return None
    longest = max(ways, key=lambda way: way.seconds.middle)
    return Picture(
        "whole-way",
        "Seconds of CPU and of waiting, by stage",
        f"The longest stage is {longest.name} with {longest.seconds.middle:.0f} seconds.",
        {
            "$schema": _SCHEMA,
            "config": {"aria": False, "background": "white", "view": {"stroke": None}},
            "width": 480,
            "height": {"step": 18},
            "data": {"values": values},
            "mark": {"type": "bar"},
            "encoding": {
                "y": {"field": "stage", "type": "nominal", "sort": None, "title": None},
                "x": {"field": "seconds", "type": "quantitative", "title": "seconds"},
                "color": {
                    "field": "who",
                    "type": "nominal",
                    "scale": {"domain": list(_WHO), "range": list(_COLOURS)},
                    "legend": {"title": None, "orient": "bottom"},
                },
            },
        },
    )
