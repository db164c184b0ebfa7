"""Texts of Splynx made fit to be shown: whatever was sent is masked, and whatever stands in quotes.

Validators like to repeat the value that they refuse ('Login "…" is already used!').
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence

_MASK = "…"
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|«[^»]*»|(?<!\w)'[^']*'(?!\w)")
_LONGEST = 200
_WHOLE = 3  # shorter values are masked as whole words only: a flag `1` is part of many texts


def masked(text: str, sent: object) -> str:
    """Return one short line without any value that `sent`, a body of any depth, holds."""
    line = _QUOTED.sub(_MASK, " ".join(text.split()))
    for value in sorted(set(_values(sent)), key=len, reverse=True):
        for form in {value, html.escape(value)}:
            pattern = re.escape(form)
            if len(form) < _WHOLE:
                pattern = rf"(?<!\w){pattern}(?!\w)"
            line = re.sub(pattern, _MASK, line, flags=re.IGNORECASE)
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}{_MASK}"


def _values(sent: object) -> Iterator[str]:
    if isinstance(sent, Mapping):
        for value in sent.values():
            yield from _values(value)
    elif isinstance(sent, Sequence) and not isinstance(sent, str | bytes):
        for value in sent:
            yield from _values(value)
    elif sent is not None and not isinstance(sent, bytes):
        yield from ([line] if (line := " ".join(str(sent).split())) else [])
