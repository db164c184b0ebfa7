"""dbt's own page of sources, models and tests."""

from __future__ import annotations

from pathlib import Path

from runtime import dbt
from runtime.errors import ConfigError


def model_docs() -> Path:
    """Have dbt write all that it knows of sources, models and tests as one page; return its path.

    The page works without a server. Where a warehouse answers it also has the types and sizes of
    its tables.

    Raises:
        ConfigError: dbt wrote no page; its words are in the message.
    """
    dbt.parse_if_stale()
    page = dbt.TARGET / "static_index.html"
    page.unlink(missing_ok=True)
    words = ""
    for catalog in ((), ("--empty-catalog",)):
        # Not compiled: the SQL as people wrote it is what a reader looks for.
        ended = dbt.run("--quiet", "docs", "generate", "--static", "--no-compile", *catalog)
        if ended.code == 0 and page.exists():
            return page
        words = ended.words
    raise ConfigError(f"dbt wrote no docs: {words}")
