"""Whether a file is in Splynx, and with the right bytes."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from load.files.places import Wanted, content_of
from load.files.uploads import NewRow
from load.rest.client import Splynx
from load.rest.failures import NotFound


@dataclass(frozen=True, slots=True)
class Found:
    """A file in Splynx; `sha256` is None where the API does not give its bytes."""

    file_id: int | None
    sha256: str | None


async def row_of(splynx: Splynx, wanted: Wanted, row: NewRow) -> int | None:
    """Return the id of the file's row, None where what it belongs to has none such.

    Raises:
        Failure: Splynx does not answer.
    """
    for record in await splynx.search(f"{row.path}/{wanted.whole_id}"):
        if record.get(row.known_by) == wanted.known_by:
            return int(record["id"])
    return None


async def look_up(splynx: Splynx, wanted: Wanted, file_id: int | None = None) -> Found | None:
    """Return the file that Splynx has in this place, None where it has none.

    Of several attachments of that name it is the one with the right bytes, or `file_id`.

    Raises:
        Failure: Splynx does not answer.
    """
    if wanted.upload.is_own or file_id is not None:
        return await _file(splynx, wanted, file_id)
    return await _same_name(splynx, wanted)


async def _same_name(splynx: Splynx, wanted: Wanted) -> Found | None:
    attribute = wanted.upload.of
    listed = await splynx.search(
        wanted.upload.path, main_attributes={attribute: wanted.owner_id}, order={"id": "ASC"}
    )
    found = None
    for record in listed:
        # a condition that Splynx does not know is ignored
        if str(record.get(attribute)) != str(wanted.owner_id):
            continue
        if record.get("filename_original") != wanted.name:
            continue
        found = await _file(splynx, wanted, int(record["id"]))
        if found is not None and found.sha256 in {None, wanted.sha256}:
            return found
    return found


async def _file(splynx: Splynx, wanted: Wanted, file_id: int | None) -> Found | None:
    try:
        held = await splynx.get(*content_of(wanted, file_id))
    except NotFound:
        return None
    return Found(file_id, _checksum(held))


def _checksum(record: Mapping[str, Any]) -> str | None:
    content = record.get("content")
    if not isinstance(content, str):
        return None
    try:
        return hashlib.sha256(base64.b64decode(content, validate=True)).hexdigest()
    except binascii.Error:
        return None
