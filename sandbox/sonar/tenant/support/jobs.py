"""job_types and jobs: what technicians are sent to do, and who is sent."""

from __future__ import annotations

from datetime import timedelta
from itertools import cycle
from random import Random
from typing import Any

from sandbox.sonar.tenant.draft import AS_OF, OPENED, Draft, ids, moment, stamp
from sandbox.sonar.tenant.support.plan import Job
from sandbox.sonar.tenant.support.texts import COMPLETIONS
from sandbox.sonar.tenant.support.traps import OF_JOBS
from sandbox.sonar.tenant.words import EMOJI, STREETS, TOWNS

TYPES = (
    "Install", "Service Call", "Relocation", "Uninstall", "Site Survey", "Tower Work",
    "Dish Alignment", "Router Swap", "Fiber Splice", "Voice Install", "Equipment Pickup",
    "Line Repair", "Storm Check", "Upgrade", "Inspection", "Battery Swap", "Training", "Escort",
)  # fmt: skip
UNUSED_TYPE = "Dial-up Install"
USUAL_TYPES = 6
LEAST, EACH = 5, 12  # ordinary jobs: so many at least, one for so many accounts
MINUTES = (30, 60, 90, 240)


def job_types(draft: Draft) -> None:
    """Write the kinds of jobs."""
    unused = draft.wanted["unused_job_type"]
    count = max(draft.target.get("job_types", USUAL_TYPES + unused) - unused, USUAL_TYPES)
    names = [*TYPES[:count], *(f"{UNUSED_TYPE} {number}" for number in range(1, unused + 1))]
    for key, name in enumerate(names, start=1):
        values = {
            "account_status_id_completion": "1" if name == "Install" else None,
            "account_status_id_failure": None,
            "action_on_completion": "NONE",
            "action_on_failure": "CREATE_NEW_TICKET" if key % 3 == 0 else "NONE",
            "all_companies": True,
            "allow_completion_with_incomplete_tasks": True,
            "color": "#884422",
            "contract_template_id": None,
            "default_length_in_minutes": MINUTES[key % len(MINUTES)],
            "disconnects_account": name == "Uninstall",
            "enabled": key <= count and name != "Uninstall",
            "icon": "ADD759610",
            "name": name,
            "task_template_id": None,
            "ticket_group_id_completion": None,
            "ticket_group_id_failure": None,
            "ticket_status_on_completion": "CLOSED",
            "ticket_status_on_failure": "OPEN",
        }
        draft.add("job_types", key, OPENED, values)
        if key > count:
            draft.plant("unused_job_type", "job_types", str(key))


def jobs(draft: Draft) -> None:
    """Write ordinary jobs at accounts, then those that traps ask for, and who is sent to each."""
    random = draft.random("jobs")
    numbers = ids(random)
    desk = draft.desk
    planted = [(trap, index) for trap in OF_JOBS for index in range(draft.wanted[trap])]
    left = draft.left("jobs")
    count = max(draft.size // EACH, LEAST) if left is None else max(left - len(planted), LEAST)
    owners = list(desk.sound)
    random.shuffle(owners)
    turn = cycle(owners)
    crews: list[tuple[str, str]] = []
    for _ in range(count):
        key, account = next(numbers), next(turn)
        _job(draft, random, key, account, {})
        crews += _crew(draft, random, key, random.choices((1, 0), (90, 10))[0])
    for trap, index in planted:
        key, account = next(numbers), desk.sound[index % len(desk.sound)]
        changes: dict[str, Any] = {}
        if trap == "job_of_ticket":  # two to a ticket
            ticket = desk.tickets[index // 2 % len(desk.tickets)]
            account, changes = ticket.account or account, {"ticket_id": ticket.key}
        elif trap == "job_of_missing_account":
            missing = draft.missing_accounts[index % len(draft.missing_accounts)]
            changes = {"jobbable_id": str(missing)}
        elif trap == "job_of_site":
            site = str(1 + index % len(draft.rows["network_sites"]))
            changes = {"jobbable_type": "NetworkSite", "jobbable_id": site}
        elif trap == "job_without_schedule":
            changes = {"scheduled_datetime": None, "complete": False}
        elif trap == "job_without_success":
            changes = {"complete": True, "completed_successfully": False}
        _job(draft, random, key, account, changes)
        crews += _crew(draft, random, key, 2 if trap == "several_assignees" else 1)
        if trap == "several_assignees":
            crews.append((str(key), desk.outsiders[index % len(desk.outsiders)]))
        draft.plant(trap, "jobs", str(key))
    draft.links["Job", "User"] = crews


def _job(draft: Draft, random: Random, key: int, account: str, changes: dict[str, Any]) -> None:
    created = moment(random, draft.desk.since[account])
    scheduled = created + timedelta(days=random.randint(1, 20), minutes=30 * random.randint(0, 16))
    length = random.choice(MINUTES)
    done = scheduled + timedelta(minutes=length + random.randint(-10, 60))
    complete = random.random() < 0.7  # noqa: PLR2004
    values: dict[str, Any] = {
        "complete": complete,
        "completed_successfully": True,
        "job_type_id": str(random.randint(1, _types(draft))),
        "jobbable_id": account,
        "jobbable_type": "Account",
        "length_in_minutes": length,
        "scheduled_datetime": stamp(scheduled) if complete or key % 9 else None,
        "serviceable_address_account_assignment_future_id": None,
        "skips_validation": False,
        "ticket_id": None,
        **changes,
    }
    complete = values["complete"]
    if not complete:
        values["completed_successfully"] = None
    place = f"{random.randint(1, 9800)} {random.choice(STREETS)}, {random.choice(TOWNS)}"
    notes = random.choice(COMPLETIONS).format(emoji=random.choice(EMOJI))
    values |= {
        "address_on_completion": place if complete else None,
        "completed_by_user_id": random.choice(draft.desk.staff) if complete else None,
        "completion_datetime": stamp(done) if complete else None,
        "completion_notes": notes if complete and random.random() < 0.8 else None,  # noqa: PLR2004
    }
    last = min(done if complete else scheduled, AS_OF)
    draft.add("jobs", key, created, values, last)
    began = scheduled if values["scheduled_datetime"] else created
    job = Job(str(key), account, min(began, AS_OF), done if complete else None)
    if values["jobbable_type"] == "Account":
        is_lost = values["jobbable_id"] != account
        (draft.desk.lost_jobs if is_lost else draft.desk.jobs).append(job)


def _types(draft: Draft) -> int:
    planted = draft.planted.get("unused_job_type")
    return len(draft.rows["job_types"]) - (0 if planted is None else len(planted.keys))


def _crew(draft: Draft, random: Random, key: int, count: int) -> list[tuple[str, str]]:
    staff = draft.desk.staff
    return [(str(key), user) for user in random.sample(staff, min(count, len(staff)))]
