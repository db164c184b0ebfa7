"""job_check_ins and tasks: who was at a job from when to when, and what they ticked off."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from sandbox.sonar.tenant.draft import AS_OF, OPENED, Draft, ids, stamp
from sandbox.sonar.tenant.support.plan import Job
from sandbox.sonar.tenant.support.texts import STEPS
from sandbox.sonar.tenant.support.tickets import MISSING
from sandbox.sonar.tenant.support.traps import OF_CHECK_INS, OF_TASKS
from sandbox.sonar.tenant.volumes import share


def job_check_ins(draft: Draft) -> None:
    """Write who was at a job from when to when; some never left, as far as the record goes."""
    random = draft.random("job_check_ins")
    numbers = ids(random)
    desk = draft.desk
    for trap in OF_CHECK_INS:
        for index in range(draft.wanted[trap]):
            key, job = next(numbers), desk.jobs[index % len(desk.jobs)]
            changed: dict[str, dict[str, Any]] = {
                "open_check_in": {"check_out_datetime": None, "checked_out_by_user_id": None},
                "check_in_of_missing_job": {"job_id": str(MISSING + index)},
                "check_in_by_staff": {"user_id": desk.outsiders[index % len(desk.outsiders)]},
            }
            _check_in(draft, random, key, job, changed[trap])
            draft.plant(trap, "job_check_ins", str(key))
    for job in desk.lost_jobs:
        _check_in(draft, random, next(numbers), job, {})
    able = [job for job in desk.jobs if job.done is not None] or desk.jobs
    left = draft.left("job_check_ins")
    counts = random.choices((1, 0, 2), (70, 20, 10), k=len(able))
    if left is not None:
        shared = share(random, left, range(len(able)))
        counts = [shared[place] for place in range(len(able))]
    for job, count in zip(able, counts, strict=True):
        for _ in range(count):
            _check_in(draft, random, next(numbers), job, {})


def tasks(draft: Draft) -> None:
    """Write the lines of checklists: of jobs, of some tickets, and of what has none elsewhere."""
    random = draft.random("tasks")
    numbers = ids(random)
    desk = draft.desk
    for trap in OF_TASKS:
        for index in range(draft.wanted[trap]):
            key, since = next(numbers), OPENED
            ticket = desk.tickets[index // 3 % len(desk.tickets)]
            owner = ("Ticket", ticket.key)
            if trap == "task_of_ticket":
                since = ticket.last
            elif trap == "task_of_missing_job":
                owner = ("Job", str(MISSING + index))
            elif trap == "task_of_account":
                owner = ("Account", desk.sound[index % len(desk.sound)])
            elif trap == "task_of_item":
                items = draft.rows["inventory_items"]
                owner = ("InventoryItem", items[index % len(items)]["id"])
            _task(draft, random, key, owner, index, since)
            draft.plant(trap, "tasks", str(key))
    for job in desk.lost_jobs:
        _task(draft, random, next(numbers), ("Job", job.key), 0, job.began)
    left = draft.left("tasks")
    counts = random.choices((0, 2, 3), (60, 25, 15), k=len(desk.jobs))
    if left is not None:
        shared = share(random, left, range(len(desk.jobs)))
        counts = [shared[place] for place in range(len(desk.jobs))]
    for job, count in zip(desk.jobs, counts, strict=True):
        for place in range(count):
            _task(draft, random, next(numbers), ("Job", job.key), place, job.began)


def _check_in(draft: Draft, random: Random, key: int, job: Job, changes: dict[str, Any]) -> None:
    begin = job.began + timedelta(minutes=random.randint(-15, 20))
    end = begin + timedelta(minutes=random.randint(10, 180), seconds=random.randint(0, 59))
    user = random.choice(draft.desk.staff)
    values: dict[str, Any] = {
        "check_in_datetime": stamp(begin),
        "check_out_datetime": stamp(end),
        "checked_in_by_user_id": user,
        "checked_out_by_user_id": user,
        "job_id": job.key,
        "user_id": user,
        **changes,
    }
    draft.add("job_check_ins", key, _past(begin), values, _past(end))


def _past(at: datetime) -> datetime:
    return min(at, AS_OF)


def _task(  # noqa: PLR0913, PLR0917  the columns of a task
    draft: Draft, random: Random, key: int, owner: tuple[str, str], place: int, since: datetime
) -> None:
    created = _past(since + timedelta(minutes=random.randint(0, 90)))
    complete = random.random() < 0.6  # noqa: PLR2004
    values = {
        "completable_id": None,
        "completable_type": None,
        "complete": complete,
        "completed_at": stamp(created + timedelta(days=1)) if complete else None,
        "completed_by_user_id": random.choice(draft.desk.staff) if complete else None,
        "completion_type": "BOOLEAN",
        "due": None,
        "list_order": None if place == 0 and key % 4 == 0 else place + 1,
        "task": STEPS[(key + place) % len(STEPS)],
        "taskable_id": owner[1],
        "taskable_type": owner[0],
        "user_id": None,
    }
    draft.add("tasks", key, created, values)
