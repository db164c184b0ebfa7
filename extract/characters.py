"""JSON text that jsonb can hold: what it refuses is replaced by U+FFFD and counted (pure).

jsonb refuses U+0000 and halves of surrogate pairs; one of them would fail a whole file.
"""

from __future__ import annotations

import re

_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_ESCAPE = re.compile(
    rb"(?P<pair>\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?P<refused>\\u[dD][89a-fA-F][0-9a-fA-F]{2}|\\u0000)"
    rb"|\\.",
    re.DOTALL,
)
_REPLACEMENT = rb"\ufffd"


def storable(body: bytes) -> tuple[bytes, int]:
    """Return `body` with each unstorable character replaced, and how many there were.

    Escapes are read one by one, so that an escaped backslash before `u0000` stays what it is. Bytes
    that are not UTF-8 are replaced as well; they cannot be told apart and count as one a run.
    """
    replaced = 0
    if not body.isascii():
        try:
            body.decode("utf-8")
        except UnicodeDecodeError:
            text = body.decode("utf-8", errors="replace")
            replaced += text.count("\N{REPLACEMENT CHARACTER}")
            body = text.encode("utf-8")
    if not _SUSPECT.search(body):
        return body, replaced
    count = 0

    def mend(escape: re.Match[bytes]) -> bytes:
        nonlocal count
        if escape.group("refused") is None:
            return escape.group()
        count += 1
        return _REPLACEMENT

    mended = _ESCAPE.sub(mend, body)
    return mended, replaced + count
