"""A MariaDB that runs already, for the Splynx sandbox: in a container, where none is installed."""

from __future__ import annotations

import ipaddress
from contextlib import closing

import pymysql
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from runtime.errors import ConfigError, TargetError
from runtime.log import register_secret
from runtime.settings import environment
from services.mariadb import MYSQL_PORT, ROOT, MariaDb

NAME = "SANDBOX_MARIADB_URL"
_EXAMPLE = "mysql://root:password@127.0.0.1:13306"
_ANYWHERE = "%"  # what comes out of a container has the address of its network


def named() -> MariaDb | None:
    """Return the server of `SANDBOX_MARIADB_URL` once it has answered; None where it is not set.

    Raises:
        ConfigError: no URL of root's on this machine: a sandbox never goes to another one.
        TargetError: nobody answers there.
    """
    text = environment().get(NAME)
    if text is None:
        return None
    try:
        url = make_url(text)
        is_here = url.host == "localhost" or ipaddress.ip_address(url.host or "").is_loopback
    except (ArgumentError, ValueError):
        raise ConfigError(f"{NAME} is no database on this machine: write {_EXAMPLE}") from None
    if url.get_backend_name() not in {"mysql", "mariadb"} or url.username != ROOT or not is_here:
        raise ConfigError(f"{NAME} is no account of root's on this machine: write {_EXAMPLE}")
    password = str(url.password or "")
    register_secret(password)
    server = MariaDb(str(url.host), url.port or MYSQL_PORT, password, clients=_ANYWHERE)
    try:
        with closing(server.connect()):
            return server
    except pymysql.err.OperationalError as exc:
        raise TargetError(
            f"{NAME}: {server.host}:{server.port} does not let us in (error {exc.args[0]}): "
            "is it up, and the password right?"
        ) from exc
