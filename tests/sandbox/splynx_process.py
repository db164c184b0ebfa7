"""The REST side of the Splynx sandbox as a process, and the calls that its tests make."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import text

from tests.services import Splynx, Splynxes, plain

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT = 120


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `body` is None where there is none."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> str:
        """The internal code of an error."""
        return str(self.body["error"]["internal_code"])

    @property
    def fields(self) -> list[str]:
        """The fields that failed validation."""
        return [problem["field"] for problem in self.body]


def signature(nonce: int, key: str, secret: str) -> str:
    """Sign as the API description says."""
    made = hmac.new(secret.encode(), f"{nonce}{key}".encode(), hashlib.sha256)
    return made.hexdigest().upper()


@dataclass(slots=True)
class SplynxProcess:
    """A running server, its database, and the credentials of its key."""

    url: str
    key: str
    secret: str
    token: str
    database: Splynx
    files: Path
    nonces: Iterator[int] = field(default_factory=lambda: itertools.count(time.time_ns()))

    def basic(self) -> dict[str, str]:
        """Return the header of basic authentication."""
        encoded = base64.b64encode(f"{self.key}:{self.secret}".encode()).decode()
        return {"Authorization": f"Basic {encoded}"}

    def signed(self, nonce: int | None = None, secret: str | None = None) -> dict[str, str]:
        """Return the header of a signature with the next nonce, or with this one."""
        number = next(self.nonces) if nonce is None else nonce
        made = signature(number, self.key, secret or self.secret)
        return {
            "Authorization": f"Splynx-EA (key={self.key}&nonce={number}&signature={made})",
        }

    def call(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, **options: Any
    ) -> Answer:
        """Make one request; any status is an answer."""
        response = requests.request(
            method,
            f"{self.url}/api/2.0/{path}",
            headers=self.basic() if headers is None else dict(headers),
            timeout=TIMEOUT,
            **options,
        )
        is_json = response.headers.get("Content-Type", "").startswith("application/json")
        body = response.json() if is_json else response.text or None
        return Answer(response.status_code, body, response.headers)

    def get(self, path: str, **options: Any) -> Any:
        """Read something that has to be there."""
        answer = self.call("GET", path, **options)
        assert answer.status == 200, answer
        return answer.body

    def create(self, path: str, body: Mapping[str, Any]) -> int:
        """Create something that has to be accepted; return its id."""
        answer = self.call("POST", path, json=body)
        assert answer.status == 201, answer
        return int(answer.body["id"])

    def customer(self, **values: Any) -> int:
        """Create a customer."""
        body = {"name": "Ada", "partner_id": 1, "location_id": 1, "category": "person", **values}
        return self.create("admin/customers/customer", body)

    def control(self, method: str, path: str, body: Any = None) -> Answer:
        """Use a control path."""
        response = requests.request(
            method,
            f"{self.url}/_sandbox/{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=TIMEOUT,
        )
        return Answer(response.status_code, response.json(), response.headers)

    def fault(self, **fault: Any) -> None:
        """Plan a fault."""
        answer = self.control("POST", "faults", fault)
        assert answer.status == 200, answer

    def row(self, sql: str, **values: Any) -> Any:
        """Return the first row of a query, dates as text."""
        with self.database.engine.connect() as connection:
            return connection.execute(text(sql), values).one()

    def scalar(self, sql: str, **values: Any) -> Any:
        """Return the one value of a query."""
        return self.row(sql, **values)[0]

    def execute(self, sql: str, **values: Any) -> None:
        """Change the database behind the API's back."""
        with self.database.engine.begin() as connection:
            connection.execute(text(sql), values)


@contextmanager
def running(database: Splynx, folder: Path) -> Iterator[SplynxProcess]:
    """Run the server on a free port; end it by SIGTERM and see that it ended cleanly."""
    key, secret, token = (secrets.token_hex(12) for _ in range(3))
    files = folder / "files"
    command = [sys.executable, "-m", "sandbox.splynx.rest", "serve", "--url-env", "TEST_URL"]
    environment = {
        **os.environ,
        "TEST_URL": plain(database.admin_url),
        "SPLYNX_API_KEY": key,
        "SPLYNX_API_SECRET": secret,
        "SANDBOX_SPLYNX_TOKEN": token,
    }
    process = subprocess.Popen(
        [*command, "--files", str(files)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        ready = process.stdout.readline().split()
        assert ready[:1] == ["ready"], "the server did not start"
        yield SplynxProcess(ready[1], key, secret, token, database, files)
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT) == 0
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def fresh(splynxes: Splynxes, folder: Path) -> Iterator[SplynxProcess]:
    """Yield a server over a fresh database, for a fixture of a module."""
    with splynxes.fresh() as database, running(database, folder) as server:
        yield server
