"""Projects, tasks, comments, work and files of tasks over the REST API of the Splynx sandbox."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.splynx_process import SplynxProcess, fresh
from tests.services import Splynxes

pytestmark = pytest.mark.mysql

PROJECTS = "admin/scheduling/projects"
TASKS = "admin/scheduling/tasks"
COMMENTS = "admin/scheduling/tasks-comments"
WORKLOGS = "admin/scheduling/tasks-worklogs"
ATTACHMENTS = "admin/scheduling/tasks-attachments"


@pytest.fixture(scope="module")
def splynx(splynxes: Splynxes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SplynxProcess]:
    yield from fresh(splynxes, tmp_path_factory.mktemp("rest"))


def task(splynx: SplynxProcess, **values: Any) -> int:
    body = {
        "title": "Dish hangs loose",
        "partner_id": 1,
        "project_id": 1,
        "priority": "priority_medium",
        "is_scheduled": "1",
        "workflow_status_id": 1,
        **values,
    }
    return splynx.create(TASKS, body)


def test_a_fresh_installation_has_one_project_with_a_workflow(splynx: SplynxProcess) -> None:
    (project,) = splynx.get(PROJECTS)
    assert project["partner_ids"] == []
    stages = splynx.row(
        "select group_concat(stage order by i.id) from scheduling_workflow_items i"
        " join scheduling_project p on p.workflow_id = i.workflow_id"
    )
    assert stages == ("new,in_progress,done",)


def test_a_project_keeps_its_partners(splynx: SplynxProcess) -> None:
    body = {"title": "Service Call", "type_id": 1, "category_id": 1, "workflow_id": 1}
    key = splynx.create(PROJECTS, {**body, "partner_ids": [1]})
    assert splynx.get(f"{PROJECTS}/{key}")["partner_ids"] == [1]
    missing = splynx.call("POST", PROJECTS, json={**body, "workflow_id": 77})
    assert missing.status == 422


def test_a_task_ends_as_long_after_its_beginning_as_was_sent(splynx: SplynxProcess) -> None:
    key = task(splynx, scheduled_from="2025-03-01 23:30:00", formatted_duration="1h 25m")
    ends = f"select scheduled_to from scheduling_task where id = {key}"
    assert str(splynx.scalar(ends)) == "2025-03-02 00:55:00"
    changed = splynx.call("PUT", f"{TASKS}/{key}", json={"formatted_duration": "45m"})
    assert changed.status == 202
    assert str(splynx.scalar(ends)) == "2025-03-02 00:15:00"
    wrong = splynx.call("PUT", f"{TASKS}/{key}", json={"formatted_duration": "soon"})
    assert wrong.status == 422


def test_times_that_were_sent_are_kept_and_others_are_now(splynx: SplynxProcess) -> None:
    then = "2020-02-03 04:05:06"
    kept = splynx.get(f"{TASKS}/{task(splynx, created_at=then, updated_at=then)}")
    made = splynx.get(f"{TASKS}/{task(splynx)}")
    assert (str(kept["created_at"]), str(kept["updated_at"])) == (then, then)
    assert str(made["created_at"]) > "2025"
    work = {"task_id": kept["id"], "user_id": 1, "time_spent": "900", "started_at": then}
    worked = splynx.get(f"{WORKLOGS}/{splynx.create(WORKLOGS, work)}")
    assert str(worked["started_at"]) == then
    assert str(worked["stopped_at"]) > "2025"


@pytest.mark.parametrize(("length", "status"), [(2, 422), (3, 201), (64, 201), (65, 422)])
def test_titles_have_3_to_64_characters(splynx: SplynxProcess, length: int, status: int) -> None:
    whole = splynx.get(f"{TASKS}/{task(splynx)}")
    wanted = ("partner_id", "project_id", "priority", "is_scheduled", "workflow_status_id")
    body = {"title": "x" * length, **{name: whole[name] for name in wanted}}
    assert splynx.call("POST", TASKS, json=body).status == status


def test_watchers_and_additional_fields_travel_with_the_task(splynx: SplynxProcess) -> None:
    splynx.execute(
        "insert into scheduling_task_fields (name, module, title, select_values)"
        " values ('sonar_id', 'scheduling_task', 'Sonar id', '')"
    )
    key = task(splynx, watchers=[2], additional_attributes={"sonar_id": "17"})
    read = splynx.get(f"{TASKS}/{key}")
    assert read["watchers"] == [2]
    assert read["additional_attributes"] == {"sonar_id": "17"}
    found = splynx.get(TASKS, params={"additional_attributes[sonar_id]": "17"})
    assert [row["id"] for row in found] == [key]


def test_files_hang_on_tasks_and_on_comments(splynx: SplynxProcess) -> None:
    key = task(splynx)
    files = {"files[0]": ("mount.png", b"\x89PNG\r\n\x1a\n\x00")}
    form = {"task_id": str(key), "user_id": "1"}
    made = splynx.call("POST", ATTACHMENTS, data=form, files=files)
    assert made.status == 201
    read = splynx.get(f"{ATTACHMENTS}/{made.body['id']}", params={"with_content": "true"})
    assert base64.b64decode(read["content"]) == b"\x89PNG\r\n\x1a\n\x00"
    assert (read["task_id"], read["comment_id"], read["filename_original"]) == (
        key,
        None,
        "mount.png",
    )
    told = {"task_id": key, "user_id": 1, "comment": "See picture"}
    comment = splynx.create(COMMENTS, told)
    second = splynx.call("POST", f"{COMMENTS}/{comment}--upload", files=files)
    assert second.status == 202
    of_comment = [row for row in splynx.get(ATTACHMENTS) if row["comment_id"] == comment]
    assert [row["task_id"] for row in of_comment] == [key]
    assert splynx.call("DELETE", f"{ATTACHMENTS}/{made.body['id']}").status == 204
    assert splynx.call("GET", f"{ATTACHMENTS}/{made.body['id']}").status == 404
    assert splynx.call("POST", ATTACHMENTS, data=form).status == 400
    lost = splynx.call("POST", ATTACHMENTS, data={**form, "task_id": "900"}, files=files)
    assert lost.status == 404


def test_a_message_of_a_megabyte_passes(splynx: SplynxProcess) -> None:
    body = {"subject": "Log", "priority": "low", "type_id": 1}
    ticket = splynx.create("admin/support/tickets", body)
    text = "<p>time out 📡</p>\n" * 60_000
    key = splynx.create("admin/support/ticket-messages", {"ticket_id": ticket, "message": text})
    assert splynx.get(f"admin/support/ticket-messages/{key}")["message"] == text
