"""ticket_replies, ticket_comments, ticket_recipients: what is said in tickets, and to whom."""

from __future__ import annotations

from datetime import datetime
from random import Random
from typing import Any

from sandbox.sonar.tenant.draft import OPENED, Draft, ids, moment
from sandbox.sonar.tenant.support.plan import Ticket
from sandbox.sonar.tenant.support.texts import COMMENTS, REPLIES, TRAPPED, huge_text
from sandbox.sonar.tenant.support.tickets import MISSING
from sandbox.sonar.tenant.support.traps import OF_COMMENTS, OF_REPLIES, OF_TEXTS
from sandbox.sonar.tenant.volumes import share
from sandbox.sonar.tenant.words import EMOJI, FIRST_NAMES

STRANGERS = (  # who writes and is nobody's contact; two spellings are one sender
    ("Tips", "tips@fernhollow.example"),
    ("Roof Repairs", "office@kestrelby.example"),
    ("Tips", " TIPS@Fernhollow.Example"),
    (None, "noreply@hartsbrook.example"),
)
LONG_MAIL = f"{'the.caretaker.of.the.water.tower.' * 9}hazelmoor@example.org"


def ticket_replies(draft: Draft) -> None:
    """Write the replies that traps ask for, those of strangers, and some in ordinary tickets."""
    random = draft.random("ticket_replies")
    numbers = ids(random)
    desk = draft.desk
    among = desk.with_mail() or desk.tickets
    for trap in OF_REPLIES:
        for index in range(draft.wanted[trap]):
            key = next(numbers)
            ticket = among[(index + len(trap)) % len(among)]
            if trap == "reply_of_missing_ticket":
                ticket = Ticket(str(MISSING + index), None, OPENED, moment(random, OPENED))
            changes = _of_sender(draft, trap, index, ticket)
            if trap in OF_TEXTS:
                changes["body"] = _text(random, trap, key)
            _reply(draft, random, key, ticket, changes)
            draft.plant(trap, "ticket_replies", str(key))
    for index, ticket in enumerate(desk.strangers[::2]):
        stranger = STRANGERS[(2 * index) % len(STRANGERS)]
        _reply(draft, random, next(numbers), ticket, _incoming(*stranger))
    for ticket in desk.lost:
        _reply(draft, random, next(numbers), ticket, {})
    for ticket in _shared(draft, random, "ticket_replies", (0, 1, 2), (40, 35, 25)):
        people = desk.mails.get(ticket.account or "")
        incoming = people is not None and random.random() < 0.5  # noqa: PLR2004
        changes = _incoming(*random.choice(people)) if incoming and people else {}
        _reply(draft, random, next(numbers), ticket, changes)


def ticket_comments(draft: Draft) -> None:
    """Write the comments that traps ask for, and some in ordinary tickets."""
    random = draft.random("ticket_comments")
    numbers = ids(random)
    desk = draft.desk
    replies = {row["ticket_id"]: row["created_at"] for row in draft.rows["ticket_replies"]}
    answered = [ticket for ticket in desk.tickets if ticket.key in replies] or desk.tickets
    for trap in OF_COMMENTS:
        for index in range(draft.wanted[trap]):
            key, user = next(numbers), random.choice(desk.staff)
            ticket = answered[index % len(answered)]
            said, at = ticket.key, ticket.during(random)
            if trap == "comment_by_staff":
                user = desk.outsiders[index % len(desk.outsiders)]
            elif trap == "comment_of_missing_ticket":
                said = str(MISSING + index)
            else:
                at = datetime.fromisoformat(replies.get(said, at.isoformat()))
            _comment(draft, random, key, said, user, at)
            draft.plant(trap, "ticket_comments", str(key))
    for ticket in desk.lost[::2]:
        user = random.choice(desk.staff)
        _comment(draft, random, next(numbers), ticket.key, user, ticket.during(random))
    for ticket in _shared(draft, random, "ticket_comments", (0, 1), (55, 45)):
        user = random.choice(desk.staff)
        _comment(draft, random, next(numbers), ticket.key, user, ticket.during(random))


