"""`python -m runtime.dbt_process [--as-events] ARGUMENTS`: dbt at a lower cost.

Five things cost a build of many small nodes more than its SQL does:

- dbt keeps its graph of the project until it ends, and Python's garbage collector, at its usual
  thresholds, walks all of it again and again. Here it looks less often (peak memory 172 to 191 MB).
- dbt makes a message of each of its debug events, and writes it out as JSON when its output is
  to be read by a program, before it looks whether the level is wanted. Here the log file is text,
  and `--as-events` drops what is for debugging and has dbt's own callback tell what a program
  needs, one JSON object a line: `{"name", "level", "message", "node", "of"}` (`of`: how many
  nodes there are).
- dbt connects anew for every node: 7 ms of Postgres for a query of 0.4 ms, because each connection
  reads the catalogue again. Here a thread keeps its connection, which is reset after each node.
- dbt runs nodes in the order in which they became ready. `runtime.dbt_order` has a better one.
- dbt parses the project anew (40 s) when the warehouse is another server, because a model could
  ask for its name. None here does; only the names of database and schema stand in a parse.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import Any

import orjson
import psycopg2
from dbt.adapters.postgres.connections import PostgresConnectionManager, PostgresCredentials
from dbt.adapters.postgres.impl import PostgresAdapter
from dbt.cli.main import cli, dbtRunner
from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.event_manager import EventManager

from runtime import dbt_order

_FINISHED = {"LogModelResult", "LogSeedResult", "LogTestResult"}  # dbt's names of its events
_WORTH_SAYING = {"warn", "error"}
_FILE = ("--log-format-file", "text", "--log-level-file", "info")
_DID_NOT_RUN = 2  # as dbt's own command line ends then

# Of each session; what PGOPTIONS says already stands. With 64 MB no statement took less time, and
# two threads took more memory than three do so. Three keep two cores busy without workers.
_OPTIONS = "-c work_mem=32MB -c max_parallel_workers_per_gather=0"


class _KeptConnections(PostgresConnectionManager):
    """A connection a thread, from its first node to dbt's end."""

    def release(self) -> None:
        """Leave the connection as a new one would be, or let dbt close it."""
        connection = self.get_if_exists()
        if connection is None or connection.state != "open" or connection.handle.closed:
            return super().release()
        try:
            connection.handle.reset()  # whatever is open is rolled back, and settings are new
        except psycopg2.Error:
            return super().release()
        connection.transaction_open = False
        return None


def _what_a_parse_depends_on(_: PostgresCredentials) -> tuple[str, ...]:
    return ("database", "schema")


def _tell(event: Any) -> None:  # noqa: ANN401 - a protobuf message without types
    name, level = event.info.name, event.info.level
    if name not in _FINISHED and level not in _WORTH_SAYING:
        return
    said: dict[str, Any] = {"name": name, "level": level, "message": event.info.msg}
    if name in _FINISHED:
        data = event.data
        # Models and seeds say the one, tests the other.
        of = data.total if hasattr(data, "total") else data.num_models
        said |= {"node": data.node_info.node_name, "of": of}
    sys.stdout.buffer.write(orjson.dumps(said) + b"\n")
    sys.stdout.buffer.flush()


def _say_nothing_for_debugging() -> None:
    """Have dbt drop the events that nobody hears before it makes messages of them."""
    dbts_own = EventManager.fire_event

    def fire_event(
        self: EventManager,
        e: BaseEvent,
        level: EventLevel | None = None,
        node: Any = None,  # noqa: ANN401 - dbt's
        force_warn_or_error_handling: bool = False,  # noqa: FBT001, FBT002 - dbt's
    ) -> None:
        if (level or e.level_tag()) is not EventLevel.DEBUG:
            dbts_own(self, e, level, node, force_warn_or_error_handling)

    EventManager.fire_event = fire_event  # type: ignore[method-assign]


def _run_with_events(arguments: list[str]) -> int:
    _say_nothing_for_debugging()
    done = dbtRunner(callbacks=[_tell]).invoke([*_FILE, "--log-level", "none", *arguments])
    if done.exception is not None:
        said = {"name": "", "level": "error", "message": str(done.exception)}
        sys.stdout.buffer.write(orjson.dumps(said) + b"\n")
        return _DID_NOT_RUN
    return 0 if done.success else 1


if __name__ == "__main__":
    gc.set_threshold(100_000, 50, 1000)
    os.environ["PGOPTIONS"] = f"{_OPTIONS} {os.environ.get('PGOPTIONS', '')}"
    PostgresAdapter.ConnectionManager = _KeptConnections
    dbt_order.take_over()
    PostgresCredentials._connection_keys = _what_a_parse_depends_on  # type: ignore[method-assign]
    if sys.argv[1:2] == ["--as-events"]:
        raise SystemExit(_run_with_events(sys.argv[2:]))
    cli([*_FILE, *sys.argv[1:]])
