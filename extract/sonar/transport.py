"""gql's HTTP transport, with answers kept as bytes per entity and every failure typed.

It is subclassed at `execute`, its public method, so that an answer is split instead of parsed and
its status and headers are seen.
"""

from __future__ import annotations

import io
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import aiohttp
import orjson
from gql import GraphQLRequest
from gql.transport.aiohttp import AIOHTTPTransport
from graphql import ExecutionResult

from extract.sonar.answers import http_date, parse, told_rate
from extract.sonar.failures import ConnectionLost, CutOff, Rate, TimedOut, Unreachable
from runtime.errors import ConfigError, RetriableSourceError

_PLAIN_HTTP = {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"}


class Transport(AIOHTTPTransport):
    """One HTTP session; `rate` is the request limit that headers told last."""

    rate: Rate | None = None

    async def execute(
        self,
        request: GraphQLRequest,
        *,
        extra_args: dict[str, Any] | None = None,  # noqa: ARG002 - gql's signature
        upload_files: bool = False,  # noqa: ARG002 - gql's signature
    ) -> ExecutionResult:
        """Send one request and return its `Answered` as `data["answered"]`.

        Raises:
            ConfigError, SourceError: as `extract.sonar.answers.parse`, and what goes wrong below
                HTTP.
        """
        payload = request.payload
        sent = time.perf_counter()
        async with (
            _translated(),
            self._open().post(
                self.url, data=orjson.dumps(payload), allow_redirects=False
            ) as response,
        ):
            body = await _body(response)
        seconds = time.perf_counter() - sent
        headers = response.headers
        self.rate = told_rate(headers) or self.rate
        parsed = parse(response.status, headers.get("Retry-After"), body, payload["query"])
        answered = replace(parsed, date=http_date(headers.get("Date")), seconds=seconds)
        return ExecutionResult(data={"answered": answered})

    async def status_of(self, url: str) -> int:
        """Return the HTTP status of a GET, without reading what comes."""
        async with _translated(), self._open().get(url, allow_redirects=False) as response:
            return response.status

    def _open(self) -> aiohttp.ClientSession:
        if self.session is None:
            raise RetriableSourceError("the session with Sonar is closed")
        return self.session


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """Return what `response.read()` does, which needs the size of a page twice."""
    body = io.BytesIO()
    async for piece in response.content.iter_any():
        body.write(piece)
    return body.getvalue()


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    """Turn what goes wrong below HTTP into our errors."""
    try:
        yield
    except (aiohttp.ClientError, TimeoutError, OSError) as exc:
        raise _translation(exc) from None


def _translation(exc: Exception) -> Exception:
    found: Exception = ConnectionLost(f"the connection to Sonar broke ({type(exc).__name__})")
    match exc:
        case aiohttp.ClientConnectorCertificateError():
            found = ConfigError(
                "the certificate of SONAR_URL is not trusted: check the host name, this machine's "
                "clock and its certificates"
            )
        case aiohttp.ClientConnectorSSLError():
            found = _without_tls(exc)
        case aiohttp.ClientConnectorDNSError():
            found = Unreachable("no connection to Sonar: the host name is not known")
        case aiohttp.ClientConnectorError():
            found = Unreachable(f"no connection to Sonar: {exc.strerror or type(exc).__name__}")
        case aiohttp.ConnectionTimeoutError():
            found = Unreachable("no connection to Sonar in time")
        case TimeoutError():
            found = TimedOut("Sonar did not answer in time")
        case aiohttp.ClientPayloadError():
            found = CutOff("Sonar's answer was cut off on the way")
        case aiohttp.InvalidURL():
            found = ConfigError("SONAR_URL is not a web address: write it as https://<instance>")
    return found


def _without_tls(exc: aiohttp.ClientConnectorSSLError) -> Exception:
    cause: object = exc.os_error
    reason = cause.reason if isinstance(cause, ssl.SSLError) else None
    if reason in _PLAIN_HTTP:
        return ConfigError(
            "SONAR_URL says https, and what answers there speaks plain http: check address and port"
        )
    return Unreachable(f"no secure connection to Sonar: {reason or type(exc).__name__}")
