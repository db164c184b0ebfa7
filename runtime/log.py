"""Logging and redaction: one `key=value` line per event on stderr, never a secret.

Secrets register themselves when settings are read; `redact` then removes them from every log line,
error message and traceback, also when a library put them there.
"""

from __future__ import annotations

import logging
import sys
from urllib.parse import quote, quote_plus

_SHORTEST_SECRET = 4  # masking shorter ones would make lines unreadable and hide nothing
_secrets: set[str] = set()


def register_secret(value: str) -> None:
    """Have `value`, plain or URL-encoded, masked wherever this process writes text."""
    if len(value) >= _SHORTEST_SECRET:
        _secrets.update((value, quote(value, safe=""), quote_plus(value)))


def redact(text: str) -> str:
    """Return `text` with every registered secret replaced by `***`."""
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


class _KeyValueFormatter(logging.Formatter):
    """`time=… level=… run=… logger=… msg` with secrets masked, tracebacks included."""

    def __init__(self, run_id: str) -> None:
        super().__init__(
            fmt=f"time=%(asctime)s level=%(levelname)s run={run_id} logger=%(name)s %(message)s",
            datefmt="%Y-%m-%dT%H:%M:%S",
        )

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def configure(run_id: str) -> None:
    """Send log lines of this process to stderr, tagged with `run_id`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_KeyValueFormatter(run_id))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    # A lost connection is said by our own error; the pool would add a traceback of its tidying.
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
