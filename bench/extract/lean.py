"""The yardstick: the leanest client that reads the same pages and COPYs them into the same table.

`python -m bench.extract.lean --rows … --page-size …`: aiohttp, a few requests in flight, each over
an id range of its own; answers split into rows by `msgspec.Raw`; one COPY fed from a thread. No
proof, no resume, no error policy: what it lacks is what the ratio pays for.
"""

from __future__ import annotations

import asyncio
import json
import queue
import threading
import time
from contextlib import closing
from typing import Any

import aiohttp
import click
import msgspec
import psycopg2

from runtime.settings import sonar_api, warehouse_url

_PATIENCE = 120.0  # seconds for a page to find room; a COPY that died makes none
_TABLE = """
create schema if not exists lean;
create table lean.rows_000 (
    _sonar_key text not null, payload jsonb not null, _run_id text not null, _deleted_at timestamptz
);
create unique index rows_000_sonar_key on lean.rows_000 (_sonar_key);
"""
QUERY = """
query Rows($last: Int64Bit!, $size: Int!) { rows_000(
  search: [{integer_fields: [{attribute: "id", search_value: $last, operator: GT}]}],
  sorter: [{attribute: "id", direction: ASC}], paginator: {page: 1, records_per_page: $size}
) { entities { id account_id amount name description street city zip latitude longitude status
  is_archived note reference due_date created_at updated_at } } }
"""


class _Connection(msgspec.Struct):
    entities: list[msgspec.Raw]


class _Data(msgspec.Struct):
    rows_000: _Connection


class _Answer(msgspec.Struct):
    data: _Data


class _WithId(msgspec.Struct):
    id: int


_ANSWER = msgspec.json.Decoder(_Answer)
_ID = msgspec.json.Decoder(_WithId)


class _Pipe:
    """What COPY reads from, filled by the readers."""

    def __init__(self) -> None:
        self.pages: queue.Queue[bytes] = queue.Queue(maxsize=32)

    def read(self, _size: int = -1) -> bytes:
        return self.pages.get()


def _copy(pipe: _Pipe) -> None:
    url = warehouse_url().set(drivername="postgresql")
    connection = psycopg2.connect(url.render_as_string(hide_password=False))
    with closing(connection), connection.cursor() as cursor:
        cursor.execute(_TABLE)
        connection.commit()
        source: Any = pipe
        cursor.copy_expert("copy lean.rows_000 (_sonar_key, payload, _run_id) from stdin", source)
        connection.commit()


async def _read(rows: int, size: int, workers: int, pipe: _Pipe) -> None:
    api = sonar_api()
    headers = {"Authorization": f"Bearer {api.key}", "Content-Type": "application/json"}
    async with aiohttp.ClientSession(headers=headers) as session:

        async def part(low: int, high: int) -> None:
            last = low
            while last < high:
                asked = {
                    "query": QUERY,
                    "variables": {"last": last, "size": min(size, high - last)},
                }
                async with session.post(api.endpoint, data=json.dumps(asked)) as response:
                    found = _ANSWER.decode(await response.read()).data.rows_000.entities
                if not found:
                    return
                lines = []
                for raw in found:
                    last = _ID.decode(raw).id
                    lines.append(b"%d\t%b\tlean\n" % (last, bytes(raw).replace(b"\\", b"\\\\")))
                page = b"".join(lines)
                try:
                    pipe.pages.put_nowait(page)
                except queue.Full:
                    await asyncio.to_thread(pipe.pages.put, page, timeout=_PATIENCE)

        step = -(-rows // workers)
        async with asyncio.TaskGroup() as group:
            for low in range(0, rows, step):
                group.create_task(part(low, min(low + step, rows)))


@click.command()
@click.option("--rows", type=int, required=True)
@click.option("--page-size", type=int, default=1000)
@click.option("--workers", type=int, default=4)
def main(*, rows: int, page_size: int, workers: int) -> None:
    """Read and copy; print the seconds without starting."""
    started = time.monotonic()
    pipe = _Pipe()
    copying = threading.Thread(target=_copy, args=(pipe,))
    copying.start()
    asyncio.run(_read(rows, page_size, workers, pipe))
    pipe.pages.put(b"", timeout=_PATIENCE)
    copying.join()
    click.echo(f"work {time.monotonic() - started:.3f}")


if __name__ == "__main__":
    main()
