"""A row that came twice, because its first sending arrived after it had been looked for.

That happens when a reply is lost and Splynx carries the request out later than two looks. A row
that was in doubt is therefore looked up once more when everything else is done. What shows beside
it was not there before it was sent again; where it is as we sent it and nothing leads to it, it is
deleted. Everything else is for people to decide.
"""

from __future__ import annotations

import logging

from load.rest.bodies import Body
from load.rest.children import children
from load.rest.client import Splynx
from load.rest.failures import NotFound
from load.rest.intents import Ledger
from load.rest.jobs import Job
from load.rest.lookups import Unclear, alike, sought
from load.rest.normal_form import differing
from load.rest.shapes import Shapes
from runtime.errors import FatalTargetError

logger = logging.getLogger(__name__)


async def remove_twins(splynx: Splynx, ledger: Ledger, shapes: Shapes, job: Job) -> int:
    """Delete second copies of a row; return how many there were.

    Raises:
        Unclear: there is one that must not be deleted by a machine.
        Failure: Splynx did not answer.
    """
    body = job.ready
    if job.draft.made is not None or not job.draft.shape.has_id:
        return 0
    row = sought(body)
    found = [int(one["id"]) for one in await alike(splynx, ledger, row)]
    twins = [key for key in found if key != job.id]
    if len(twins) <= await ledger.in_doubt(row.shape.name, row.api):
        return 0  # as many of ours are still to be found: theirs
    for key in twins:
        await _remove(splynx, shapes, body, key)
    return len(twins)


async def _remove(splynx: Splynx, shapes: Shapes, body: Body, key: int) -> None:
    shape = body.draft.shape
    said = f"Splynx has it twice, also as {key}"
    try:
        record = await splynx.get(body.item(key))
        later = {*shape.late, *shape.computed.values()}
        if set(differing(body, record)) - later:
            raise Unclear(f"{said}, and that one is not as it was sent")
        async for child in children(splynx, shapes, shape.name, [key], made=False):
            raise Unclear(f"{said}, and row {child.id} of {child.table} leads to it")
        await splynx.delete(body.item(key))
    except NotFound:
        return
    except FatalTargetError as exc:
        raise Unclear(f"{said}, and does not delete it: {exc}") from None
    logger.info("event=twin_removed table=%s id=%d", shape.name, key)
