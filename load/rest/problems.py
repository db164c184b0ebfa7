"""What a failed validation says, field by field (pure).

Which shape a 422 has is not published: a list, a mapping and the error object are all taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from load.rest.failures import Problem
from load.rest.masking import masked

_FIELD, _TEXT = ("field", "attribute", "name"), ("message", "error", "text")
_LONGEST_NAME = 64  # of a column


def problems(body: object, sent: object = None) -> Iterator[Problem]:
    """Yield what a 422 says, in whichever shape: list, mapping, error object, or nested ones."""
    if isinstance(body, Mapping):
        field = next((body[n] for n in _FIELD if isinstance(body.get(n), str)), None)
        text = next((body[n] for n in _TEXT if isinstance(body.get(n), str)), None)
        if text is not None and (field is not None or _is_error_object(body)):
            yield Problem(_shown_field(field), masked(text, sent))
            body = {n: v for n, v in body.items() if n in {"errors", "fields"}}
        for name, inner in body.items():
            if isinstance(inner, Mapping) or (name in {"error", "errors", "fields"}):
                yield from problems([inner] if isinstance(inner, str) else inner, sent)
            else:
                yield from (Problem(_shown_field(name), masked(t, sent)) for t in _texts(inner))
    elif isinstance(body, list):
        for entry in body:
            if isinstance(entry, str):
                yield Problem("", masked(entry, sent))
            else:
                yield from problems(entry, sent)


def _is_error_object(body: Mapping[str, Any]) -> bool:
    return "internal_code" in body or "code" in body


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | Mapping):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(inner)


def _shown_field(name: str | None) -> str:
    plain = (name or "").replace("_", "").replace("-", "").replace(".", "")
    return name if name and plain.isalnum() and len(name) <= _LONGEST_NAME else ""
