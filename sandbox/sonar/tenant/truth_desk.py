"""What becomes of tickets and of what is said in them, by the rules of the mapping.

The rules that look for rows of Splynx are left out: a group or a category that the target has by
name is merged there, and a mart row here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

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

LONGEST_MAIL = 256
BLANKS = " \t\r\n\u00a0"
DESCRIPTION, REPLY, COMMENT, CHECKLIST = range(4)  # of what was written in the same second
KINDS = ("description", "reply", "comment", "checklist")
Said = tuple[str, int, int]  # when, kind, id


@dataclass(frozen=True, slots=True)
class Desk:
    """Outcomes by entity and id, and the messages of each loaded ticket in their order."""

    found: dict[str, Outcomes]
    messages: dict[str, list[str]]


def outcomes(draft: Draft, customers: Outcomes) -> Desk:
    """Return what becomes of everything about tickets."""
    tickets = _tickets(draft, customers)
    contacts = _contacts(draft)
    accounts = {
        row["id"]: row["ticketable_id"] if row["ticketable_type"] == "Account" else None
        for row in draft.rows["tickets"]
    }
    replies = {
        row["id"]: of_ticket(tickets, row["ticket_id"])
        or _of_sender(row, contacts[accounts[row["ticket_id"]] or ""])
        for row in draft.rows["ticket_replies"]
    }
    comments = {
        row["id"]: of_ticket(tickets, row["ticket_id"]) or MART
        for row in draft.rows["ticket_comments"]
    }
    messages = _messages(draft, tickets, replies, comments)
    found = {
        "ticket": tickets,
        "ticket_replies": replies,
        "ticket_comments": comments,
        "ticket_groups": _named(
            draft.rows["ticket_groups"],
            {row["ticket_group_id"] for row in draft.rows["tickets"]},
            "group_unused",
        ),
        "ticket_types": _named(
            draft.rows["ticket_categories"],
            {category for _, category in draft.links.get(("Ticket", "TicketCategory"), ())},
            "category_unused",
        ),
        "ticket_recipients": {
            row["id"]: _recipient(tickets, messages, row["ticket_id"])
            for row in draft.rows["ticket_recipients"]
        },
        "inbound_mailboxes": {row["id"]: MERGED for row in draft.rows["inbound_mailboxes"]},
        "ticket_messages": {key: MART for keys in messages.values() for key in keys},
        "ticket_labels": _labels(draft, tickets),
        "incoming_customer": _senders(draft, tickets, replies, contacts, accounts),
    }
    return Desk(found, messages)


def of_ticket(tickets: Mapping[str, Outcome], key: str) -> Outcome | None:
    """Return what the ticket decides for a record of it, None where the record goes on."""
    if key not in tickets:
        return rejected("ticket_missing")
    if tickets[key][0] == "excluded":
        return tickets[key]
    return None if tickets[key] == MART else rejected("ticket_rejected")


def _tickets(draft: Draft, customers: Outcomes) -> Outcomes:
    sites = {row["id"] for row in draft.rows["network_sites"]}
    found: Outcomes = {}
    for row in draft.rows["tickets"]:
        kind, owner = row["ticketable_type"], row["ticketable_id"]
        outcome = MART
        if row["is_spam"]:
            outcome = excluded("spam")
        elif kind == "Account":
            outcome = of_account(customers, owner) or MART
        elif kind == "NetworkSite" and owner not in sites:
            outcome = rejected("owner_missing")
        found[row["id"]] = outcome
    return found


def _named(rows: Iterable[Row], used: set[str | None], unused: str) -> Outcomes:
    """Return the outcomes of named records; those of equal names become one."""
    found: Outcomes = {}
    taken: set[str] = set()
    for row in sorted(rows, key=_key):
        name = row["name"].strip(BLANKS).lower()
        if not row["enabled"] and row["id"] not in used:
            found[row["id"]] = excluded(unused)
        else:
            found[row["id"]] = MERGED if name in taken else MART
            taken.add(name)
    return found


def _contacts(draft: Draft) -> defaultdict[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for row in draft.rows["contacts"]:
        if row["contactable_type"] == "Account":
            found[row["contactable_id"]].add(_mail(row.get("email_address")))
    return found


def _of_sender(row: Row, contacts: set[str]) -> Outcome:
    mail = _mail(row["author_email"])
    is_stranger = row["incoming"] and mail not in contacts
    return rejected("email_too_long") if is_stranger and len(mail) > LONGEST_MAIL else MART


def _messages(
    draft: Draft, tickets: Outcomes, replies: Outcomes, comments: Outcomes
) -> dict[str, list[str]]:
    said: dict[str, list[Said]] = {key: [] for key, outcome in tickets.items() if outcome == MART}
    for row in draft.rows["tickets"]:
        if row["id"] in said and row["description"].strip(BLANKS):
            said[row["id"]].append((row["created_at"], DESCRIPTION, int(row["id"])))
    for kind, collection, found in (
        (REPLY, "ticket_replies", replies),
        (COMMENT, "ticket_comments", comments),
    ):
        for row in draft.rows[collection]:
            if found[row["id"]] == MART:
                said[row["ticket_id"]].append((row["created_at"], kind, int(row["id"])))
    listed: dict[str, str] = {}  # ticket -> when its checklist was begun
    for row in draft.rows["tasks"]:
        owner = row["taskable_id"]
        if row["taskable_type"] == "Ticket" and owner in said:
            listed[owner] = min(row["created_at"], listed.get(owner, row["created_at"]))
    for ticket, since in listed.items():
        said[ticket].append((since, CHECKLIST, int(ticket)))
    return {
        ticket: [f"{KINDS[kind]}:{key}" for _, kind, key in sorted(lines)]
        for ticket, lines in said.items()
    }


def _recipient(tickets: Outcomes, messages: Mapping[str, list[str]], ticket: str) -> Outcome:
    told = of_ticket(tickets, ticket)
    return told or (MERGED if messages[ticket] else excluded("recipient_without_message"))


def _labels(draft: Draft, tickets: Outcomes) -> Outcomes:
    """Return the categories of tickets beside the first one."""
    categories: dict[str, list[int]] = defaultdict(list)
    for ticket, category in draft.links.get(("Ticket", "TicketCategory"), ()):
        categories[ticket].append(int(category))
    return {
        f"{ticket}:{category}": MART
        for ticket, found in categories.items()
        if tickets[ticket] == MART
        for category in sorted(found)[1:]
    }


def _senders(
    draft: Draft,
    tickets: Outcomes,
    replies: Outcomes,
    contacts: Mapping[str, set[str]],
    accounts: Mapping[str, str | None],
) -> Outcomes:
    """Return who wrote, or is written to in tickets of no account, and is no contact."""
    found: Outcomes = {}
    first: dict[str, tuple[int, str, int, str]] = {}  # of tickets of no account
    for row in draft.rows["ticket_replies"]:
        ticket, mail = row["ticket_id"], _mail(row["author_email"])
        if not row["incoming"] or not mail:
            continue
        account = accounts.get(ticket)
        if replies[row["id"]] == MART and mail not in contacts.get(account or "", set()):
            found[mail] = MART
        if tickets.get(ticket) == MART and account is None and len(mail) <= LONGEST_MAIL:
            told = (REPLY, row["created_at"], int(row["id"]), mail)
            first[ticket] = min(told, first.get(ticket, told))
    for row in draft.rows["ticket_recipients"]:
        ticket, mail = row["ticket_id"], _mail(row["email_address"])
        if tickets.get(ticket) == MART and accounts[ticket] is None:
            told = (COMMENT, "", int(row["id"]), mail)
            first[ticket] = min(told, first.get(ticket, told))
    return found | {mail: MART for *_, mail in first.values()}


def _mail(text: str | None) -> str:
    return (text or "").strip(BLANKS).lower()


def _key(row: Row) -> int:
    return int(row["id"])
