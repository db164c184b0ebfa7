"""account_voice_service_details, voice_providers, dids and did_assignments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import cycle

from sandbox.sonar.tenant.contacts import AREAS
from sandbox.sonar.tenant.draft import OPENED, Draft, ids, moment
from sandbox.sonar.tenant.traps import REJECTING
from sandbox.sonar.tenant.volumes import share

PROVIDERS = ("Prairie Telecom Wholesale", "Loop Voice")
WITHOUT_SERVICE = ("did_without_voice_service", "did_of_missing_account")


def account_voice_service_details(draft: Draft) -> None:
    """Write what was added to the planned voice plans: one to three lines, seats or boxes each."""
    random = draft.random("account_voice_service_details")
    numbers = ids(random)
    details = {row["service_id"]: row["id"] for row in draft.rows["voice_service_details"]}
    parameters = defaultdict(list)
    for row in draft.rows["voice_service_generic_parameters"]:
        parameters[row["voice_service_detail_id"]].append(row["id"])
    planted = draft.planted.get("voice_lines")
    keys = set() if planted is None else set(planted.keys)
    sold = [row for row in draft.rows["account_services"] if row["id"] in keys]
    left = draft.left("account_voice_service_details")
    shared = {} if left is None else share(random, left, [int(row["id"]) for row in sold])
    for row in sold:
        offered = parameters[details[row["service_id"]]]
        count = random.randint(1, 3) if left is None else shared[int(row["id"])]
        for place in range(count):
            values = {
                "account_service_id": row["id"],
                "voice_service_generic_parameter_id": offered[place % len(offered)],
                "quantity": random.randint(1, 4),
                "price_override": 1000 if random.random() < 0.2 else None,  # noqa: PLR2004
            }
            created = moment(random, OPENED)
            draft.add("account_voice_service_details", next(numbers), created, values)


def dids(draft: Draft) -> None:
    """Write the providers, the numbers, and which account has which."""
    for key, name in enumerate(PROVIDERS, start=1):
        draft.add("voice_providers", key, OPENED, {"name": name})
    random = draft.random("dids")
    numbers = ids(random)
    assigned = [(_did(draft, next(numbers)), owner) for owner in _owners(draft)]
    for _ in range(draft.wanted["unassigned_did"]):
        draft.plant("unassigned_did", "dids", _did(draft, next(numbers)))
    assignments = ids(draft.random("did_assignments"))
    for did, (account, service, trap) in assigned:
        key = next(assignments)
        values = {"did_id": did, "account_id": account, "service_id": service}
        draft.add("did_assignments", key, moment(random, OPENED), values)
        if trap is not None:
            draft.plant(trap, "did_assignments", str(key))


def _did(draft: Draft, key: int) -> str:
    place = len(draft.rows["dids"])
    values = {
        "number": f"{AREAS[place % 4]}555{100 + place // 4:04d}",
        "rate_center_id": None,
        "voice_provider_id": str(1 + place % len(PROVIDERS)),
    }
    draft.add("dids", key, OPENED, values)
    return str(key)


Owner = tuple[str, str | None, str | None]  # account, service, trap


def _owners(draft: Draft) -> Iterator[Owner]:
    """Yield who has a number: accounts with a voice plan first, some without naming the plan."""
    voice = {row["service_id"] for row in draft.rows["voice_service_details"]}
    voice -= {row["id"] for row in draft.rows["services"] if row["application"] == "CREDIT"}
    sold = [
        (row["account_id"], row["service_id"])
        for row in draft.rows["account_services"]
        if row["service_id"] in voice
    ]
    left = draft.left("did_assignments")
    if left is None:
        count = len(sold)
    else:
        count = max(left - sum(draft.wanted[trap] for trap in WITHOUT_SERVICE), 0)
    for place, (account, service) in zip(range(count), cycle(sold), strict=False):
        yield account, service if place % 3 else None, None
    phoning = {account for account, _ in sold}
    quiet = cycle(
        account.key
        for account in draft.accounts
        if account.key not in phoning and not account.traps & set(REJECTING)
    )
    for _ in range(draft.wanted["did_without_voice_service"]):
        yield next(quiet), None, "did_without_voice_service"
    for index in range(draft.wanted["did_of_missing_account"]):
        missing = draft.missing_accounts[index % len(draft.missing_accounts)]
        yield str(missing), None, "did_of_missing_account"
