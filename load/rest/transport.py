"""HTTP with one Splynx: pooled connections, and what goes wrong below HTTP as typed failures.

Failures are translated in a middleware, inside aiohttp's own repetition of idempotent requests on
connections that had gone stale: so nothing is repeated unseen, neither a signed nonce nor a request
that the budget counts. The whole phase before a request is sent has a time limit of its own, which
makes every later time-out one of a request that may have arrived.
"""

from __future__ import annotations

import ssl

import aiohttp
from yarl import URL

from load.rest.credentials import Authentication, Credential
from load.rest.failures import Failure, NotASplynx, NotSent, ReplyLost
from load.rest.requests import Answer, Request
from runtime.errors import ConfigError, MigrationError

_BASE = "/api/2.0/"
_AGENT = "sonar-to-splynx"  # tokens are bound to it
_CONNECT_SECONDS = 10.0
_KEEP_SECONDS = (
    4.0  # the shortest usual limit of a web server is 5; a stale connection loses a POST
)
_SLOWEST_UPLOAD = 100_000  # bytes a second; so much longer an upload may take
_CHECK = ": check SPLYNX_URL and the network"
_PLAIN_HTTP = {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"}


class Transport:
    """The connections to `url`."""

    def __init__(self, url: str, *, connections: int, timeout: float) -> None:
        self._url = url
        self._connections = connections
        self._seconds = timeout
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Get ready; a connection is made when a request needs one."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self._connections, keepalive_timeout=_KEEP_SECONDS
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": _AGENT, "Accept": "application/json"},
            middlewares=(_translating,),
        )

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def exchange(
        self, request: Request, authentication: Authentication
    ) -> tuple[Credential, Answer]:
        """Send one request, once; return its answer of any status.

        Raises:
            NotSent, ReplyLost, ConfigError: there is no answer.
        """
        if self._session is None:
            raise NotSent("the conversation with Splynx is closed")
        try:
            async with authentication.credential() as credential:
                response = await self._session.request(
                    request.method,
                    URL(self._address(request), encoded=True),
                    data=_body(request),
                    headers=_headers(request, credential),
                    timeout=self._timeout(request),
                    allow_redirects=False,
                )
            async with response:
                body = await response.read()
        except MigrationError:
            raise
        except (aiohttp.ClientError, TimeoutError, OSError) as exc:
            raise _translation(exc) from None
        headers = {name.lower(): value for name, value in response.headers.items()}
        return credential, Answer(response.status, headers, body)

    def _address(self, request: Request) -> str:
        query = f"?{request.query}" if request.query else ""
        return f"{self._url}{_BASE}{request.path}{query}"

    def _timeout(self, request: Request) -> aiohttp.ClientTimeout:
        size = sum(len(file.content) for file in request.files)
        total = self._seconds + size / _SLOWEST_UPLOAD
        return aiohttp.ClientTimeout(total=total, connect=min(_CONNECT_SECONDS, total / 2))


def _body(request: Request) -> bytes | aiohttp.FormData | None:
    if not request.files:
        return request.body
    form = aiohttp.FormData(quote_fields=False, default_to_multipart=True)
    for field, value in request.fields.items():
        form.add_field(field, value)
    for file in request.files:
        name = "".join(letter for letter in file.filename if letter.isprintable())
        form.add_field(file.part, file.content, filename=name, content_type=file.content_type)
    return form


def _headers(request: Request, credential: Credential) -> dict[str, str]:
    headers = {} if request.body is None else {"Content-Type": "application/json"}
    if credential.header is not None:
        headers["Authorization"] = credential.header
    return headers


async def _translating(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    try:
        return await handler(request)
    except (aiohttp.ClientError, TimeoutError, OSError) as exc:
        raise _translation(exc) from None


def _translation(exc: Exception) -> Exception:
    found: Exception = ReplyLost(
        f"the connection to Splynx broke before its answer came ({type(exc).__name__})"
    )
    match exc:
        case aiohttp.ClientConnectorCertificateError():
            found = ConfigError(
                "the certificate of SPLYNX_URL is not trusted: check the host name, this "
                "machine's clock and its certificates"
            )
        case aiohttp.ClientConnectorSSLError():
            found = _without_tls(exc)
        case aiohttp.ClientConnectorDNSError():
            found = NotSent(f"no connection to Splynx: the host name is not known{_CHECK}")
        case aiohttp.ClientConnectorError():
            found = NotSent(
                f"no connection to Splynx: {exc.strerror or type(exc).__name__}{_CHECK}"
            )
        case aiohttp.ConnectionTimeoutError():
            found = NotSent(f"no connection to Splynx in time{_CHECK}")
        case TimeoutError():
            found = ReplyLost("Splynx did not answer in time")
        case aiohttp.ClientPayloadError():
            found = ReplyLost("Splynx's answer was cut off on the way")
        case aiohttp.ClientResponseError():
            found = NotASplynx("what answers at SPLYNX_URL does not speak HTTP: check the port")
        case aiohttp.InvalidURL():
            found = ConfigError("SPLYNX_URL is not a web address: write it as https://<instance>")
    return found


def _without_tls(exc: aiohttp.ClientConnectorSSLError) -> Failure | ConfigError:
    cause: object = exc.os_error
    reason = cause.reason if isinstance(cause, ssl.SSLError) else None
    if reason in _PLAIN_HTTP:
        return ConfigError(
            "SPLYNX_URL says https, and what answers there speaks plain http: check address and "
            "port"
        )
    return NotSent(f"no secure connection to Splynx: {reason or type(exc).__name__}")
