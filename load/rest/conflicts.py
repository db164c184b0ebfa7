"""Before anything is sent: which attributes both Sonar and staff have changed.

For `--on-conflict fail`. Every row that is to be changed is read, and compared as the writer does
(`load.rest.jobs.Job.sort_out`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from itertools import islice

from load.rest.bodies import Ids, body
from load.rest.intents import Ledger
from load.rest.jobs import Job
from load.rest.readback import Reader
from load.rest.rows import Item

_AT_ONCE = 200


async def conflicts(
    reader: Reader,
    ledger: Ledger,
    ids: Ids,
    items: Iterator[Item],
    fields: Mapping[str, frozenset[str]],
) -> list[str]:
    """Return a line for each row with such attributes.

    Raises:
        Failure: Splynx did not answer.
    """
    found: list[str] = []
    while page := list(islice(items, _AT_ONCE)):
        jobs = [job for job in (Job(*item) for item in page) if job.was_written]
        lines = await asyncio.gather(*(_line(reader, ledger, ids, job, fields) for job in jobs))
        found += [line for line in lines if line]
    return found


async def _line(
    reader: Reader, ledger: Ledger, ids: Ids, job: Job, fields: Mapping[str, frozenset[str]]
) -> str | None:
    shape = job.draft.shape
    job.body = body(job.draft, ids)
    job.id = job.known.target_id if job.known else None
    job.base = await ledger.base(shape.name, job.draft.sonar_key)
    seen = await reader.look(job.body, job.id)
    if seen is None:
        return None
    job.sort_out(seen.wrong, seen.record, fields.get(shape.name, frozenset()))
    return f"{job.name}: {', '.join(job.columns(job.contested))}" if job.contested else None
