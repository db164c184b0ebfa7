"""Where a file goes over the API, and where it is read back. Pure.

Paths and names are those of the mart's YAML (`load.files.uploads`), with ids in their places.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from load.files.uploads import NewRow, Upload


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file of a loaded row: `owner_id` is the row's id in Splynx, `user_id` who brings it.

    An `owner_id` of 0 is a row that is not there: the upload makes it for the row `whole_id`, found
    again by `known_by`, a text that names the record in Sonar.

    `state`, `reached` and `held` are what an earlier run wrote of it: how it ended, for which
    owner, and which bytes.
    """

    key: str
    upload: Upload
    owner_id: int
    name: str
    user_id: int
    sha256: str | None
    bytes: int | None
    state: str | None = None
    reached: int | None = None
    held: str | None = None
    file_id: int | None = None
    planned_id: int | None = None
    whole_id: int | None = None
    known_by: str | None = None

    @property
    def place(self) -> str:
        """Its kind in `ops.file_upload`."""
        return self.upload.place

    @property
    def is_done(self) -> bool:
        """Whether these very bytes are with this very row."""
        return (self.state, self.reached, self.held) == ("stored", self.owner_id, self.sha256)

    @property
    def is_doubtful(self) -> bool:
        """Whether an earlier run may have uploaded it without learning so."""
        return self.state == "intended" and self.reached == self.owner_id


def new_row(wanted: Wanted, row: NewRow) -> Mapping[str, object]:
    """Return what the row of a file is created with."""
    return {
        row.of: wanted.whole_id,
        wanted.upload.name: wanted.name,
        row.known_by: wanted.known_by or "",
        **row.also,
    }


def upload_path(wanted: Wanted) -> str:
    """Return where the bytes are sent."""
    return wanted.upload.path.format(id=wanted.owner_id)


def upload_query(wanted: Wanted) -> Mapping[str, object]:
    """Return what stands in the query."""
    return dict(_filled(wanted, wanted.upload.query))


def upload_fields(wanted: Wanted) -> Mapping[str, str]:
    """Return the form's other fields."""
    return _filled(wanted, wanted.upload.form)


def content_of(wanted: Wanted, file_id: int | None) -> tuple[str, Mapping[str, object]]:
    """Return path and query that show a file with its bytes."""
    path, _, query = wanted.upload.content.partition("?")
    key = wanted.owner_id if wanted.upload.is_own else file_id
    return path.format(id=key), dict(parse_qsl(query))


def item_of(upload: Upload, owner_id: int, file_id: int | None) -> str | None:
    """Return what is deleted with a file; None where its id was never told."""
    key = owner_id if upload.is_own else file_id
    return upload.item.format(id=key) if key else None


def _filled(wanted: Wanted, said: Mapping[str, str]) -> dict[str, str]:
    return {
        name: text.format(owner=wanted.owner_id, user=wanted.user_id) for name, text in said.items()
    }
