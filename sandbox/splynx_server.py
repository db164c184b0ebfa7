"""The REST side of the Splynx sandbox as a server of its own: started, proven ours, stopped.

Folder layout: service.json (address, key, secret, control token; 0600), process.json, files/,
server.log.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import secrets
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from runtime.errors import ServerError
from runtime.log import register_secret
from runtime.settings import ROOT
from sandbox.splynx.database import SplynxDatabase
from services import process
from services.process import HOST, Owned

_CODE = Path(__file__).parent / "splynx" / "rest"
_START_SECONDS = 60.0
_ATTEMPTS = 3  # a port can be taken between looking and listening


@dataclass(frozen=True, slots=True)
class SplynxServer:
    """A running API: its port, the key that is given to the operator, the token for faults.

    `serves` is a checksum of the database's address and account and of the code that serves it.
    """

    port: int
    key: str
    secret: str = field(repr=False)
    token: str = field(repr=False)
    serves: str

    @property
    def url(self) -> str:
        """The value for SPLYNX_URL."""
        return f"http://{HOST}:{self.port}"


def up(
    folder: Path, database: SplynxDatabase, *, say: Callable[[str], None] = lambda _: None
) -> SplynxServer:
    """Serve `database`; a server that already does, with today's code, is left alone.

    Key, secret, token and port stay the same over restarts where the port is free.

    Raises:
        ServerError: the server did not start.
    """
    folder = folder.resolve()
    process.private_folder(folder)
    with process.only_one(folder):
        before = _remembered(folder)
        wanted = SplynxServer(
            port=before.port if before else 0,
            key=before.key if before else secrets.token_hex(16),
            secret=before.secret if before else secrets.token_hex(16),
            token=before.token if before else secrets.token_urlsafe(32),
            serves=_checksum(database),
        )
        owned = _running(folder)
        if owned is not None and before == wanted and _answers(wanted):
            say(f"the Splynx API is already up at {wanted.url} (process {owned.pid})")
            return wanted
        if owned is not None:
            process.stop(owned, folder=folder)
        server, owned = _start(folder, wanted, database)
        say(f"the Splynx API is up at {server.url} (process {owned.pid})")
    return server


def down(folder: Path) -> bool:
    """Stop the server of `folder`; return whether one was running."""
    folder = folder.resolve()
    if not folder.exists():
        return False
    with process.only_one(folder):
        owned = _running(folder)
        if owned is None:
            process.forget(folder)
            return False
        process.stop(owned, folder=folder)
    return True


def status(folder: Path) -> SplynxServer | None:
    """Return the server of `folder` when it runs and takes our key, else None."""
    folder = folder.resolve()
    server = _remembered(folder)
    if server is None or _running(folder) is None or not _answers(server):
        return None
    return server


def _checksum(database: SplynxDatabase) -> str:
    digest = hashlib.sha256(database.admin_url.render_as_string(hide_password=False).encode())
    for path in sorted(_CODE.glob("*.*")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _remembered(folder: Path) -> SplynxServer | None:
    try:
        server = SplynxServer(**json.loads((folder / "service.json").read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    _register(server)
    return server


def _register(server: SplynxServer) -> None:
    for text in (server.secret, server.token):
        register_secret(text)


def _running(folder: Path) -> Owned | None:
    return process.recorded(folder) or process.find(_marker(folder))


def _marker(folder: Path) -> str:
    return f"--files={folder / 'files'}"


def _start(
    folder: Path, wanted: SplynxServer, database: SplynxDatabase
) -> tuple[SplynxServer, Owned]:
    failure: ServerError | None = None
    log = folder / "server.log"
    for _ in range(_ATTEMPTS):
        server = replace(wanted, port=process.free_port(wanted.port or None))
        process.write_private(folder / "service.json", json.dumps(asdict(server), indent=1))
        _register(server)
        command = [
            sys.executable,
            "-m",
            "sandbox.splynx.rest",
            "serve",
            f"--port={server.port}",
            _marker(folder),
        ]
        # Secrets travel by environment: a command line can be read by every user.
        environment = {
            **os.environ,
            "SPLYNX_ADMIN_URL": database.admin_url.render_as_string(hide_password=False),
            "SPLYNX_API_KEY": server.key,
            "SPLYNX_API_SECRET": server.secret,
            "SANDBOX_SPLYNX_TOKEN": server.token,
            "PYTHONPATH": str(ROOT),
        }
        owned = process.start(command, folder=folder, log=log, environment=environment)
        try:
            _wait_ready(server, owned, log)
        except ServerError as exc:
            process.stop(owned, folder=folder)
            failure = exc
        else:
            return server, owned
    raise ServerError(str(failure))


def _wait_ready(server: SplynxServer, owned: Owned, log: Path) -> None:
    process.wait_until(
        lambda: _answers(server),
        seconds=_START_SECONDS,
        what="the Splynx API did not start",
        log=log,
        owned=owned,
    )


def _answers(server: SplynxServer) -> bool:
    """Ask one question with our key: another server, or one over another database, refuses."""
    pair = base64.b64encode(f"{server.key}:{server.secret}".encode()).decode()
    with closing(http.client.HTTPConnection(HOST, server.port, timeout=5)) as connection:
        try:
            connection.request(
                "GET",
                "/api/2.0/admin/api/check?checkAuth=1",
                None,
                {"Authorization": f"Basic {pair}"},
            )
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return False
    return answer.status == http.HTTPStatus.OK
