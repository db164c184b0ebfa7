"""A real HTTP server that answers as it is told, for failures that a working Sonar never shows."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `sends` cuts the body short, `drops` resets the connection, `after` waits."""

    body: bytes = b'{"data": {"things": {"entities": []}}}'
    status: int = 200
    headers: Sequence[tuple[str, str]] = ()
    sends: int | None = None
    drops: bool = False
    after: float = 0.0


@dataclass(slots=True)
class Script:
    """Replies in order; the last one stays. `bodies` are the requests that came.

    Who still waits for its `after` when the server ends is let go by `over`.
    """

    replies: list[Reply]
    bodies: list[bytes] = field(default_factory=list)
    url: str = ""
    over: threading.Event = field(default_factory=threading.Event)


def _handler(script: Script) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            script.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            reply = script.replies.pop(0) if len(script.replies) > 1 else script.replies[0]
            if script.over.wait(reply.after):
                self.close_connection = True
                return
            if reply.drops:
                reset = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body[: reply.sends])
            self.close_connection = reply.sends is not None

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def scripted(*replies: Reply) -> Iterator[Script]:
    """Serve the replies on a free port of this machine."""
    script = Script(list(replies))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(script))
    server.daemon_threads = True
    script.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield script
    finally:
        script.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


@cache
def _silent() -> socket.socket:
    """Return a socket that never listens and holds its port to the end: nobody else gets it."""
    made = socket.socket()
    made.bind(("127.0.0.1", 0))
    return made


def free_port() -> int:
    """Return a port on which nothing listens, now or later."""
    port: int = _silent().getsockname()[1]
    return port
