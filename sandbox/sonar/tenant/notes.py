"""notes and call_logs: what is written about accounts, jobs and others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from random import Random

from sandbox.sonar.tenant.draft import OPENED, Draft, ids, moment
from sandbox.sonar.tenant.support.tickets import MISSING
from sandbox.sonar.tenant.traps import REJECTING
from sandbox.sonar.tenant.volumes import share
from sandbox.sonar.tenant.words import EMOJI, FIRST_NAMES

TEXTS = (
    "<p>Called about the bill, explained the proration.</p>",
    "Gate code changed, see work order.",
    "<p>Dog in the yard. <b>Call before entering.</b></p>",
    "Dish realigned after the storm {emoji}",
    "<div>Promised a credit of $5.00 &amp; a call back<br>before Friday</div>",
    "Spoke with {name}: wants paper bills",
    "<p>Überprüft: línea limpia, ningún error</p>",
    "Left a message.",
    '<p>Picture of the mount: <a href="https://www.example.com/p/{number}">here</a></p>',
)
SUBJECTS = (
    "Slow in the evening",
    "Question about the bill",
    "Wants to move",
    "No signal since the storm, asked for a visit and a credit for the days without service",
)
OTHER_OWNERS = ("NetworkSite", "Vehicle", "Contact", "Service", "InventoryItem", "Role")
PRIORITIES = ("STICKY", "STICKY_WITH_CONFIRMATION")
LONGEST = 65_535  # bytes that a note of the other system may have
OF_ACCOUNTS = ("sticky_note", "long_note")
OF_JOBS = ("note_on_job", "note_of_missing_job")


def notes(draft: Draft) -> None:
    """Write the notes of accounts, of owners of other types, and of accounts that are gone."""
    random = draft.random("notes")
    numbers = ids(random)
    traps = ("note_of_missing_account", "foreign_note", *OF_ACCOUNTS, *OF_JOBS)
    owned = _counts(draft, random, "notes", sum(draft.wanted[trap] for trap in traps))
    authors = _authors(draft)
    for account in draft.accounts:
        for _ in range(owned[account.id]):
            created = moment(random, account.created)
            _note(draft, random, next(numbers), ("Account", account.key), created, authors)
    sound = [account for account in draft.accounts if not account.traps & set(REJECTING)]
    for trap in OF_ACCOUNTS:
        for index in range(draft.wanted[trap]):
            account, key = random.choice(sound), next(numbers)
            created = moment(random, account.created)
            row = _note(draft, random, key, ("Account", account.key), created, authors)
            if trap == "sticky_note":
                row["priority"] = PRIORITIES[index % len(PRIORITIES)]
            else:  # one in letters of a byte, the next in fewer letters of two
                row["message"] = ("x" if index % 2 == 0 else "ß") * (LONGEST // (1 + index % 2) + 1)
            draft.plant(trap, "notes", str(key))
    for index in range(draft.wanted["note_of_missing_account"]):
        key, missing = next(numbers), draft.missing_accounts[index % len(draft.missing_accounts)]
        owner = ("Account", str(missing))
        _note(draft, random, key, owner, moment(random, OPENED), authors)
        draft.plant("note_of_missing_account", "notes", str(key))
    for index in range(draft.wanted["foreign_note"]):
        key, owner = next(numbers), (OTHER_OWNERS[index % len(OTHER_OWNERS)], str(1 + index % 4))
        _note(draft, random, key, owner, moment(random, OPENED), authors)
        draft.plant("foreign_note", "notes", str(key))
    jobs = draft.desk.jobs
    for trap in OF_JOBS:
        for index in range(draft.wanted[trap]):
            key, job = next(numbers), jobs[index % 3 * 2 % len(jobs)]
            owner = ("Job", str(MISSING + index) if trap == "note_of_missing_job" else job.key)
            _note(draft, random, key, owner, moment(random, OPENED), authors)
            draft.plant(trap, "notes", str(key))


def call_logs(draft: Draft) -> None:
    """Write the telephone calls of accounts, and some of accounts that are gone."""
    random = draft.random("call_logs")
    numbers = ids(random)
    lost = draft.wanted["call_log_of_missing_account"]
    owned = _counts(draft, random, "call_logs", lost)
    authors = [author for author in _authors(draft) if author is not None]
    for account in draft.accounts:
        for _ in range(owned[account.id]):
            created = moment(random, account.created)
            _call(draft, random, next(numbers), account.key, created, authors)
    for index in range(lost):
        key, missing = next(numbers), draft.missing_accounts[index % len(draft.missing_accounts)]
        _call(draft, random, key, str(missing), moment(random, OPENED), authors)
        draft.plant("call_log_of_missing_account", "call_logs", str(key))


def _counts(draft: Draft, random: Random, collection: str, others: int) -> dict[int, int]:
    left = draft.left(collection)
    keys = [account.id for account in draft.accounts]
    if left is not None:
        return share(random, left - others, keys)
    most = 4 if collection == "notes" else 2
    return {key: random.randint(0, most) for key in keys}


def _authors(draft: Draft) -> list[str | None]:
    """Return who writes: every user, and now and then nobody, which is the system."""
    return [*(row["id"] for row in draft.rows["users"]), None, None]


def _note(  # noqa: PLR0913, PLR0917  the columns of a note
    draft: Draft,
    random: Random,
    key: int,
    owner: tuple[str, str],
    created: datetime,
    authors: Sequence[str | None],
) -> dict[str, object]:
    text = random.choice(TEXTS)
    values = {
        "noteable_type": owner[0],
        "noteable_id": owner[1],
        "message": text.format(
            emoji=random.choice(EMOJI), name=random.choice(FIRST_NAMES), number=key
        ),
        "priority": "NORMAL",
        "user_id": random.choice(authors),
    }
    return draft.add("notes", key, created, values)


def _call(  # noqa: PLR0913, PLR0917  the columns of a call
    draft: Draft, random: Random, key: int, account: str, created: datetime, authors: Sequence[str]
) -> None:
    values = {
        "account_id": account,
        "subject": random.choice(SUBJECTS),
        "body": f"<p>{random.choice(FIRST_NAMES)} called. {random.choice(EMOJI)}</p>",
        "time_in_seconds": str(random.randint(15, 2400)),
        "user_id": random.choice(authors),
    }
    draft.add("call_logs", key, created, values)
