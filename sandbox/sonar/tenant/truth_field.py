"""What becomes of jobs, contracts and files, by the rules of the mapping."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from sandbox.sonar.rows import Row
from sandbox.sonar.tenant.draft import Draft
from sandbox.sonar.tenant.outcome import (
    MART,
    MERGED,
    Outcome,
    Outcomes,
    excluded,
    of_account,
    rejected,
)
from sandbox.sonar.tenant.truth_desk import Desk, of_ticket

LONGEST_NOTE = 65_535  # bytes
Judge = Callable[[str], Outcome | None]  # what an owner decides, None where its record goes on


def outcomes(
    draft: Draft, customers: Outcomes, admins: Outcomes, desk: Desk
) -> dict[str, Outcomes]:
    """Return what becomes of everything about jobs, contracts and files."""
    jobs = _jobs(draft, customers)
    contracts = {
        row["id"]: of_account(customers, row["account_id"]) or MART
        for row in draft.rows["contracts"]
    }
    signatures = _signatures(draft, contracts)
    tasks = {row["id"]: _task(row, jobs, desk) for row in draft.rows["tasks"]}
    files = _files(draft, customers, jobs, signatures, desk)
    notes = _notes(draft, jobs)
    found = {
        "scheduling_project": _job_types(draft, jobs),
        "scheduling_task": jobs,
        "scheduling_task_worklog": {
            row["id"]: of_job(jobs, row["job_id"])
            or (MART if admins.get(row["user_id"]) == MART else rejected("admin_missing"))
            for row in draft.rows["job_check_ins"]
        },
        "tasks": tasks,
        "contracts": contracts,
        "handwritten_signatures": signatures,
        "files": files,
    }
    return found | _rows(draft, admins, found, notes)


def notes_of_jobs(draft: Draft, found: Mapping[str, Outcomes]) -> Outcomes:
    """Return the outcomes of the notes on jobs."""
    return _notes(draft, found["scheduling_task"])


def of_job(jobs: Mapping[str, Outcome], key: str) -> Outcome | None:
    """Return what the job decides for a record of it, None where the record goes on."""
    if key not in jobs:
        return rejected("job_missing")
    return None if jobs[key] == MART else rejected("job_rejected")


def _jobs(draft: Draft, customers: Outcomes) -> Outcomes:
    sites = {row["id"] for row in draft.rows["network_sites"]}
    found: Outcomes = {}
    for row in draft.rows["jobs"]:
        if row["jobbable_type"] == "Account":
            found[row["id"]] = of_account(customers, row["jobbable_id"]) or MART
        else:
            is_here = row["jobbable_id"] in sites
            found[row["id"]] = MART if is_here else rejected("owner_missing")
    return found


def _job_types(draft: Draft, jobs: Outcomes) -> Outcomes:
    used = {row["job_type_id"] for row in draft.rows["jobs"] if jobs[row["id"]] == MART}
    return {
        row["id"]: MART if row["enabled"] or row["id"] in used else excluded("job_type_unused")
        for row in draft.rows["job_types"]
    }


def _task(row: Row, jobs: Outcomes, desk: Desk) -> Outcome:
    kind, owner = row["taskable_type"], row["taskable_id"]
    if kind == "Job":
        return of_job(jobs, owner) or MERGED
    if kind == "Ticket":
        return of_ticket(desk.found["ticket"], owner) or MERGED
    return excluded("task_of_account" if kind == "Account" else "task_owner_not_mapped")


def _signatures(draft: Draft, contracts: Outcomes) -> Outcomes:
    of = {row["handwritten_signature_id"]: contracts[row["id"]] for row in draft.rows["contracts"]}
    found: Outcomes = {}
    for row in draft.rows["handwritten_signatures"]:
        if row["id"] not in of:
            found[row["id"]] = rejected("contract_missing")
        else:
            is_kept = of[row["id"]] == MART
            found[row["id"]] = MERGED if is_kept else rejected("contract_rejected")
    return found


def _notes(draft: Draft, jobs: Outcomes) -> Outcomes:
    found: Outcomes = {}
    for row in draft.rows["notes"]:
        if row["noteable_type"] == "Job":
            is_long = len(row["message"].encode()) > LONGEST_NOTE
            own = rejected("message_too_long") if is_long else MART
            found[row["id"]] = of_job(jobs, row["noteable_id"]) or own
    return found


def _files(
    draft: Draft, customers: Outcomes, jobs: Outcomes, signatures: Outcomes, desk: Desk
) -> Outcomes:
    judges: dict[str, Judge] = {
        "Account": lambda key: of_account(customers, key),
        "Job": lambda key: of_job(jobs, key),
        "HandwrittenSignature": lambda key: _of_signature(signatures, key),
        "Ticket": lambda key: _of_first_message(desk, key),
        "TicketReply": lambda key: _of_message(desk.found["ticket_replies"], key),
        "TicketComment": lambda key: _of_message(desk.found["ticket_comments"], key),
    }
    found: Outcomes = {}
    for row in draft.rows["files"]:
        kind = row["fileable_type"]
        if kind is None:
            found[row["id"]] = excluded("file_of_nobody")
        elif kind not in judges:
            found[row["id"]] = excluded("file_owner_not_mapped")
        else:
            found[row["id"]] = judges[kind](row["fileable_id"]) or MART
    return found


def _of_signature(signatures: Outcomes, key: str) -> Outcome | None:
    if key not in signatures:
        return rejected("signature_missing")
    return None if signatures[key] == MERGED else signatures[key]


def _of_first_message(desk: Desk, key: str) -> Outcome | None:
    told = of_ticket(desk.found["ticket"], key)
    if told is None and not desk.messages[key]:
        return excluded("file_without_message")
    return told


def _of_message(messages: Outcomes, key: str) -> Outcome | None:
    if key not in messages:
        return rejected("message_missing")
    if messages[key][0] == "excluded":
        return messages[key]
    return None if messages[key] == MART else rejected("message_rejected")


def _rows(
    draft: Draft, admins: Outcomes, found: Mapping[str, Outcomes], notes: Outcomes
) -> dict[str, Outcomes]:
    """Return the rows of tables that stand for no collection of their own."""
    jobs = found["scheduling_task"]
    lists = {
        row["taskable_id"]
        for row in draft.rows["tasks"]
        if row["taskable_type"] == "Job" and found["tasks"][row["id"]] == MERGED
    }
    sent = Counter(
        job
        for job, user in draft.links.get(("Job", "User"), ())
        if jobs[job] == MART and admins.get(user) == MART
    )
    kinds = {row["id"]: row["fileable_type"] for row in draft.rows["files"]}
    kept = [key for key, outcome in found["files"].items() if outcome == MART]
    documents = [key for key in kept if kinds[key] in ("Account", "HandwrittenSignature")]
    at_jobs = [key for key in kept if kinds[key] == "Job"]
    at_messages = [key for key in kept if kinds[key] and kinds[key].startswith("Ticket")]
    contracts = [key for key, outcome in found["contracts"].items() if outcome == MART]
    return {
        "scheduling_task_comment": dict.fromkeys(
            [
                *(f"note:{key}" for key, outcome in notes.items() if outcome == MART),
                *(f"checklist:{job}" for job in lists),
            ],
            MART,
        ),
        "scheduling_task_watchers_to_admins": dict.fromkeys(
            [f"{job}:{place}" for job, count in sent.items() for place in range(1, count)], MART
        ),
        "customer_documents": dict.fromkeys(
            [*(f"contract:{key}" for key in contracts), *(f"file:{key}" for key in documents)],
            MART,
        ),
        "files_upload": dict.fromkeys([*at_jobs, *at_messages], MART),
        "scheduling_task_attachment": dict.fromkeys(at_jobs, MART),
        "ticket_messages_to_files_upload": dict.fromkeys(at_messages, MART),
    }
