"""custom_fields and custom_field_data."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from sandbox.sonar.rows import Row
from sandbox.sonar.tenant.draft import OPENED, Draft, ids, moment
from sandbox.sonar.tenant.traps import REJECTING
from sandbox.sonar.tenant.volumes import share

FIELDS = (  # of accounts: name, type, choices
    ("Gate Code", "TEXT", ()),
    ("Pets on Site", "BOOLEAN", ()),
    ("Lease Ends", "DATE", ()),
    ("How They Found Us", "TEXT", ("Neighbor", "Radio", "Yard sign")),
)
OTHER_OWNERS = (("Contact", "Prefers Text"), ("Address", "Roof Pitch"), ("Job", "Ladder Needed"))


def custom_fields(draft: Draft) -> None:
    """Write the fields of accounts, and some of owners of other types."""
    numbers = ids(draft.random("custom_fields"))
    left = draft.left("custom_fields")
    others = draft.wanted["field_owner_not_mapped"]
    count = len(FIELDS) if left is None else max(min(left - others, len(FIELDS)), 1)
    links = []
    for name, kind, choices in FIELDS[:count]:
        key = next(numbers)
        _field(draft, key, "Account", name, kind, choices)
        links.append((str(key), "1"))
    for index in range(others):
        owner, name = OTHER_OWNERS[index % len(OTHER_OWNERS)]
        key = next(numbers)
        _field(draft, key, owner, f"{name} {index + 1}", "TEXT", ())
        draft.plant("field_owner_not_mapped", "custom_fields", str(key))
    draft.links["CustomField", "Company"] = links


def custom_field_data(draft: Draft) -> None:
    """Write values of accounts, second ones of the same field, lost ones, and those of others."""
    random = draft.random("custom_field_data")
    numbers = ids(random)
    fields = [row for row in draft.rows["custom_fields"] if row["entity_type"] == "Account"]
    twice, lost = draft.wanted["duplicate_field_value"], draft.wanted["orphan_custom_field_data"]
    rejected = {account.key for account in draft.accounts if account.traps & set(REJECTING)}
    pairs = list(_pairs(draft, random, fields, twice + lost))
    sound = [pair for pair in pairs if pair[1] not in rejected]
    if twice and not sound:
        sound = [(fields[0], next(a.key for a in draft.accounts if a.key not in rejected))]
        pairs += sound
    for field, account in pairs:
        _value(draft, random, next(numbers), field, account)
    for index in range(twice):
        field, account = sound[index % len(sound)]
        key = next(numbers)
        _value(draft, random, key, field, account)
        draft.plant("duplicate_field_value", "custom_field_data", str(key))
    for index in range(lost):
        key, missing = next(numbers), draft.missing_accounts[index % len(draft.missing_accounts)]
        _value(draft, random, key, fields[index % len(fields)], str(missing))
        draft.plant("orphan_custom_field_data", "custom_field_data", str(key))
    for field in draft.rows["custom_fields"]:
        if field["entity_type"] != "Account":
            for owner in ("1", "2"):
                _value(draft, random, next(numbers), field, owner)


def _pairs(
    draft: Draft, random: Random, fields: list[Row], others: int
) -> Iterator[tuple[Row, str]]:
    """Yield a field and an account for every ordinary value, each pair once."""
    left = draft.left("custom_field_data")
    shared = share(random, (left or 0) - others, range(len(draft.accounts)))
    for place, account in enumerate(draft.accounts):
        for number, field in enumerate(fields):
            if number < shared[place] if left is not None else random.random() < 0.12:  # noqa: PLR2004
                yield field, account.key


def _value(draft: Draft, random: Random, key: int, field: Row, owner: str) -> None:
    if field["enum_options"]:
        value = random.choice(field["enum_options"])
    elif field["type"] == "BOOLEAN":
        value = random.choice(("true", "false"))
    elif field["type"] == "DATE":
        value = f"2026-{random.randint(1, 12):02d}-{random.randint(1, 28):02d}"
    else:
        value = f"#{random.randint(1000, 9999)}"
    values = {
        "custom_field_id": field["id"],
        "customfielddataable_type": field["entity_type"],
        "customfielddataable_id": owner,
        "value": value,
    }
    draft.add("custom_field_data", key, moment(random, OPENED), values)


def _field(  # noqa: PLR0913, PLR0917  the columns of a field
    draft: Draft, key: int, owner: str, name: str, kind: str, choices: tuple[str, ...]
) -> None:
    values = {
        "name": name,
        "entity_type": owner,
        "type": kind,
        "enum_options": list(choices),
        "required": False,
        "unique": False,
    }
    draft.add("custom_fields", key, OPENED, values)
