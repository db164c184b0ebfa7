"""A load by both routes: each table by its own, MySQL first, then what the API has to place.

Both loads have the same gates, plans of their own and one run. What the API leads to is in Splynx
by then; what leads to it goes with it (`load.planning.routes`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from load import run as by_mysql
from load.planning.routes import Routes
from load.planning.scope import EVERYTHING, Scope
from load.rest import run as by_rest
from load.rest.run import Loaded
from load.writing.plan_writer import Result
from runtime.errors import Unfinished
from runtime.manifest import Manifest
from runtime.run_ledger import Run
from runtime.settings import SplynxApi, SplynxDb


@dataclass(frozen=True, slots=True)
class Both:
    """What each of the two loads did; `left` is what either could not do."""

    mysql: Result | None
    rest: Loaded | None
    left: tuple[Unfinished, ...]


def load(  # noqa: PLR0913 - what a load is told
    run: Run,
    db: SplynxDb,
    api: SplynxApi,
    manifest: Manifest,
    routes: Routes,
    *,
    dry_run: Callable[[str], None] | None = None,
    chosen: Scope = EVERYTHING,
    **of_mysql: Any,  # noqa: ANN401 - options of `load.run.load`
) -> Both:
    """Bring the accepted marts into Splynx, each table by its route.

    Rows that the first load could not write do not keep the second from its own, unless there were
    so many that it stopped.

    Raises:
        MigrationError: as both loads; `Unfinished` is in the result where both have ended.
    """
    left: list[Unfinished] = []
    first: Result | None = None
    second: Loaded | None = None
    try:
        first = by_mysql.load(
            run, db, manifest, dry_run=dry_run is not None, chosen=chosen, routes=routes, **of_mysql
        )
    except Unfinished as exc:
        left.append(exc)
        if run.detail.get("stopped"):
            raise  # what stops one load is no better for the next
    noted = dict(run.detail)
    run.detail.clear()
    alike = {name: of_mysql[name] for name in ("on_conflict", "many_gone") if name in of_mysql}
    try:
        second = by_rest.load(
            run, api, manifest, dry_run=dry_run, chosen=chosen, routes=routes, **alike
        )
    except Unfinished as exc:
        left.append(exc)
    finally:
        together = _together(noted, dict(run.detail))
        run.detail.clear()
        run.note(**together)
    return Both(first, second, tuple(left))


def _together(mysql: Mapping[str, Any], rest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of both loads: numbers added, each load's own beside them. Pure."""
    both = {**mysql, **rest}
    for name in mysql.keys() & rest.keys():
        one, other = mysql[name], rest[name]
        if _is_number(one) and _is_number(other):
            both[name] = one + other
        elif name == "tables":
            both[name] = {table: one[table] for table in one} | {
                table: counts for table, counts in other.items() if "by_mysql" not in counts
            }
    return {**both, "route": "hybrid", "by_route": {"mysql": dict(mysql), "rest": dict(rest)}}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
