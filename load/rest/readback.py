"""Reading what was written: many records by one list where the path allows it, else one by one.

A list is asked for when so many records are wanted as fit into it, or when a moment has passed in
which no more came: whoever waits has others that send meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from load.rest.bodies import Body, filled
from load.rest.client import Record, Splynx
from load.rest.failures import Failure, NotFound
from load.rest.normal_form import differing
from load.rest.probing import ALL_CUSTOMERS
from load.rest.together import Together
from runtime.errors import FatalTargetError

_MOST = 50  # values in one query string: some 2,000 characters
_MOMENT = 0.1  # seconds
_ID = "id"
_CUSTOMER = "customer_id"
_At = tuple[str, str]  # a path, and the attribute by which its records are told apart


class Seen(NamedTuple):
    """A record, and the attributes in which it is not as it should be."""

    record: Record
    wrong: list[str]


class Reader:
    """Reads records; for many tasks of one event loop.

    A record that was read on the way to something else serves the next look at it, once.
    """

    def __init__(self, splynx: Splynx) -> None:
        self._splynx = splynx
        self._lists: dict[_At, Together[str, list[Record] | None]] = {}
        self._only_single: set[_At] = set()
        self._read: dict[tuple[str, int], Record] = {}

    async def look(self, body: Body, key: int | None, late: Collection[str] = ()) -> Seen | None:
        """Return the record of a row; None: there is none.

        A list may tell less than a record alone, so a difference is looked at twice; except in
        `late` attributes, which are known to differ still.
        """
        if (path := listed_at(body, key)) is not None and key is not None:
            record = self._read.pop((path, key), None) or await self._listed(path, key)
            if record is not None and not {*differing(body, record)} - {*late}:
                return Seen(record, differing(body, record))
        try:
            record = await self._alone(body.item(key))
        except NotFound:
            return None
        return None if record is None else Seen(record, differing(body, record))

    async def _alone(self, item: str) -> Record | None:
        if "?" in item:  # a list of one, or of none
            return next(iter(await self._splynx.search(item)), None)
        return await self._splynx.get(item)

    async def record(self, path: str, item: str, key: int, attribute: str) -> Record:
        """Return the record with this id that holds `attribute`, for something other than a look.

        Raises:
            NotFound: there is none.
        """
        record = await self._listed(path, key) if path else None
        if record is None or not record.get(attribute):
            return await self._splynx.get(item)
        self._read[path, key] = record
        return record

    async def having(self, path: str, attribute: str, value: str) -> list[Record]:
        """Return the records of a list with this value.

        Raises:
            NotFound: there is no such list.
        """
        found = await self._among((path, attribute), value)
        if not found:  # or the list does not take many values
            return await self._splynx.search(path, main_attributes={attribute: value})
        for record in found:
            if str(record.get(_ID, "")).isdecimal():
                self._read[path, int(record[_ID])] = record
        return found

    async def _listed(self, path: str, key: int) -> Record | None:
        found = await self._among((path, _ID), str(key))
        return found[0] if found else None

    async def _among(self, at: _At, value: str) -> list[Record] | None:
        """Return the records with a value out of a list of many; None: it cannot be asked so."""
        if at in self._only_single:
            return None
        if at not in self._lists:
            self._lists[at] = Together(partial(self._list, at), most=_MOST, moment=_MOMENT)
        return await self._lists[at].ask(value)

    async def _list(self, at: _At, wanted: Sequence[str]) -> Sequence[list[Record] | None]:
        path, attribute = at
        values = sorted(set(wanted))
        try:
            found = await self._splynx.search(path, main_attributes={attribute: ("IN", values)})
        except Failure as exc:
            if not isinstance(exc, FatalTargetError):
                raise
            found = []
        by_value: dict[str, list[Record]] = {}
        for record in found:
            by_value.setdefault(str(record.get(attribute)), []).append(record)
        if (not by_value and len(values) > 1) or not by_value.keys() <= set(values):
            self._only_single.add(at)
            return [None] * len(wanted)
        return [by_value.get(value, []) for value in wanted]


def listed_at(body: Body, key: int | None) -> str | None:
    """Return the path of a list that has a row among others; None: it is read alone. Pure."""
    shape = body.draft.shape
    if key is None or not shape.path or not shape.has_id:
        return None
    places: Mapping[str, str] = {**body.places, _CUSTOMER: str(ALL_CUSTOMERS)}
    return filled(shape.path, places)
