"""What the operator configures: environment first, then the env file, as typed values.

The env file is `.env` at the project's root, or the file that `ENV_FILE` names. A variable that is
empty counts as unset. Each function reads only what its caller needs, so that `extract` runs
without a Splynx and `load` without a Sonar.
"""

from __future__ import annotations

import ipaddress
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast
from urllib.parse import urlsplit

from dotenv import dotenv_values
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from runtime.errors import ConfigError
from runtime.log import register_secret

ROOT = Path(__file__).resolve().parent.parent
LOCAL = Path(os.environ.get("LOCAL_DIR") or ROOT / ".local").resolve()  # data of our own servers
BUILD = Path(os.environ.get("BUILD_DIR") or ROOT / "build").resolve()  # whatever can be made again
EMBEDDED_POSTGRES = LOCAL / "postgres"

_MYSQL_PORT = 3306


@dataclass(frozen=True, slots=True)
class SonarApi:
    """Where Sonar answers, and the token. `host` (without port) is the source's identity."""

    url: str
    host: str
    key: str = field(repr=False)

    @property
    def endpoint(self) -> str:
        """The GraphQL endpoint of the instance."""
        return f"{self.url}/api/graphql"


@dataclass(frozen=True, slots=True)
class SplynxDb:
    """Splynx's MySQL. `address` ("host:port/database") is how a target is named."""

    url: URL = field(repr=False)
    address: str


Way = Literal["token", "signature", "basic", "login"]


@dataclass(frozen=True, slots=True)
class SplynxApi:
    """Where Splynx's REST API answers, and who asks in which way.

    `user` and `secret` are the API key and its secret, or for `login` an administrator's login and
    password. `address` ("host" or "host:port") is how the target is named.
    """

    url: str
    address: str
    way: Way
    user: str = field(repr=False)
    secret: str = field(repr=False)


def shown(path: Path) -> str:
    """Return the path as a person in the checkout would type it."""
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


def env_file() -> Path:
    """Return the path of the env file, which need not exist."""
    return ROOT / os.environ.get("ENV_FILE", ".env")


def environment() -> Mapping[str, str]:
    """Return all variables that are set and not empty; the process environment wins."""
    try:
        from_file = dotenv_values(env_file(), interpolate=False)  # a `$` in a password is a `$`
    except OSError as exc:
        raise ConfigError(
            f"{env_file()} cannot be read ({exc.strerror}): see whom it belongs to"
        ) from None
    merged = {**from_file, **os.environ}
    return {name: value for name, value in merged.items() if value}


def _required(name: str) -> str:
    value = environment().get(name)
    if value is None:
        raise ConfigError(
            f"{name} is not set: put it into {env_file().name} or the environment "
            "(`make sandbox-up` writes one for the sandbox)"
        )
    return value


def _parsed_url(name: str, text: str, dialect: str, driver: str) -> URL:
    """Return the URL with our driver; errors name the variable, never its content."""
    example = f"{dialect}://user:password@host:port/database"
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ConfigError(f"{name} is not a database URL: write it as {example}") from None
    if url.get_backend_name() not in {dialect, "mariadb" if dialect == "mysql" else dialect}:
        raise ConfigError(f"{name} is for another kind of database: write it as {example}")
    if not url.database or not url.host:
        raise ConfigError(f"{name} lacks the host or the database: write it as {example}")
    if url.password:
        register_secret(str(url.password))
    return url.set(drivername=f"{dialect}+{driver}")


def warehouse_url() -> URL:
    """Return the warehouse's URL: `WAREHOUSE_URL`, else the embedded Postgres of `.local`."""
    text = environment().get("WAREHOUSE_URL")
    if text is not None:
        return _parsed_url("WAREHOUSE_URL", text, "postgresql", "psycopg2")
    state = EMBEDDED_POSTGRES / "service.json"
    if not state.exists():
        raise ConfigError("there is no warehouse yet: run `make services-up` or set WAREHOUSE_URL")
    service = json.loads(state.read_text(encoding="utf-8"))
    register_secret(service["password"])
    return URL.create(
        "postgresql+psycopg2",
        username=service["user"],
        password=service["password"],
        host=service["host"],
        port=service["port"],
        database=service["database"],
    )


def sonar_api() -> SonarApi:
    """Return the source: `SONAR_URL` and `SONAR_API_KEY`.

    Raises:
        ConfigError: a variable is missing or wrong, or the token would travel in plain text.
    """
    text = _required("SONAR_URL").rstrip("/")
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        url = None
    if url is None or url.drivername not in {"http", "https"} or not url.host:
        raise ConfigError("SONAR_URL is not a web address: write it as https://<instance>")
    if url.username or url.password:
        raise ConfigError("SONAR_URL must not hold credentials: put the token into SONAR_API_KEY")
    if url.drivername == "http" and not _is_loopback(url.host) and not _is_plain_http_allowed():
        raise ConfigError(
            "SONAR_URL is plain http to another machine, which would show the token and customers "
            "to everyone on the way: write it as https://<instance>, or set SONAR_PLAIN_HTTP=1 "
            "where the way is safe"
        )
    key = _required("SONAR_API_KEY")
    register_secret(key)
    return SonarApi(url=text, host=url.host, key=key)


