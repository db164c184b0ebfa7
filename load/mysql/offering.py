"""A PyMySQL connection that gives the server the bytes offered for a statement, and never a file.

In `LOAD DATA LOCAL INFILE 'name'` it is the server that asks for the name, and PyMySQL would open
whatever file it asks for. Here the name stands for bytes in memory: a server (or whoever speaks for
it) that asks for another name, or asks where nothing was offered, gets nothing and an error.
"""

from __future__ import annotations

from typing import Any

from pymysql import connections, err
from pymysql.constants import CR
from pymysql.protocol import LoadLocalPacketWrapper

NAME = "rows"
_PACKET = 256 * 1024  # PyMySQL's own 16 KiB cost a call each; more is no faster


# The driver's own readers, which its type stubs leave out.
_CONNECTION: Any = connections.Connection
_RESULT: Any = connections.MySQLResult


class _Result(_RESULT):  # type: ignore[misc]
    def _read_load_local_packet(self, first_packet: Any) -> None:  # noqa: ANN401 - untyped
        connection: Offering = self.connection
        asked = bytes(LoadLocalPacketWrapper(first_packet).filename)
        offered = connection.taken()
        if asked == NAME.encode() and offered is not None:
            size = min(connection.max_allowed_packet, _PACKET)
            for start in range(0, len(offered), size):
                connection.write_packet(offered[start : start + size])
        connection.write_packet(b"")
        answer = connection._read_packet()
        if asked != NAME.encode() or offered is None:
            raise err.OperationalError(CR.CR_MALFORMED_PACKET, "the server asked for a file")
        if not answer.is_ok_packet():
            raise err.OperationalError(CR.CR_COMMANDS_OUT_OF_SYNC, "no end of LOAD DATA")
        self._read_ok_packet(answer)


class Offering(_CONNECTION):  # type: ignore[misc]
    """A connection with `offer`: what the next LOAD DATA LOCAL INFILE 'rows' reads."""

    _offered: memoryview | None = None

    def offer(self, content: memoryview) -> None:
        """Let the next statement read these bytes."""
        self._offered = content

    def taken(self) -> memoryview | None:
        """Return what was offered, once."""
        offered, self._offered = self._offered, None
        return offered

    def _read_query_result(self, unbuffered: bool = False) -> int:  # noqa: FBT001, FBT002 - the driver's
        if unbuffered:
            return int(super()._read_query_result(unbuffered=True))
        self._result = None
        result = _Result(self)
        result.read()
        self._result = result
        if result.server_status is not None:
            self.server_status = result.server_status
        return int(result.affected_rows)
