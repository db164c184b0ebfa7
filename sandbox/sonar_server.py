"""The Sonar sandbox as a server of its own: started detached, proven ours by its token, stopped.

Folder layout: service.json (address, token, tenant; 0600), process.json, truth.json, server.log.
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from runtime.errors import ServerError
from runtime.log import register_secret
from runtime.settings import ROOT
from sandbox.sonar.digest import code_digest
from services import process
from services.process import HOST, Owned

_START_SECONDS = 180.0  # a reference tenant takes ten seconds on an idle machine
_ATTEMPTS = 3  # a port can be taken between looking and listening


@dataclass(frozen=True, slots=True)
class SonarServer:
    """A running tenant: its port and token, and what was generated."""

    port: int
    token: str = field(repr=False)
    size: str
    seed: int
    factor: float = 1.0
    traps: tuple[tuple[str, int], ...] = ()
    code: str = ""  # digest of the code that generated it

    @property
    def url(self) -> str:
        """The value for SONAR_URL."""
        return f"http://{HOST}:{self.port}"

    @property
    def tenant(self) -> str:
        """What was generated, for people."""
        times = "" if self.factor == 1 else f", factor {self.factor:g}"
        traps = "".join(f", {name}={count}" for name, count in self.traps)
        return f"size {self.size}, seed {self.seed}{times}{traps}"


def up(  # noqa: PLR0913  one parameter per option of the tenant
    folder: Path,
    *,
    size: str,
    seed: int,
    factor: float = 1.0,
    traps: Mapping[str, int] | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> SonarServer:
    """Start the tenant of `folder`; one that runs and is the same, code included, is left alone.

    Another one is replaced, and what is different is said. Token and port stay the same over
    restarts where the port is free. The generator's truth is in `truth.json`.

    Raises:
        ServerError: the server did not start.
    """
    folder = folder.resolve()
    process.private_folder(folder)
    with process.only_one(folder):
        before = _remembered(folder)
        wanted = SonarServer(
            port=before.port if before else 0,
            token=before.token if before else secrets.token_urlsafe(32),
            size=size,
            seed=seed,
            factor=factor,
            traps=tuple(sorted((traps or {}).items())),
            code=code_digest(),
        )
        owned = _running(folder)
        if owned is not None and before == wanted and _answers(wanted):
            say(
                f"the Sonar sandbox is already up at {wanted.url} ({wanted.tenant}; "
                f"process {owned.pid})"
            )
            return wanted
        if owned is not None:
            say(f"the Sonar sandbox is started again: {_difference(before, wanted)}")
            process.stop(owned, folder=folder)
        server, owned = _start(folder, wanted)
        say(f"the Sonar sandbox is up at {server.url} ({server.tenant}; process {owned.pid})")
    return server


def down(folder: Path) -> bool:
    """Stop the tenant of `folder`; return whether one was running."""
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


def status(folder: Path) -> SonarServer | None:
    """Return the tenant of `folder` when it runs and takes our token, else None."""
    folder = folder.resolve()
    server = _remembered(folder)
    if server is None or _running(folder) is None or not _answers(server):
        return None
    return server


def outdated(server: SonarServer) -> bool:
    """Say whether the sandbox's code has changed since this tenant was generated."""
    return server.code != code_digest()


def _difference(before: SonarServer | None, wanted: SonarServer) -> str:
    if before is not None and before.tenant != wanted.tenant:
        return f"it was {before.tenant}, wanted is {wanted.tenant}"
    if before is not None and before.code != wanted.code:
        return "the sandbox's code has changed since"
    return "it does not answer"


def _remembered(folder: Path) -> SonarServer | None:
    try:
        known = json.loads((folder / "service.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    traps = tuple((str(name), int(count)) for name, count in known.pop("traps"))
    register_secret(known["token"])
    return SonarServer(**known, traps=traps)


def _running(folder: Path) -> Owned | None:
    return process.recorded(folder) or process.find(_marker(folder))


def _marker(folder: Path) -> str:
    return f"--truth={folder / 'truth.json'}"


def _start(folder: Path, wanted: SonarServer) -> tuple[SonarServer, Owned]:
    failure: ServerError | None = None
    log = folder / "server.log"
    for _ in range(_ATTEMPTS):
        server = replace(wanted, port=process.free_port(wanted.port or None))
        process.write_private(folder / "service.json", json.dumps(asdict(server), indent=1))
        register_secret(server.token)
        command = [
            sys.executable,
            "-m",
            "sandbox.sonar",
            "serve",
            f"--size={server.size}",
            f"--seed={server.seed}",
            f"--factor={server.factor}",
            f"--port={server.port}",
            _marker(folder),
            *(f"--trap={name}={count}" for name, count in server.traps),
        ]
        # The token travels by environment: a command line can be read by every user.
        environment = {**os.environ, "SANDBOX_SONAR_TOKEN": server.token, "PYTHONPATH": str(ROOT)}
        owned = process.start(command, folder=folder, log=log, environment=environment)
        try:
            _wait_ready(server, owned, log)
        except ServerError as exc:
            process.stop(owned, folder=folder)
            failure = exc
        else:
            return server, owned
    raise ServerError(str(failure))


def _wait_ready(server: SonarServer, owned: Owned, log: Path) -> None:
    process.wait_until(
        lambda: _answers(server),
        seconds=_START_SECONDS,
        what="the Sonar sandbox did not start",
        log=log,
        owned=owned,
    )


def _answers(server: SonarServer) -> bool:
    """Ask one question with our token: another server at this port would refuse it."""
    headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}
    with closing(http.client.HTTPConnection(HOST, server.port, timeout=5)) as connection:
        try:
            connection.request(
                "POST", "/api/graphql", json.dumps({"query": "{ __typename }"}), headers
            )
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            return False
    return answer.status == http.HTTPStatus.OK and b'"__typename"' in body
