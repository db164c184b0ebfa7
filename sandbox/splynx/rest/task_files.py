"""Files that hang on tasks and on their comments.

How the tables share them is inferred: `scheduling_task_attachment` has every file of a task, with
the comment where it came with one; `scheduling_task_comment_to_files_upload` has those again. The
bytes are read with `with_content`, as those of tickets are (inferred).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from sandbox.splynx.rest.errors import Reply, bad_request, not_found
from sandbox.splynx.rest.files import Upload, store, with_content
from sandbox.splynx.rest.scene import Scene

OF_TASK, OF_COMMENT = "scheduling_task_attachment", "scheduling_task_comment_attachment"


def attach(scene: Scene, sent: Mapping[str, Any], uploads: Sequence[Upload]) -> Reply:
    """Attach files to a task; answer the id of the first."""
    task, user = str(sent.get("task_id", "")), str(sent.get("user_id", ""))
    if not task.isdecimal() or not user.isdecimal() or not uploads:
        raise bad_request()
    if not scene.exists("scheduling_task", task) or not scene.exists("admins", user):
        raise not_found()
    keys = [_attach(scene, int(task), None, upload) for upload in uploads]
    return Reply(HTTPStatus.CREATED, {"id": keys[0]})


def attach_to_comment(scene: Scene, comment: str, uploads: Sequence[Upload]) -> Reply:
    """Attach files to a comment."""
    if not comment.isdecimal() or not scene.exists("scheduling_task_comment", comment):
        raise not_found()
    if not uploads:
        raise bad_request()
    attach_to_new(scene, int(comment), uploads)
    return Reply(HTTPStatus.ACCEPTED)


def attach_to_new(scene: Scene, comment: int, uploads: Sequence[Upload]) -> None:
    """Attach the files that came with a comment."""
    (row,) = scene.rows("select task_id from scheduling_task_comment where id = %s", [comment])
    for upload in uploads:
        values = {"comment_id": comment, "file_id": _attach(scene, row["task_id"], comment, upload)}
        scene.insert("scheduling_task_comment_to_files_upload", values)


def attachments(scene: Scene, names: Mapping[str, str], query: Mapping[str, Any]) -> Reply:
    """Return the files of tasks, one of them where it is named."""
    only, parameters = "", []
    if "id" in names:
        only, parameters = " and f.id = %s", [names["id"]]
    found = scene.rows(
        "select f.id, f.hash_id, f.type, f.filename_original, f.filename_uploaded, j.task_id,"
        " j.comment_id from files_upload f join scheduling_task_attachment j on j.file_id = f.id"
        f" where f.deleted = '0'{only} order by f.id",
        parameters,
    )
    found = with_content(scene, found, query)
    if "id" not in names:
        return Reply(HTTPStatus.OK, found)
    if not found:
        raise not_found()
    return Reply(HTTPStatus.OK, found[0])


def _attach(scene: Scene, task: int, comment: int | None, upload: Upload) -> int:
    key = store(scene, OF_TASK if comment is None else OF_COMMENT, upload)
    values = {"task_id": task, "comment_id": comment, "file_id": key}
    scene.insert("scheduling_task_attachment", values)
    return key
