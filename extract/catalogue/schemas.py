"""`ops.source_schema`: every schema that a source has shown, so that a change of it can be told."""

from __future__ import annotations

import hashlib

from graphql import GraphQLSchema, lexicographic_sort_schema, print_schema
from sqlalchemy import Engine, text

_REMEMBER = text(
    "insert into ops.source_schema (source, schema_hash, sdl) values (:source, :hash, :sdl)"
    " on conflict (source, schema_hash) do update set last_seen_at = clock_timestamp()"
)


def remember(engine: Engine, source: str, schema: GraphQLSchema) -> str:
    """Keep the schema as SDL in alphabetical order; return its hash. Blocks."""
    sdl = print_schema(lexicographic_sort_schema(schema))
    digest = hashlib.sha256(sdl.encode()).hexdigest()
    with engine.begin() as connection:
        connection.execute(_REMEMBER, {"source": source, "hash": digest, "sdl": sdl})
    return digest
