"""The other yardstick: dlt's sqlalchemy destination with default settings, fed from Postgres."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import click
import dlt
from sqlalchemy import create_engine, make_url, text

from bench.load.marts import CUSTOMERS
from runtime.settings import warehouse_url

_PAGE = 5000


def _pages() -> Iterator[list[dict[str, Any]]]:
    mart = CUSTOMERS.marts[0]
    names = ", ".join(column.name for column in mart.columns)
    with create_engine(warehouse_url()).connect() as connection:
        query = text(f"select {names} from {mart.relation}")
        result = connection.execution_options(stream_results=True).execute(query)
        for page in result.partitions(_PAGE):
            yield [dict(row._mapping) for row in page]


@click.command()
def main() -> None:
    """Load; print the seconds without starting."""
    started = time.monotonic()
    url = make_url(os.environ["BENCH_ADMIN_URL"]).update_query_dict({"charset": "utf8mb4"})
    with tempfile.TemporaryDirectory(prefix="plain-dlt-") as folder:
        pipeline = dlt.pipeline(
            "plain",
            pipelines_dir=folder,
            destination=dlt.destinations.sqlalchemy(url.render_as_string(hide_password=False)),
            dataset_name="bench_dlt",
        )
        pipeline.run(dlt.resource(_pages(), name="customers"))
    click.echo(f"work {time.monotonic() - started:.3f}")


if __name__ == "__main__":
    main()
