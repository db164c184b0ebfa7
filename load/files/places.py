"""Where a file goes over the API, and where it is read back. Pure.

Documents are a row first and bytes second; attachments of messages and of tasks are made by the
upload itself. Paths and names of parts are the published ones; that tasks take `task_id` and
`user_id` as fields of the form follows from the attributes of the endpoint.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Place = Literal["document", "message", "task"]

DOCUMENTS = "admin/customers/customer-documents"
_DOCUMENT = f"{DOCUMENTS}/{{}}--upload"
_DOWNLOAD = "admin/config/download/customer_documents--{}"
_LISTS: Mapping[str, str] = {
    "message": "admin/support/ticket-attachments",
    "task": "admin/scheduling/tasks-attachments",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file of a loaded row: `owner_id` is the row's id in Splynx, `user_id` who brings it.

    An `owner_id` of 0 is a document whose row is not there: the upload makes it for `customer_id`,
    found again by its `description`, which names the record in Sonar.

    `state`, `reached` and `held` are what an earlier run wrote of it: how it ended, for which
    owner, and which bytes.
    """

    key: str
    place: Place
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
    customer_id: int | None = None
    description: str | None = None

    @property
    def is_done(self) -> bool:
        """Whether these very bytes are with this very row."""
        return (self.state, self.reached, self.held) == ("stored", self.owner_id, self.sha256)

    @property
    def is_doubtful(self) -> bool:
        """Whether an earlier run may have uploaded it without learning so."""
        return self.state == "intended" and self.reached == self.owner_id


def document_body(wanted: Wanted) -> Mapping[str, object]:
    """Return what a document is created with."""
    return {
        "customer_id": wanted.customer_id,
        "type": "uploaded",
        "title": wanted.name,
        "description": wanted.description or "",
        "visible_by_customer": "0",
    }


def upload_path(wanted: Wanted) -> str:
    """Return where the bytes are sent."""
    if wanted.place == "document":
        return _DOCUMENT.format(wanted.owner_id)
    return _LISTS[wanted.place]


def upload_part(wanted: Wanted) -> str:
    """Return the name of the form's part."""
    return "file" if wanted.place == "document" else "files[0]"


def upload_query(wanted: Wanted) -> Mapping[str, object]:
    """Return what stands in the query."""
    return {"message_id": wanted.owner_id} if wanted.place == "message" else {}


def upload_fields(wanted: Wanted) -> Mapping[str, str]:
    """Return the form's other fields."""
    if wanted.place != "task":
        return {}
    return {"task_id": str(wanted.owner_id), "user_id": str(wanted.user_id)}


def download_path(wanted: Wanted) -> str:
    """Return where the bytes of a document are read."""
    return _DOWNLOAD.format(wanted.owner_id)


def list_path(wanted: Wanted) -> str:
    """Return where the attachments are listed, and below it each of them."""
    return _LISTS[wanted.place]


def owner_attribute(wanted: Wanted) -> str:
    """Return the attribute of an attachment that names its owner."""
    return f"{wanted.place}_id"
