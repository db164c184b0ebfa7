"""What becomes of people and what is written about them, by the rules of the mapping."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

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
from sandbox.sonar.tenant.users import ROLES, UNUSED

LONGEST = 64  # names of partners and labels; name, login and e-mail of administrators
LONGEST_PHONES = 256
LONGEST_NOTE = 65_535  # bytes
MAPPED_ROLES = frozenset(name.lower() for name, _ in ROLES[: len(ROLES) - UNUSED])
NOTES = ("notes", "call_logs", "contacts", "addresses")  # what becomes a note of the customer


def outcomes(draft: Draft, customers: Outcomes) -> dict[str, Outcomes]:
    """Return the outcomes of everything about people, customers included."""
    contacts, winners = _contacts(draft, customers)
    found = {
        "customers": customers,
        "partners": partners(draft),
        "roles": _roles(draft),
        "admins": _admins(draft),
        "labels": _labels(draft),
        "contacts": contacts,
        "phone_numbers": _phones(draft, contacts, winners),
        "addresses": _addresses(draft, customers),
        "custom_fields": _fields(draft),
        "custom_field_data": _values(draft, customers),
        "notes": _notes(draft, customers),
        "call_logs": {
            row["id"]: of_account(customers, row["account_id"]) or MART
            for row in draft.rows["call_logs"]
        },
    }
    found["customers_labels"] = _customers_labels(draft, customers, found["labels"])
    found["customer_notes"] = {
        f"{collection}:{key}": MART
        for collection in NOTES
        for key, outcome in found[collection].items()
        if outcome == MART
    }
    return found


def partners(draft: Draft) -> Outcomes:
    """Return what becomes of the companies; the default one is the partner that is there."""
    return {
        row["id"]: MERGED
        if row["default"]
        else rejected("name_too_long")
        if len(row["name"]) > LONGEST
        else MART
        for row in draft.rows["companies"]
    }


def cities(draft: Draft) -> dict[str, str]:
    """Return the town of each account, by the address that counts."""
    return {key: places[0]["city"] for key, places in _places(draft, "PHYSICAL").items()}


def _roles(draft: Draft) -> Outcomes:
    used = {row["role_id"] for row in draft.rows["users"]}
    found = {}
    for row in draft.rows["roles"]:
        unmapped = rejected("unmapped_role") if row["id"] in used else None
        is_mapped = row["name"].lower() in MAPPED_ROLES
        found[row["id"]] = MERGED if is_mapped else unmapped or excluded("role_without_users")
    return found


def _admins(draft: Draft) -> Outcomes:
    mapped = {row["id"] for row in draft.rows["roles"] if row["name"].lower() in MAPPED_ROLES}
    spelt = _spelt(draft)
    found = {}
    for row in draft.rows["users"]:
        login, mail = spelt[row["id"]]
        if row["is_sonar_staff"]:
            outcome = excluded("sonar_staff")
        elif not row["name"].strip():
            outcome = rejected("missing_name")
        elif not row["super_admin"] and row["role_id"] not in mapped:
            outcome = rejected("unmapped_role")
        elif len(login) > LONGEST:
            outcome = rejected("login_too_long")
        elif len(row["name"].strip()) > LONGEST:
            outcome = rejected("name_too_long")
        elif len(mail) > LONGEST:
            outcome = rejected("email_too_long")
        else:
            outcome = MART
        found[row["id"]] = outcome
    return found


def _spelt(draft: Draft) -> dict[str, tuple[str, str]]:
    """Return login and e-mail of each user, told apart where another has them."""
    logins: set[str] = set()
    mails: set[str] = set()
    found = {}
    first = sorted(draft.rows["users"], key=lambda row: (not row["enabled"], int(row["id"])))
    for row in first:
        key = row["id"]
        login, mail = row["username"].strip(), row["email_address"].strip().lower()
        if login.lower() in logins:
            login = f"{login}-{key}"
        if mail in mails:
            box, _, domain = mail.partition("@")
            mail = f"{box}+{key}@{domain}"
        logins.add(login.lower())
        mails.add(mail)
        found[key] = (login, mail)
    return found


def _labels(draft: Draft) -> Outcomes:
    return {
        row["id"]: rejected("label_too_long") if len(row["name"]) > LONGEST else MART
        for row in draft.rows["account_groups"]
    }


def _customers_labels(
    draft: Draft, customers: Mapping[str, Outcome], labels: Mapping[str, Outcome]
) -> Outcomes:
    return {
        f"{account}:{group}": MART
        for account, group in draft.links.get(("Account", "AccountGroup"), ())
        if customers.get(account) == MART and labels.get(group) == MART
    }


def _contacts(draft: Draft, customers: Mapping[str, Outcome]) -> tuple[Outcomes, set[str]]:
    """Return the outcomes of contacts, and the contacts that become part of a customer."""
    winners: dict[str, str] = {}
    ranked = sorted(draft.rows["contacts"], key=lambda row: (not row["primary"], int(row["id"])))
    for row in ranked:
        if row["contactable_type"] == "Account":
            winners.setdefault(row["contactable_id"], row["id"])
    found: Outcomes = {}
    for row in draft.rows["contacts"]:
        if row["contactable_type"] != "Account":
            found[row["id"]] = excluded("owner_not_account")
            continue
        own = MERGED if winners[row["contactable_id"]] == row["id"] else MART
        found[row["id"]] = of_account(customers, row["contactable_id"]) or own
    return found, {key for key, outcome in found.items() if outcome == MERGED}


def _phones(draft: Draft, contacts: Mapping[str, Outcome], winners: set[str]) -> Outcomes:
    found: Outcomes = {}
    length: dict[str, int] = defaultdict(lambda: -1)  # the first number needs no comma
    for row in _in_order(draft.rows["phone_numbers"]):
        contact, outcome = row["contact_id"], contacts[row["contact_id"]]
        if outcome == MART:
            outcome = MERGED
        if contact in winners:
            extension = row.get("extension")
            length[contact] += 1 + len(row["number"]) + (2 + len(extension) if extension else 0)
            if length[contact] > LONGEST_PHONES:
                outcome = excluded("phone_does_not_fit")
        found[row["id"]] = outcome
    return found


def _places(draft: Draft, kind: str) -> dict[str, list[Row]]:
    places: dict[str, list[Row]] = defaultdict(list)
    for row in draft.rows["addresses"]:
        if row["addressable_type"] == "Account" and row["type"] == kind:
            places[row["addressable_id"]].append(row)
    for owned in places.values():
        owned.sort(key=lambda row: int(row["id"]))
    return places


def _addresses(draft: Draft, customers: Mapping[str, Outcome]) -> Outcomes:
    first = {
        places[0]["id"]
        for kind in ("PHYSICAL", "MAILING")
        for places in _places(draft, kind).values()
    }
    found: Outcomes = {}
    for row in draft.rows["addresses"]:
        if row["addressable_type"] is None:
            found[row["id"]] = excluded("free_address")
        elif row["addressable_type"] != "Account":
            found[row["id"]] = excluded("owner_not_account")
        else:
            own = MERGED if row["id"] in first else MART
            found[row["id"]] = of_account(customers, row["addressable_id"]) or own
    return found


def _fields(draft: Draft) -> Outcomes:
    return {
        row["id"]: MART if row["entity_type"] == "Account" else excluded("field_owner_not_mapped")
        for row in draft.rows["custom_fields"]
    }


def _values(draft: Draft, customers: Mapping[str, Outcome]) -> Outcomes:
    found: Outcomes = {}
    seen: set[tuple[str, str]] = set()
    for row in _in_order(draft.rows["custom_field_data"]):
        pair = (row["customfielddataable_id"], row["custom_field_id"])
        if row["customfielddataable_type"] != "Account":
            outcome: Outcome | None = excluded("field_owner_not_mapped")
        else:
            outcome = of_account(customers, row["customfielddataable_id"])
            if outcome is None and pair in seen:
                outcome = excluded("duplicate_field_value")
            seen.add(pair)
        found[row["id"]] = outcome or MART
    return found


def _notes(draft: Draft, customers: Mapping[str, Outcome]) -> Outcomes:
    found: Outcomes = {}
    for row in draft.rows["notes"]:
        if row["noteable_type"] != "Account":
            found[row["id"]] = excluded("owner_not_account")
            continue
        is_long = len(row["message"].encode()) > LONGEST_NOTE
        own = rejected("message_too_long") if is_long else MART
        found[row["id"]] = of_account(customers, row["noteable_id"]) or own
    return found


def _in_order(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: int(row["id"]))
