"""The other yardstick: what one writes first. A dlt resource of dicts, with default settings.

`python -m bench.extract.plain_dlt --page-size …`: pages by id through dlt's own requests helper.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from typing import Any

import click
import dlt
from dlt.sources.helpers import requests

from bench.extract.lean import QUERY
from runtime.settings import sonar_api, warehouse_url


def _pages(size: int) -> Iterator[list[dict[str, Any]]]:
    api = sonar_api()
    headers = {"Authorization": f"Bearer {api.key}"}
    last = 0
    while True:
        asked = {"query": QUERY, "variables": {"last": last, "size": size}}
        answer = requests.post(api.endpoint, json=asked, headers=headers).json()
        rows = answer["data"]["rows_000"]["entities"]
        if not rows:
            return
        last = rows[-1]["id"]
        yield rows


@click.command()
@click.option("--page-size", type=int, default=1000)
def main(*, page_size: int) -> None:
    """Load; print the seconds without starting."""
    started = time.monotonic()
    url = warehouse_url().set(drivername="postgresql").render_as_string(hide_password=False)
    with tempfile.TemporaryDirectory(prefix="plain-dlt-") as folder:
        pipeline = dlt.pipeline(
            "plain",
            pipelines_dir=folder,
            destination=dlt.destinations.postgres(url),
            dataset_name="plain",
        )
        pipeline.run(dlt.resource(_pages(page_size), name="rows_000"))
    click.echo(f"work {time.monotonic() - started:.3f}")


if __name__ == "__main__":
    main()
