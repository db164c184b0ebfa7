"""Endpoints of Splynx's API as entries of the page, from their OPTIONS."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from load.rest.client import Options, Splynx
from load.rest.failures import Failure
from load.rest.probing import Endpoint, describe
from load.rest.results import Attribute
from load.target_docs.facts import Entry, Line
from runtime.settings import SplynxApi

KIND = "endpoint"
_RULES = ("is_unique", "readonly", "select_values", "default_value")  # of an additional field


def read(api: SplynxApi, endpoints: Sequence[Endpoint]) -> list[Entry]:
    """Return the endpoints by path; one that does not describe itself says why.

    Raises:
        Failure: nobody gets an answer.
    """
    described = asyncio.run(_described(api, endpoints))
    found = [entry(*pair) for pair in zip(endpoints, described, strict=True)]
    return sorted(found, key=lambda one: one.name)


async def _described(api: SplynxApi, endpoints: Sequence[Endpoint]) -> list[Options | Failure]:
    async with Splynx(api) as splynx:
        # one first: wrong credentials are tried once
        first = [await describe(splynx, endpoint.path) for endpoint in endpoints[:1]]
        rest = await asyncio.gather(
            *(describe(splynx, endpoint.path) for endpoint in endpoints[1:])
        )
        return [*first, *rest]


def entry(endpoint: Endpoint, described: Options | Failure) -> Entry:
    """Return one endpoint with its attributes and additional fields. Pure."""
    tables = " ".join(endpoint.tables)
    says = f"rows of {', '.join(endpoint.tables)}"
    if isinstance(described, Failure):
        lines = [Line(name, "", "sent by a load", loaded=True) for name in sorted(endpoint.sent)]
        says = f"{says}; does not describe itself: {described}"
        return Entry(endpoint.path, KIND, says, lines, tables)
    lines = [
        Line(one.name, one.type, _notes(one), loaded=one.name in endpoint.sent)
        for one in described.attributes.values()
    ]
    lines += [
        Line(one.name, one.type, "; ".join(_field(one)), loaded=one.name in endpoint.fields)
        for one in (described.additional or {}).values()
    ]
    return Entry(endpoint.path, KIND, says, lines, tables)


def _notes(attribute: Attribute) -> str:
    named = attribute.title if attribute.title != attribute.name else ""
    return "; ".join(part for part in (named, "required" if attribute.is_required else "") if part)


def _field(attribute: Attribute) -> Iterator[str]:
    yield "additional field"
    if notes := _notes(attribute):
        yield notes
    for rule in _RULES:
        value = attribute.rest.get(rule)
        if value not in (None, "", "0", 0, False, [], "none"):
            yield f"{rule} {value}"
