"""Reading what was written: many records by one list where the path allows it, else one by one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from load.rest.bodies import Body
from load.rest.client import Record, Splynx
from load.rest.failures import Failure, NotFound
from load.rest.normal_form import differing
from load.rest.together import Together
from runtime.errors import FatalTargetError

_MOST = 50  # ids in one query string: some 2,000 characters
_ID = "id"
_Wanted = tuple[Body, int]


class Reader:
    """Reads records back; for many tasks of one event loop."""

    def __init__(self, splynx: Splynx) -> None:
        self._splynx = splynx
        self._lists: dict[str, Together[_Wanted, Record | None]] = {}
        self._only_single: set[str] = set()

    async def differences(self, body: Body, key: int | None) -> list[str] | None:
        """Return the attributes that are not as they should be; None: there is no such record.

        A list may tell less than a record alone, so a difference is looked at twice.
        """
        if key is not None and "{" not in body.draft.shape.path and body.path:
            record = await self._listed(body, key)
            if record is not None and not differing(body, record):
                return []
        record = await self._alone(body, key)
        return None if record is None else differing(body, record)

    async def _alone(self, body: Body, key: int | None) -> Record | None:
        try:
            return await self._splynx.get(body.item(key))
        except NotFound:
            return None

    async def _listed(self, body: Body, key: int) -> Record | None:
        path = body.path
        if path in self._only_single:
            return None
        if path not in self._lists:
            self._lists[path] = Together(partial(self._list, path), most=_MOST)
        return await self._lists[path].ask((body, key))

    async def _list(self, path: str, wanted: Sequence[_Wanted]) -> Sequence[Record | None]:
        if len(wanted) == 1:
            return [await self._alone(*wanted[0])]
        keys = sorted({str(key) for _, key in wanted})
        try:
            found = await self._splynx.search(path, main_attributes={_ID: ("IN", keys)})
        except Failure as exc:
            if not isinstance(exc, FatalTargetError):
                raise
            found = []
        by_id = {str(record.get(_ID)): record for record in found}
        if not by_id or not by_id.keys() <= set(keys):  # it cannot be asked so
            self._only_single.add(path)
        return [by_id.get(str(key)) for _, key in wanted]
