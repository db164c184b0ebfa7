"""What the answers of `extract doctor` change in the way a Sonar is read (pure)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from extract.catalogue.discovery import Collection, Kind
from extract.probing.traits import Traits
from extract.reading.reader import Extent
from extract.sonar.client import Manners


def walked(collections: Iterable[Collection], traits: Traits) -> tuple[Collection, ...]:
    """Return the collections; where ids cannot be walked, pages are turned by number instead."""
    if traits.ids_sorted and traits.id_filter:
        return tuple(collections)
    return tuple(
        replace(one, kind=Kind.PAGE) if one.kind is Kind.FULL else one for one in collections
    )


def bounded(extent: Extent, traits: Traits) -> Extent:
    """Return `extent` with pages that Sonar serves, and changes only where it can tell them."""
    size = min(extent.page_size, traits.page_maximum or extent.page_size)
    changes = extent.changes and traits.updated_at and traits.criteria_and
    return replace(extent, page_size=size, changes=changes)


def mannered(manners: Manners, traits: Traits) -> Manners:
    """Return `manners` with the request limit that Sonar named, unless the operator named one."""
    return replace(
        manners, requests_per_minute=manners.requests_per_minute or traits.requests_per_minute
    )
