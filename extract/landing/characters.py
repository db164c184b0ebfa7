"""JSON text that jsonb can hold: what it refuses is replaced by U+FFFD and counted (pure).

jsonb refuses U+0000 and halves of surrogate pairs; one of them would fail a whole file.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder

_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F][0-9a-fA-F]{2})")
_LOW_HALF = re.compile(rb"\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_HIGH = b"89abAB"
_REPLACEMENT = rb"\ufffd"
_BACKSLASH = 0x5C
_ESCAPE = 6  # characters of \u0000
_PIECE = 1 << 20


def storable(body: bytes) -> tuple[bytes, int]:
    """Return `body` with each unstorable character replaced, and how many there were.

    An escaped backslash before `u0000` stays what it is. Bytes that are not UTF-8 are replaced as
    well, one for each place where reading had to start anew.
    """
    replaced = 0
    if not _is_utf8(body):
        text = body.decode("utf-8", errors="replace").encode("utf-8")
        mark = "\N{REPLACEMENT CHARACTER}".encode()
        replaced += text.count(mark) - body.count(mark)
        body = text
    pieces: list[bytes] = []
    done = 0
    count = 0
    for start in _unstorable(body):
        pieces += (body[done:start], _REPLACEMENT)
        done = start + _ESCAPE
        count += 1
    if not count:
        return body, replaced
    return b"".join([*pieces, body[done:]]), replaced + count


def _is_utf8(body: bytes) -> bool:
    """Tell whether `body` can be decoded; in pieces, because a text may be four times its bytes."""
    if body.isascii():
        return True
    decoder = getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(body), _PIECE):
            decoder.decode(body[start : start + _PIECE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _unstorable(body: bytes) -> list[int]:
    """Return where the escapes begin that jsonb refuses.

    Only escapes that could be refused are looked at: a server that escapes everything beyond ASCII
    sends tens of thousands of others on a page.
    """
    found: list[int] = []
    paired = 0
    for match in _SUSPECT.finditer(body):
        start = match.start()
        if start < paired or _is_escaped(body, start):
            continue
        if body[start + 3] in _HIGH and _LOW_HALF.match(body, start + _ESCAPE):
            paired = start + 2 * _ESCAPE
        else:
            found.append(start)
    return found


def _is_escaped(body: bytes, start: int) -> bool:
    """Tell whether the backslash at `start` is itself the second of a pair."""
    before = start
    while before > 0 and body[before - 1] == _BACKSLASH:
        before -= 1
    return (start - before) % 2 == 1
