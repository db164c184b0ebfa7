"""Which route the rows of each table take: MySQL, the REST API, or each table its own. Pure.

A mart's YAML names its routes; by `hybrid` each table goes by the first of them. An operator may
move more tables to the API. Such a table takes along what Splynx ties to it: the rows that travel
inside its rows, those that Splynx makes with them, and every table that leads to it, because the
server gives the ids. What of these has no route over the API waits until a load by MySQL finds
those ids in the marts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from runtime.errors import ConfigError
from runtime.manifest import Manifest, Mart

MYSQL, REST, HYBRID = "mysql", "rest", "hybrid"
ROUTES = (MYSQL, REST, HYBRID)
FILES = "files"  # of a mart: the upload of a file makes its rows, as the last step over the API


@dataclass(frozen=True, slots=True)
class Routes:
    """The tables of one load by the way they go; together they are all marts."""

    mysql: frozenset[str]
    rest: frozenset[str]


def assigned(manifest: Manifest, route: str, moved: Sequence[str] = ()) -> Routes:
    """Return the way of each table.

    Raises:
        ConfigError: what is `moved` is no mart, cannot go over the API, or not without another.
    """
    names = frozenset(mart.name for mart in manifest.marts)
    if moved and route != HYBRID:
        raise ConfigError(
            "REST_TABLES moves tables of ROUTE=hybrid: set that route, or leave it out"
        )
    if route == REST:
        return Routes(frozenset(), names)
    alone = {mart.name for mart in manifest.marts if MYSQL not in mart.routes}
    if route == HYBRID:
        _refuse(manifest, moved)
        alone |= {mart.name for mart in manifest.marts if mart.preferred == REST}
        alone = _with_all(manifest, {*alone, *moved})
    return Routes(names - alone, frozenset(alone))


def _refuse(manifest: Manifest, moved: Iterable[str]) -> None:
    marts = {mart.name: mart for mart in manifest.marts}
    chosen = set(moved)
    for name in sorted(chosen):
        mart = marts.get(name)
        if mart is None:
            raise ConfigError(f"REST_TABLES: no mart is named {name} (make plan)")
        if REST not in mart.routes:
            raise ConfigError(f"REST_TABLES: {name} has no route over the API (make plan)")
        holder = next((h for h in _holders(mart) if h not in chosen), None)
        if holder is not None:
            raise ConfigError(
                f"REST_TABLES: rows of {name} come with those of {holder}: name {holder} instead"
            )


def _holders(mart: Mart) -> list[str]:
    """Return the marts whose rows hold, or make, those of this one; it cannot go without them."""
    if "in" in mart.rest:
        return [str(mart.rest["in"])]
    if mart.rest.get("identity"):
        return []
    return [str(made["by"]) for made in mart.rest.get("made", ())]


def _with_all(manifest: Manifest, moved: Iterable[str]) -> set[str]:
    """Return these tables with those that Splynx ties to them."""
    found = set(moved)
    while True:
        tied = {
            mart.name
            for mart in manifest.marts
            if mart.name not in found
            and (
                any(reference.to_mart in found for reference in mart.references)
                or any(holder in found for holder in _holders(mart))
            )
        }
        if not tied:
            return found
        found |= tied
