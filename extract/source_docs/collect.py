"""Collect the facts of the pages from `ops` and the landed rows. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from graphql import GraphQLSchema, build_schema
from sqlalchemy import Connection, text

from extract.catalogue.discovery import Collection, discover
from extract.source_docs.coverage import DISTINCT_UP_TO, cover, landed_tables
from extract.source_docs.facts import Coverage, Facts, Field, Page, Read, Version
from extract.source_docs.fields import fields_of, homes
from extract.source_docs.schema_diff import schema_changes
from runtime.errors import ConfigError

_VERSIONS = text(
    "select * from ops.source_schema where source = coalesce(:source, (select source"
    " from ops.source_schema order by last_seen_at desc limit 1))"
    " order by last_seen_at desc limit 2"
)
# A run that was asked for some collections says nothing about the others.
_READS = text(
    "select distinct on (collection) * from ops.extract_ledger where source = :source"
    " order by collection, state in ('skipped', 'excluded'), started_at desc"
)


def collect(connection: Connection, *, source: str | None, max_depth: int) -> Facts:
    """Return the facts of the latest schema of `source`, None: of the source that was read last.

    Raises:
        ConfigError: no schema has been recorded yet.
    """
    versions = connection.execute(_VERSIONS, {"source": source}).mappings().all()
    if not versions:
        raise ConfigError("no schema of Sonar is known yet: run `make extract` first")
    schema = _built(versions[0]["sdl"])
    before = versions[1] if len(versions) > 1 else None
    name: str = versions[0]["source"]
    return Facts(
        source=name,
        written_at=datetime.now(UTC),
        version=_version(versions[0]),
        before=None if before is None else _version(before),
        pages=tuple(_pages(connection, schema, name, max_depth)),
        changes=()
        if before is None
        else tuple(schema_changes(_built(before["sdl"]), schema, max_depth=max_depth)),
    )


def _built(sdl: str) -> GraphQLSchema:
    return build_schema(sdl, assume_valid=True, no_location=True)


def _version(row: Mapping[Any, Any]) -> Version:
    return Version(row["schema_hash"], row["first_seen_at"], row["last_seen_at"])


def _pages(
    connection: Connection, schema: GraphQLSchema, source: str, max_depth: int
) -> list[Page]:
    collections = discover(schema)
    home_of = homes(collections)
    reads = {
        row.collection: Read(
            run_id=row.run_id,
            state=row.state,
            grade=row.grade,
            reason=row.reason,
            server_count=row.server_count,
            landed_count=row.landed_count,
            dropped=tuple(row.dropped_fields),
            ended_at=row.ended_at,
        )
        for row in connection.execute(_READS, {"source": source})
    }
    tables = landed_tables(connection)
    pages = []
    for collection in collections:
        read = reads.get(collection.name)
        dropped = frozenset(read.dropped if read else ())
        fields = fields_of(schema, collection, home_of, max_depth=max_depth, dropped=dropped)
        coverage = _coverage(connection, collection, fields, read, tables)
        pages.append(Page(collection, fields, read, coverage))
    return pages


def _coverage(
    connection: Connection,
    collection: Collection,
    fields: Sequence[Field],
    read: Read | None,
    tables: frozenset[str],
) -> Coverage | None:
    if collection.skipped or collection.name not in tables:
        return None
    landed = read.landed_count if read else None
    few = landed is not None and landed <= DISTINCT_UP_TO
    return cover(connection, collection.name, fields, with_distinct=few)
