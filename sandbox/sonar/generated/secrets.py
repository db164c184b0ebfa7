"""Which leaves look as if they held a secret, and the values by which a leak of one is recognised.

Told from names alone and more widely than any list of what must not be read: a secret that such a
list forgot is then found by its marker.
"""

from __future__ import annotations

import re

from graphql import GraphQLSchema

from sandbox.sonar.schema import attributes, list_attributes, object_types

MARKER = "S3CR3T-"

_NAME = re.compile(
    r"pass(word|wd|phrase)|secret|token|credential|community|routing_number|webhook_url|certificate"
    r"|jwt|customer_profile|(api|access|private|link|pre_?shared|encryption)_?key"
)
_TYPE = re.compile(r"(Credential|AccessToken)$")  # everything that is written in one of these
_LINKS = re.compile(r"Ical\.url$")  # whoever has the address may read what lies there
_CHANGES = re.compile(r"^Log\.(current|previous)$")  # whatever a change wrote, secrets among it
_TEXTS = frozenset({"String", "Text", "Clob", "URL", "HttpsUrl"})
_BOOKKEEPING = frozenset({"sonar_unique_id", "_version"})


def looks_secret(type_name: str, field: str, scalar: str) -> bool:
    """Say whether a leaf gets a recognisable value."""
    if scalar not in _TEXTS or field in _BOOKKEEPING:
        return False
    leaf = f"{type_name}.{field}"
    by_type = _TYPE.search(type_name) or _LINKS.search(leaf) or _CHANGES.search(leaf)
    return bool(by_type or _NAME.search(field))


def marker(type_name: str, field: str, key: str, scalar: str) -> str:
    """Return the recognisable value of a secret."""
    value = f"{MARKER}{type_name}-{field}-{key}"
    return f"https://secret.example/{value}" if scalar.lower().endswith("url") else value


def secret_leaves(schema: GraphQLSchema) -> list[str]:
    """Return `Type.field` of every leaf that gets a recognisable value, sorted."""
    return sorted(
        f"{kind.name}.{name}"
        for kind in object_types(schema)
        for name, scalar in {
            **{name: leaf.scalar for name, leaf in attributes(kind).items()},
            **dict.fromkeys(list_attributes(kind), "String"),
        }.items()
        if looks_secret(kind.name, name, scalar)
    )
