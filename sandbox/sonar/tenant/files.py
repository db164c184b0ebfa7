"""files: what is attached to accounts, tickets, jobs and others, and what to nothing at all."""

from __future__ import annotations

from itertools import cycle
from random import Random

from sandbox.sonar.tenant.draft import OPENED, Draft, ids, moment
from sandbox.sonar.tenant.support.tickets import MISSING
from sandbox.sonar.tenant.support.traps import OF_FILES, OF_STRAY_FILES
from sandbox.sonar.tenant.volumes import share

KINDS = (  # name, mime type, most bytes
    ("contract {}.pdf", "application/pdf", 60_000),
    ("site survey {}.jpg", "image/jpeg", 90_000),
    ("floor plan {}.png", "image/png", 40_000),
    ("notes {}.txt", "text/plain", 4_000),
    ("Übergabe {} 📡.pdf", "application/pdf", 9_000),
)
OF_TYPES_NOT_MODELLED = ("MassEmail", "TestReadOnlyFileModel")
SIGNATURE = ("signature {}.png", "image/png", 4_000)

Owner = tuple[str | None, str | None]  # type and id


def files(draft: Draft) -> None:
    """Write the files of one account in eight, of signatures, and those that traps ask for."""
    random = draft.random("files")
    numbers = ids(random)
    planted = {trap: draft.wanted[trap] for trap in OF_STRAY_FILES}
    others: list[Owner] = [
        *(("Address", row["id"]) for row in draft.rows["addresses"][:3]),
        *(("Company", row["id"]) for row in draft.rows["companies"][:1]),
        *((kind, "1") for kind in OF_TYPES_NOT_MODELLED),
    ]
    trapped = _trapped(draft)
    signed = draft.desk.signed
    left = draft.left("files")
    if left is None:
        counts = {a.id: random.choices((0, 1, 2), (88, 10, 2))[0] for a in draft.accounts}
    else:
        left -= len(others) + sum(planted.values()) + len(trapped) + len(signed)
        counts = share(random, left, [account.id for account in draft.accounts])
    for account, count in counts.items():
        for number in range(count):
            _file(draft, random, next(numbers), ("Account", str(account)), primary=number == 0)
    for owner in others:
        _file(draft, random, next(numbers), owner)
    missing = cycle(draft.missing_accounts)
    for trap, count in planted.items():
        for _ in range(count):
            lost = (None, None) if trap == "unlinked_files" else ("Account", str(next(missing)))
            key = next(numbers)
            _file(draft, random, key, lost)
            draft.plant(trap, "files", str(key))
    for trap, owner in trapped:
        key = next(numbers)
        _file(draft, random, key, owner)
        draft.plant(trap, "files", str(key))
    for signature, _ in signed:
        _file(draft, random, next(numbers), ("HandwrittenSignature", signature), SIGNATURE)


def _trapped(draft: Draft) -> list[tuple[str, Owner]]:
    """Return the files that traps ask for, with whose they are."""
    desk = draft.desk
    talked = {ticket.key for ticket in desk.tickets}
    replies, comments = (
        [row["id"] for row in draft.rows[name] if row["ticket_id"] in talked]
        for name in ("ticket_replies", "ticket_comments")
    )
    among: dict[str, tuple[str, list[str]]] = {
        "file_of_ticket": ("Ticket", [ticket.key for ticket in desk.tickets]),
        "file_of_reply": ("TicketReply", replies),
        "file_of_comment": ("TicketComment", comments),
        "file_of_job": ("Job", [job.key for job in desk.jobs]),
        "file_of_missing_ticket": ("Ticket", [str(MISSING)]),
        "file_without_message": ("Ticket", [ticket.key for ticket in desk.silent]),
    }
    found: list[tuple[str, Owner]] = []
    for trap in OF_FILES:
        kind, keys = among[trap]
        keys = keys or [str(MISSING)]
        found += [(trap, (kind, keys[n % len(keys)])) for n in range(draft.wanted[trap])]
    return found


def _file(  # noqa: PLR0913  the columns of a file
    draft: Draft,
    random: Random,
    key: int,
    owner: Owner,
    kind: tuple[str, str, int] | None = None,
    *,
    primary: bool = False,
) -> None:
    name, mime_type, most = kind or random.choice(KINDS)
    is_empty = random.random() < 0.01  # noqa: PLR2004
    values = {
        "fileable_type": owner[0],
        "fileable_id": owner[1],
        "filename": name.format(key),
        "mime_type": mime_type,
        "file_size_in_bytes": str(0 if is_empty else random.randint(200, most)),
        "description": None if random.random() < 0.7 else "Signed on site",  # noqa: PLR2004
        "primary_image": primary and mime_type.startswith("image/"),
        "user_id": None if random.random() < 0.2 else str(random.randint(1, 5)),  # noqa: PLR2004
    }
    draft.add("files", key, moment(random, OPENED), values)
