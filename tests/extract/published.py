"""Sonar's public schema, for tests that hold our rules against it; it is not ours to publish."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema

_FOLDER = Path(__file__).parents[3] / "shared" / "reference" / "sonar"


@cache
def _read() -> GraphQLSchema:
    sdl = (_FOLDER / "schema.graphql").read_text(encoding="utf-8")
    return build_schema(sdl, assume_valid=True, no_location=True)


def published_schema() -> GraphQLSchema:
    """Return the schema, or skip the test where it is absent."""
    if not (_FOLDER / "schema.graphql").exists():
        pytest.skip("Sonar's public schema is not on this machine")
    return _read()


def published_queries() -> Mapping[str, str]:
    """Return how each root query can be read, as people listed it: full, singleton, no."""
    with (_FOLDER / "queries.csv").open(encoding="utf-8") as file:
        return {row["name"]: row["extract"] for row in csv.DictReader(file)}
