"""tickets, with their categories."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import cycle
from random import Random
from typing import Any

from sandbox.sonar.tenant.draft import AS_OF, OPENED, Draft, ids, moment, stamp
from sandbox.sonar.tenant.support.plan import Ticket
from sandbox.sonar.tenant.support.texts import DESCRIPTIONS, LONG_SUBJECT, SUBJECTS
from sandbox.sonar.tenant.support.traps import OF_TICKETS
from sandbox.sonar.tenant.words import EMOJI, FIRST_NAMES, TOWNS

STATUSES = ("CLOSED", "OPEN", "PENDING_INTERNAL", "PENDING_EXTERNAL")
PRIORITIES = ("LOW", "MEDIUM", "HIGH", "CRITICAL")
LEAST, EACH = 6, 6  # ordinary tickets: so many at least, one for so many accounts
LOST = ("ticket_of_missing_account", "ticket_of_rejected_account", "spam_ticket")
SPAM_SCORE = 9.5
ELSEWHERE = (  # traps of tickets that no sound account has
    "ticket_of_missing_account",
    "ticket_of_site",
    "ticket_of_missing_site",
    "ticket_of_nobody",
    "spam_ticket",
)
MISSING = 900_000  # ids that no record has begin here


def tickets(draft: Draft) -> None:
    """Write ordinary tickets of accounts, then those that traps ask for."""
    random = draft.random("tickets")
    numbers = ids(random)
    planted = [(trap, index) for trap in OF_TICKETS for index in range(draft.wanted[trap])]
    usual = max(draft.size // EACH, LEAST)
    left = draft.left("tickets")
    count = usual if left is None else max(left - len(planted), LEAST)
    owners = list(draft.desk.sound)
    random.shuffle(owners)
    turn = cycle(owners)
    pairs: list[tuple[str, str]] = []
    for _ in range(count):
        account = next(turn)
        created = moment(random, draft.desk.since[account])
        ticket = _ticket(draft, random, next(numbers), account, created, {})
        draft.desk.tickets.append(ticket)
        pairs += _categories(draft, random, ticket.key, random.choices((1, 0, 2), (85, 10, 5))[0])
    for trap, index in planted:
        owner, changes = _owned(draft, trap, index)
        since = draft.desk.since.get(owner or "", OPENED)
        is_old = trap == "old_closed_ticket"
        began = since + timedelta(days=index) if is_old else moment(random, since)
        ticket = _ticket(draft, random, next(numbers), owner, began, changes)
        draft.plant(trap, "tickets", ticket.key)
        count = 4 if trap == "many_categories" else random.randint(0, 1)
        pairs += _categories(draft, random, ticket.key, count)
        _note(draft, trap, ticket)
    draft.links["Ticket", "TicketCategory"] = pairs


def _note(draft: Draft, trap: str, ticket: Ticket) -> None:
    """Let the other writers know of a trapped ticket that they may write in."""
    if trap == "ticket_of_nobody":
        draft.desk.strangers.append(ticket)
    elif trap == "silent_ticket":
        draft.desk.silent.append(ticket)
    elif trap in LOST:
        draft.desk.lost.append(ticket)


def _owned(draft: Draft, trap: str, index: int) -> tuple[str | None, dict[str, Any]]:
    """Return the account of a trapped ticket, and what the trap changes of an ordinary one."""
    desk = draft.desk
    account = desk.sound[index % len(desk.sound)]
    sites = len(draft.rows["network_sites"])
    missing = draft.missing_accounts[index % len(draft.missing_accounts)]
    nobody = {"ticketable_type": None, "ticketable_id": None}
    changes: dict[str, dict[str, Any]] = {
        "ticket_of_missing_account": {"ticketable_id": str(missing)},
        "ticket_of_site": _of_site(str(1 + index % sites)),
        "ticket_of_missing_site": _of_site(str(MISSING + index)),
        "ticket_of_nobody": {**nobody, "inbound_mailbox_id": "1"},
        "spam_ticket": {**nobody, "is_spam": True, "spam_score": SPAM_SCORE},
        "long_subject": {"subject": f"{LONG_SUBJECT}{index}"},
        "blank_description": {"description": ("", " \n ")[index % 2]},
        "silent_ticket": {"description": ""},
        "parent_ticket": {"parent_ticket_id": desk.tickets[index % len(desk.tickets)].key},
        "old_closed_ticket": {"status": "CLOSED"},
        "assignee_not_loaded": {"user_id": desk.outsiders[index % len(desk.outsiders)]},
    }
    changed = changes.get(trap, {})
    if trap == "ticket_of_rejected_account":
        refused = desk.refused or [str(missing)]
        return refused[index % len(refused)], changed
    if trap == "old_closed_ticket":
        return desk.sound[0], changed
    return None if trap in ELSEWHERE else account, changed


def _of_site(key: str) -> dict[str, Any]:
    return {"ticketable_type": "NetworkSite", "ticketable_id": key}


def _ticket(  # noqa: PLR0913, PLR0917  what tickets differ in
    draft: Draft,
    random: Random,
    key: int,
    account: str | None,
    created: datetime,
    changes: dict[str, Any],
) -> Ticket:
    last = min(created + timedelta(seconds=random.randint(3_600, 700_000)), AS_OF)
    words = {
        "town": random.choice(TOWNS),
        "emoji": random.choice(EMOJI),
        "name": random.choice(FIRST_NAMES),
    }
    by_mail = random.random() < 0.4  # noqa: PLR2004
    groups = [row["id"] for row in draft.rows["ticket_groups"] if not _is_planted(draft, row["id"])]
    values: dict[str, Any] = {
        "company_id": random.choice(("1", None)),
        "description": random.choice(DESCRIPTIONS).format(**words),
        "due_date": (last + timedelta(days=3)).date().isoformat() if key % 5 == 0 else None,
        "global_updated_at": stamp(last),
        "inbound_mailbox_id": "1" if by_mail else None,
        "is_spam": False if by_mail else None,
        "parent_ticket_id": None,
        "priority": random.choices(PRIORITIES, (20, 60, 15, 5))[0],
        "spam_score": 0.4 if by_mail else None,
        "status": random.choices(STATUSES, (60, 20, 10, 10))[0],
        "subject": random.choice(SUBJECTS).format(**words),
        "ticket_group_id": None if random.random() < 0.1 else random.choice(groups),  # noqa: PLR2004
        "ticketable_id": account,
        "ticketable_type": "Account",
        "user_id": None if random.random() < 0.3 else random.choice(draft.desk.staff),  # noqa: PLR2004
    }
    values |= changes
    is_closed = values["status"] == "CLOSED"
    values["closed_at"] = stamp(last) if is_closed else None
    values["closed_by_user_id"] = values["user_id"] if is_closed else None
    draft.add("tickets", key, created, values, last)
    return Ticket(str(key), account, created, last)


def _is_planted(draft: Draft, group: str) -> bool:
    planted = draft.planted.get("unused_group")
    return planted is not None and group in planted.keys


def _categories(draft: Draft, random: Random, ticket: str, count: int) -> list[tuple[str, str]]:
    planted = draft.planted.get("unused_category")
    unused = () if planted is None else planted.keys
    able = [row["id"] for row in draft.rows["ticket_categories"] if row["id"] not in unused]
    return [(ticket, category) for category in random.sample(able, min(count, len(able)))]