def ticket_recipients(draft: Draft) -> None:
    """Write who got copies; tickets of nobody may be known by it alone."""
    random = draft.random("ticket_recipients")
    numbers = ids(random)
    desk = draft.desk
    for index in range(draft.wanted["recipient_without_message"]):
        key, silent = next(numbers), desk.silent or [Ticket(str(MISSING), None, OPENED, OPENED)]
        _recipient(draft, random, key, silent[index % len(silent)], ("Landlord", "l@example.org"))
        draft.plant("recipient_without_message", "ticket_recipients", str(key))
    for ticket in desk.lost[:1]:
        _recipient(draft, random, next(numbers), ticket, ("Landlord", "l@example.org"))
    for ticket in desk.strangers[1::4]:
        name, mail = STRANGERS[1]
        _recipient(draft, random, next(numbers), ticket, (str(name), mail))
    for ticket in _shared(draft, random, "ticket_recipients", (0, 1, 2), (88, 10, 2)):
        name = random.choice(FIRST_NAMES)
        _recipient(draft, random, next(numbers), ticket, (name, f"{name}@Example.net".lower()))


def _shared(
    draft: Draft, random: Random, collection: str, counts: tuple[int, ...], weights: tuple[int, ...]
) -> list[Ticket]:
    """Return each ordinary ticket as often as something is written in it."""
    among = draft.desk.tickets
    left = draft.left(collection)
    if left is None:
        times = random.choices(counts, weights, k=len(among))
    else:
        shared = share(random, left, range(len(among)))
        times = [shared[place] for place in range(len(among))]
    return [ticket for ticket, count in zip(among, times, strict=True) for _ in range(count)]


def _of_sender(draft: Draft, trap: str, index: int, ticket: Ticket) -> dict[str, Any]:
    people = draft.desk.mails.get(ticket.account or "") or [STRANGERS[1]]
    name, mail = people[0]
    found: dict[str, dict[str, Any]] = {
        "unknown_sender": _incoming(*STRANGERS[index % len(STRANGERS)]),
        "sender_with_untidy_email": _incoming(name, f"  {mail.strip().upper()} "),
        "sender_without_email": _incoming("Fax gateway", None),
        "long_sender_email": _incoming("Caretaker", f"{index}{LONG_MAIL}"),
        "reply_by_machine": {"author": "Monitoring", "user_id": None},
        "reply_of_unloaded_user": {
            "user_id": draft.desk.outsiders[index % len(draft.desk.outsiders)]
        },
    }
    return found.get(trap, {})


def _incoming(author: str | None, mail: str | None) -> dict[str, Any]:
    return {
        "author": author,
        "author_email": mail,
        "headers": f"Received: from mx.example.net\r\nFrom: {mail}",
        "incoming": True,
        "signature": None,
        "user_id": None,
    }


def _reply(draft: Draft, random: Random, key: int, ticket: Ticket, changes: dict[str, Any]) -> None:
    created = ticket.during(random)
    body = changes.get("body") or _text(random, "", key)
    values: dict[str, Any] = {
        "author": "Support",
        "author_email": "support@poplarridge.example",
        "headers": None,
        "incoming": False,
        "signature": "<p>Poplar Ridge Networks</p>",
        "ticket_id": ticket.key,
        "user_id": random.choice(draft.desk.staff),
        **changes,
        "body": body,
    }
    values["raw_body"] = body[:200] if values["incoming"] else None
    draft.add("ticket_replies", key, created, values, created)


def _comment(  # noqa: PLR0913, PLR0917  the columns of a comment
    draft: Draft, random: Random, key: int, ticket: str, user: str, at: datetime
) -> None:
    body = random.choice(COMMENTS).format(emoji=random.choice(EMOJI))
    values = {"body": body, "ticket_id": ticket, "user_id": user}
    draft.add("ticket_comments", key, at, values, at)


def _recipient(
    draft: Draft, random: Random, key: int, ticket: Ticket, who: tuple[str, str]
) -> None:
    values = {"email_address": who[1], "name": who[0], "ticket_id": ticket.key}
    draft.add("ticket_recipients", key, ticket.during(random), values)


def _text(random: Random, trap: str, key: int) -> str:
    if trap == "huge_body":
        return huge_text(key)
    text = TRAPPED.get(trap) or random.choice(REPLIES)
    return text.format(
        emoji=random.choice(EMOJI), name=random.choice(FIRST_NAMES), number=100 + key
    )
