"""Great Expectations, all in memory and silent: an ephemeral context on the warehouse.

Nothing is stored but Data Docs. The library's telemetry is off (see the package) and so are its
progress bars, which would fill the log.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import great_expectations as gx
from great_expectations.data_context.types.base import ProgressBarsConfig
from sqlalchemy.engine import URL

ALL_ROWS = "all rows"
_SITE = "acceptance"
_CHATTY = ("great_expectations", "great_expectations.data_context.types.base")


def new_context() -> Any:  # noqa: ANN401 - the library ships no types
    """Return a context that keeps everything in memory."""
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context


def add_warehouse(context: Any, url: URL, schema: str, tables: Sequence[str]) -> Any:  # noqa: ANN401
    """Return a data source on one schema of the warehouse, with each table as an asset.

    All assets, each with the batch `ALL_ROWS`, are named at once: for one that is added later the
    library writes its whole configuration again. Sessions are like those of
    `runtime.warehouse.connect`, with `schema` as their search path: that is how the library wants
    to be told a schema. The rendered URL is percent encoded, so a `$` in a password is not taken
    for one of the library's own variables.
    """
    return context.data_sources.add_postgres(
        schema,
        connection_string=url.render_as_string(hide_password=False),
        assets=[
            {
                "type": "table",
                "name": table,
                "table_name": table,
                "batch_definitions": [{"name": ALL_ROWS}],
            }
            for table in tables
        ],
        kwargs={
            "hide_parameters": True,
            "connect_args": {
                "options": f"-c timezone=UTC -c datestyle=ISO,YMD -c search_path={schema}"
            },
        },
    )


def write_docs(context: Any, folder: Path) -> None:  # noqa: ANN401
    """Write Data Docs of the results in the context's store to `folder`."""
    context.add_data_docs_site(
        _SITE,
        {
            "class_name": "SiteBuilder",
            "show_how_to_buttons": False,
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            "store_backend": {
                "class_name": "TupleFilesystemStoreBackend",
                "base_directory": str(folder),
            },
        },
    )
    context.build_data_docs(site_names=[_SITE])
