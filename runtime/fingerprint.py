"""What exactly was accepted: the code of the marts and the content of each, in one value."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from runtime.errors import ConfigError
from runtime.manifest import Manifest, Mart


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A digest over the manifest's checksum and, per mart, (rows, content checksum)."""

    value: str
    marts: Mapping[str, tuple[int, str]]


def _content(connection: Connection, mart: Mart) -> tuple[int, str]:
    # A sum of 64-bit row hashes needs no order; rows are whole, bookkeeping columns included.
    query = text(
        "select count(*), coalesce(sum(hashtextextended(mart::text, 0)::numeric), 0)::text"
        f' from "{mart.schema}"."{mart.name}" as mart'
    )
    try:
        found = connection.execute(query).one()
    except ProgrammingError:
        raise ConfigError(f"{mart.relation} does not exist: run `make transform` first") from None
    return int(found[0]), str(found[1])


def fingerprint(connection: Connection, manifest: Manifest) -> Fingerprint:
    """Return the fingerprint of the marts as they stand in the warehouse now.

    Reads every mart once. The session must be one of `runtime.warehouse.connect`, because text
    forms of dates depend on it.

    Raises:
        ConfigError: a mart has not been built.
    """
    contents = {mart.name: _content(connection, mart) for mart in manifest.marts}
    parts = [manifest.checksum, *(f"{name}={contents[name]}" for name in sorted(contents))]
    return Fingerprint(value=hashlib.sha256("\n".join(parts).encode()).hexdigest(), marts=contents)
