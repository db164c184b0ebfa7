"""The Sonar sandbox as a process, and the few calls that its tests make."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT = 120


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, and the body where it is JSON."""

    status: int
    body: Any
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SonarProcess:
    """A running server; `truth` is what its generator wrote."""

    url: str
    token: str
    truth: Mapping[str, Any]
    process: subprocess.Popen[str]

    def post(
        self, query: str, variables: Mapping[str, Any] | None = None, token: str | None = None
    ) -> Answer:
        """Send a GraphQL request; any status is an answer."""
        body = {"query": query, "variables": dict(variables or {})}
        return self._send("POST", "/api/graphql", body, token)

    def data(self, query: str, **variables: Any) -> Any:
        """Send a GraphQL request that has to succeed; return its data."""
        answer = self.post(query, variables)
        assert answer.status == 200, answer
        assert "errors" not in answer.body, answer.body["errors"]
        return answer.body["data"]

    def control(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        """Use a control path."""
        return self._send(method, f"/_sandbox/{path}", body)

    def _send(
        self, method: str, path: str, body: Mapping[str, Any] | None, token: str | None = None
    ) -> Answer:
        headers = {"Authorization": f"Bearer {self.token if token is None else token}"}
        response = requests.request(
            method, self.url + path, json=body, headers=headers, timeout=TIMEOUT
        )
        is_json = response.headers["Content-Type"].startswith("application/json")
        try:
            parsed = response.json() if is_json else response.text
        except ValueError:
            parsed = response.text
        return Answer(response.status_code, parsed, response.headers)


@contextmanager
def running(folder: Path, *options: str) -> Iterator[SonarProcess]:
    """Run the server on a free port; end it by SIGTERM and see that it ended cleanly."""
    token = secrets.token_urlsafe(18)
    truth = folder / "truth.json"
    command = [sys.executable, "-m", "sandbox.sonar", "serve", "--truth", str(truth), *options]
    environment = {**os.environ, "SANDBOX_SONAR_TOKEN": token}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        word, _, url = process.stdout.readline().strip().partition(" ")
        assert word == "ready", f"the server said {word!r}"
        yield SonarProcess(url, token, json.loads(truth.read_bytes()), process)
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(TIMEOUT)
        process.stdout.close()
    assert code == 0, "SIGTERM must end the server cleanly"
