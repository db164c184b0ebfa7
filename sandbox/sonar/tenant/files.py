"""files: what is attached to accounts, addresses and companies, and what to nothing at all."""

from __future__ import annotations

from itertools import cycle
from random import Random

from sandbox.sonar.tenant.draft import OPENED, Draft, ids, moment
from sandbox.sonar.tenant.volumes import share

KINDS = (  # name, mime type, most bytes
    ("contract {}.pdf", "application/pdf", 60_000),
    ("site survey {}.jpg", "image/jpeg", 90_000),
    ("floor plan {}.png", "image/png", 40_000),
    ("notes {}.txt", "text/plain", 4_000),
    ("Übergabe {} 📡.pdf", "application/pdf", 9_000),
)
USUAL = {"unlinked_files": 2, "orphan_files": 1}  # uploaded and never linked; of missing accounts
OF_TYPES_NOT_MODELLED = ("Ticket", "Job", "TestReadOnlyFileModel")

Owner = tuple[str | None, str | None]  # type and id


def files(draft: Draft) -> None:
    """Write the files of one account in eight, and those without an owner that can be found."""
    random = draft.random("files")
    numbers = ids(random)
    planted = {trap: draft.wanted.get(trap, count) for trap, count in USUAL.items()}
    others: list[Owner] = [
        *(("Address", row["id"]) for row in draft.rows["addresses"][:3]),
        *(("Company", row["id"]) for row in draft.rows["companies"][:1]),
        *((kind, "1") for kind in OF_TYPES_NOT_MODELLED),
    ]
    left = draft.left("files")
    if left is None:
        counts = {a.id: random.choices((0, 1, 2), (88, 10, 2))[0] for a in draft.accounts}
    else:
        left -= len(others) + sum(planted.values())
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


def _file(draft: Draft, random: Random, key: int, owner: Owner, *, primary: bool = False) -> None:
    name, mime_type, most = random.choice(KINDS)
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
