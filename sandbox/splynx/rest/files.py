"""Uploaded files: bytes in the state folder under a generated name, records in the tables."""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import PurePath
from typing import Any

from sandbox.splynx.rest import rows
from sandbox.splynx.rest.catalogue import Entity
from sandbox.splynx.rest.errors import ApiError, Reply, bad_request, not_found
from sandbox.splynx.rest.scene import Row, Scene

MAX_BYTES = 20 * 1024 * 1024
ATTACHMENT = "ticket_attachment"


@dataclass(frozen=True, slots=True)
class Upload:
    """One file part of a request."""

    part: str
    filename: str
    content: bytes


def upload_document(
    scene: Scene, entity: Entity, names: Mapping[str, str], uploads: Sequence[Upload]
) -> Reply:
    """Store the file of a customer's document; a second upload replaces the first."""
    row = rows.found(scene, entity, names)
    if not uploads:
        raise bad_request()
    stored = _keep(scene, uploads[0])
    scene.update(
        entity.table,
        "id",
        row["id"],
        {"filename_original": _original(uploads[0]), "filename_uploaded": stored},
    )
    return Reply(HTTPStatus.ACCEPTED)


def attach(scene: Scene, message: str, uploads: Sequence[Upload]) -> Reply:
    """Attach files to a ticket message; answer the id of the first."""
    if not message.isdecimal() or not uploads:
        raise bad_request()
    if not scene.exists("ticket_messages", message):
        raise not_found()
    keys = [_attach(scene, int(message), upload) for upload in uploads]
    return Reply(HTTPStatus.CREATED, {"id": keys[0]})


def store(scene: Scene, kind: str, upload: Upload) -> int:
    """Keep a file under a generated name; return the id of its row."""
    return scene.insert(
        "files_upload",
        {
            "hash_id": scene.token(),
            "type": kind,
            "filename_original": _original(upload),
            "filename_uploaded": _keep(scene, upload),
        },
    )


def with_content(scene: Scene, rows: Sequence[Row], query: Mapping[str, Any]) -> list[Row]:
    """Return rows of files, with their bytes when `with_content` asks for them."""
    if str(query.get("with_content", "")).lower() in {"1", "true"}:
        return [{**row, **_content(scene, row)} for row in rows]
    return list(rows)


def _attach(scene: Scene, message: int, upload: Upload) -> int:
    key = store(scene, ATTACHMENT, upload)
    scene.insert("ticket_messages_to_files_upload", {"message_id": message, "file_id": key})
    return key


def attachments(scene: Scene, names: Mapping[str, str], query: Mapping[str, Any]) -> Reply:
    """Return attachments, with their bytes when `with_content` asks for them."""
    only, parameters = "", [ATTACHMENT]
    if "id" in names:
        only, parameters = " and f.id = %s", [ATTACHMENT, names["id"]]
    found = scene.rows(
        "select f.id, f.type, f.filename_original, f.filename_uploaded, j.message_id"
        " from files_upload f left join ticket_messages_to_files_upload j on j.file_id = f.id"
        f" where f.deleted = '0' and f.type = %s{only} order by f.id",
        parameters,
    )
    found = with_content(scene, found, query)
    if "id" not in names:
        return Reply(HTTPStatus.OK, found)
    if not found:
        raise not_found()
    return Reply(HTTPStatus.OK, found[0])


def download(scene: Scene, names: Mapping[str, str]) -> Reply:
    """Return name, type and bytes of a customer's document."""
    if names["module"] != "customer_documents":
        raise not_found()
    row = scene.row(
        "select * from customer_documents where id = %s and deleted = '0'", [names["id"]]
    )
    if row is None or not row["filename_uploaded"]:
        raise not_found()
    return Reply(HTTPStatus.OK, {"name": row["filename_original"], **_content(scene, row)})


def _content(scene: Scene, row: Row) -> Row:
    path = scene.files / PurePath(row["filename_uploaded"]).name
    if not path.is_file():
        raise not_found()
    kind = mimetypes.guess_type(row["filename_original"])[0] or "application/octet-stream"
    return {"content_type": kind, "content": base64.b64encode(path.read_bytes()).decode()}


def _original(upload: Upload) -> str:
    return PurePath(upload.filename).name[:256]


def _keep(scene: Scene, upload: Upload) -> str:
    if len(upload.content) > MAX_BYTES:
        raise ApiError(HTTPStatus.BAD_REQUEST, "INVALID_INPUT_DATA", "The file is too large!")
    name = scene.token() + PurePath(upload.filename).suffix[:16]
    scene.files.mkdir(parents=True, exist_ok=True, mode=0o700)
    (scene.files / name).write_bytes(upload.content)
    return name


def attach_to_new(scene: Scene, message: int, uploads: Sequence[Upload]) -> None:
    """Attach the files that came with a new message."""
    for upload in uploads:
        _attach(scene, message, upload)
