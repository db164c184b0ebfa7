"""`ops.extract_state`: where the reading of each collection stands, over runs and kills.

A walk under way is there as its ranges; what has landed of it is moved in the same moment as the
landing is known to be complete. The watermark is Sonar's own time up to which every change landed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from sqlalchemy import Connection, Engine, text

from extract.reading import ranges
from extract.reading.ranges import Range

# Sonar answers searches from an index that lags behind its database, and its instants are whole
# seconds; what is read twice because of the overlap is compared and dropped.
OVERLAP = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class State:
    """One collection's. `ranges` are those of a walk under way, which began at `walk_began`.

    A walk with a `watermark` reads what changed since; one without reads every row.
    """

    selection: str
    walk_began: datetime | None = None
    ranges: tuple[Range, ...] | None = None
    watermark: datetime | None = None

    @property
    def since(self) -> datetime | None:
        """From when on changes are asked for; None asks for every row."""
        return None if self.watermark is None else self.watermark - OVERLAP


_KEEP = text(
    "insert into ops.extract_state (source, collection, selection, walk_began, ranges, watermark)"
    " values (:source, :name, :selection, :began, cast(:ranges as jsonb), :watermark)"
    " on conflict (source, collection) do update set selection = excluded.selection,"
    " walk_began = excluded.walk_began, ranges = excluded.ranges,"
    " watermark = excluded.watermark, changed_at = clock_timestamp()"
)


class States:
    """The states of one source. Methods block."""

    def __init__(self, engine: Engine, source: str) -> None:
        self._engine = engine
        self._source = source

    def read(self) -> Mapping[str, State]:
        """Return what is known, by collection."""
        query = text(
            "select collection, selection, walk_began, ranges, watermark"
            " from ops.extract_state where source = :source"
        )
        with self._engine.connect() as session:
            rows = session.execute(query, {"source": self._source}).all()
        return {
            row.collection: State(
                row.selection,
                row.walk_began,
                None if row.ranges is None else ranges.from_json(row.ranges),
                row.watermark,
            )
            for row in rows
        }

    def keep(self, states: Mapping[str, State]) -> None:
        """Write the states of some collections, in one transaction of their own."""
        with self._engine.begin() as session:
            for name, state in states.items():
                self._write(session, name, state)

    def forget(self, names: Sequence[str]) -> None:
        """Forget some collections, so that they are read from the beginning."""
        query = text(
            "delete from ops.extract_state where source = :source and collection = any(:names)"
        )
        with self._engine.begin() as session:
            session.execute(query, {"source": self._source, "names": list(names)})

    def _write(self, session: Connection, name: str, state: State) -> None:
        kept = None if state.ranges is None else orjson.dumps(ranges.as_json(state.ranges)).decode()
        session.execute(
            _KEEP,
            {
                "source": self._source,
                "name": name,
                "selection": state.selection,
                "began": state.walk_began,
                "ranges": kept,
                "watermark": state.watermark,
            },
        )