def splynx_api() -> SplynxApi:
    """Return the target's REST API: `SPLYNX_URL`, and a key with its secret or a log-in.

    `SPLYNX_AUTH` chooses what the key is used for: `token` (the default), `signature` or `basic`.

    Raises:
        ConfigError: a variable is missing or wrong, or credentials would travel in plain text.
    """
    if not {"SPLYNX_URL", "SPLYNX_MYSQL_URL"} & environment().keys():
        raise ConfigError(
            f"no Splynx is named: put SPLYNX_MYSQL_URL, or SPLYNX_URL for its API, into "
            f"{env_file().name} or the environment (`make sandbox-up` writes both for the sandbox)"
        )
    text = _required("SPLYNX_URL").rstrip("/")
    parts = urlsplit(text)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if parts.scheme not in {"http", "https"} or not host or parts.username or parts.password:
        raise ConfigError("SPLYNX_URL is not a web address: write it as https://<instance>")
    if parts.path or parts.query or parts.fragment:
        raise ConfigError("SPLYNX_URL holds more than the host: write it as https://<instance>")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ConfigError(
            "SPLYNX_URL is plain http to another machine, which would show credentials and "
            "customers to everyone on the way: write it as https://<instance>"
        )
    address = host if port is None else f"{host}:{port}"
    way, user, secret = _splynx_credentials()
    return SplynxApi(url=text, address=address, way=way, user=user, secret=secret)


def _splynx_credentials() -> tuple[Way, str, str]:
    given = environment()
    chosen = given.get("SPLYNX_AUTH", "token")
    if chosen not in {"token", "signature", "basic"}:
        raise ConfigError("SPLYNX_AUTH is none of token, signature, basic")
    by_login = not {"SPLYNX_API_KEY", "SPLYNX_API_SECRET"} & given.keys() and (
        {"SPLYNX_LOGIN", "SPLYNX_PASSWORD"} & given.keys()
    )
    if by_login and chosen != "token":
        raise ConfigError(f"SPLYNX_AUTH={chosen} needs SPLYNX_API_KEY and SPLYNX_API_SECRET")
    names = (
        ("SPLYNX_LOGIN", "SPLYNX_PASSWORD") if by_login else ("SPLYNX_API_KEY", "SPLYNX_API_SECRET")
    )
    user, secret = (_required(name) for name in names)
    register_secret(secret)
    if by_login:
        return "login", user, secret
    register_secret(user)
    for name, value in zip(names, (user, secret), strict=True):
        if not (value.isascii() and value.isprintable()) or set(value) & set(" &=():"):
            raise ConfigError(f"{name} holds characters that no API key has: copy it again")
    return cast("Way", chosen), user, secret


def _is_plain_http_allowed() -> bool:
    return environment().get("SONAR_PLAIN_HTTP", "0") != "0"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def splynx_db() -> SplynxDb:
    """Return Splynx's database: `SPLYNX_MYSQL_URL`."""
    url = _parsed_url("SPLYNX_MYSQL_URL", _required("SPLYNX_MYSQL_URL"), "mysql", "pymysql")
    address = f"{url.host}:{url.port or _MYSQL_PORT}/{url.database}"
    return SplynxDb(url=url, address=address)


def splynx_admin_db() -> SplynxDb:
    """Return the same database with an account that may dump and restore it: `SPLYNX_ADMIN_URL`.

    Raises:
        ConfigError: it is missing, or leads to another database than `SPLYNX_MYSQL_URL`.
    """
    url = _parsed_url("SPLYNX_ADMIN_URL", _required("SPLYNX_ADMIN_URL"), "mysql", "pymysql")
    address = f"{url.host}:{url.port or _MYSQL_PORT}/{url.database}"
    target = splynx_db().address
    if address != target:
        raise ConfigError(
            f"SPLYNX_ADMIN_URL leads to {address}, SPLYNX_MYSQL_URL to {target}: "
            "both need to name the same database"
        )
    return SplynxDb(url=url, address=address)


def named_target(db: SplynxDb) -> None:
    """Refuse unless `SPLYNX_TARGET` names the same database a second time.

    Writing needs the target named twice, so that a stale URL alone cannot send a migration to the
    wrong Splynx. The port may be left out when it is MySQL's own.

    Raises:
        ConfigError: `SPLYNX_TARGET` is missing or names another database.
    """
    named = _required("SPLYNX_TARGET")
    accepted = {db.address, db.address.replace(f":{_MYSQL_PORT}/", "/")}
    if named not in accepted:
        raise ConfigError(
            f"SPLYNX_TARGET says {named}, SPLYNX_MYSQL_URL leads to {db.address}: "
            "writing needs both to name the same target"
        )


def named_api_target(api: SplynxApi) -> None:
    """Refuse unless `SPLYNX_TARGET` names the host of `SPLYNX_URL`, for who has no database access.

    Raises:
        ConfigError: `SPLYNX_TARGET` is missing or names another target.
    """
    named = _required("SPLYNX_TARGET")
    if named != api.address:
        raise ConfigError(
            f"SPLYNX_TARGET says {named}, SPLYNX_URL leads to {api.address}: "
            "writing needs both to name the same target"
        )


def rest_target_address() -> str:
    """Return how the target of the API is named: as its database, where that is configured too.

    One Splynx has one name, whichever route its rows take.
    """
    if "SPLYNX_MYSQL_URL" in environment():
        return splynx_db().address
    return splynx_api().address


def named_rest_target() -> None:
    """Refuse unless `SPLYNX_TARGET` names that target a second time.

    Raises:
        ConfigError: as `named_target` and `named_api_target`.
    """
    if "SPLYNX_MYSQL_URL" in environment():
        named_target(splynx_db())
    else:
        named_api_target(splynx_api())
