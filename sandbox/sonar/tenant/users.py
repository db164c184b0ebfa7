"""users and roles: the staff, who left, machines, Sonar's own people."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from sandbox.sonar.tenant.draft import OPENED, Draft, moment
from sandbox.sonar.tenant.words import FIRST_NAMES, LAST_NAMES

ROLES = (  # name, permissions
    ("Administrator", ("CREATE_ACCOUNT", "READ_ACCOUNT", "UPDATE_ACCOUNT", "ARCHIVE_ACCOUNTS")),
    ("Manager", ("READ_ACCOUNT", "UPDATE_ACCOUNT", "READ_TICKET")),
    ("Billing", ("READ_ACCOUNT", "READ_ACCOUNT_TRANSACTIONS", "READ_PAYMENT_METHOD")),
    ("Support", ("READ_ACCOUNT", "READ_TICKET", "READ_CALL_LOG")),
    ("Technician", ("READ_ACCOUNT", "READ_JOB")),
    ("Network Engineer", ("READ_IP_ASSIGNMENT", "READ_RADIUS_ACCOUNT")),
    ("Sales", ("READ_ACCOUNT", "CREATE_ACCOUNT")),
    ("Dispatcher", ("READ_JOB", "READ_ACCOUNT")),
    ("Read Only", ("READ_ACCOUNT",)),
    ("API", ("READ_ACCOUNT", "READ_FILE")),
    ("Seasonal Help", ("READ_ACCOUNT",)),
    ("Former Contractor", ()),
)
UNUSED = 2  # the last roles, which nobody has
UNMAPPED_ROLE = "Tower Climbing Lead"
TRAPS = (
    "duplicate_user_login",
    "duplicate_user_email",
    "login_of_target",
    "sonar_staff",
    "disabled_user",
    "user_without_role",
    "unmapped_role",
    "blank_user_name",
    "long_user_name",
    "long_user_login",
    "long_user_email",
)
USUAL, LEAST = 12, 5  # ordinary users where their number is not given; files name the first five
LONG_NAME = "On-call rotation of the Eagle Bluff and Cedar Hollow operations centre"
LONG_LOGIN = LONG_NAME.lower().replace(" ", ".")
MACHINES = ("portal.api", "reports.api")


def roles(draft: Draft) -> None:
    """Write the roles, and one that nobody foresaw where users have it."""
    listed = [*ROLES]
    if draft.wanted["unmapped_role"]:
        listed.append((UNMAPPED_ROLE, ("READ_ACCOUNT",)))
    for key, (name, permissions) in enumerate(listed, start=1):
        values = {"name": name, "applied_permissions": list(permissions)}
        draft.add("roles", key, OPENED, values)


def users(draft: Draft) -> None:
    """Write ordinary users, then those that traps ask for."""
    random = draft.random("users")
    left = draft.left("users")
    count = USUAL
    if left is not None:
        count = max(left - sum(draft.wanted[trap] for trap in TRAPS), LEAST)
    numbers = _numbers()
    ordinary = []
    for index in range(count):
        key = next(numbers)
        values = _user(random, key, index)
        draft.add("users", key, moment(random, OPENED), values)
        ordinary.append(values)
    for trap in TRAPS:
        for index in range(draft.wanted[trap]):
            key = next(numbers)
            values = _user(random, key, 1 + index % 7)
            values |= _trapped(trap, index, key, ordinary[index % len(ordinary)])
            draft.add("users", key, moment(random, OPENED), values)
            draft.plant(trap, "users", str(key))


def _numbers() -> Iterator[int]:
    """Yield ids with the gaps that deleted users left, none among the first few."""
    key = 0
    while True:
        key += 2 if key >= LEAST and key % 7 == 0 else 1
        yield key


def _user(random: Random, key: int, index: int) -> dict[str, Any]:
    first, last = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
    name, login = f"{first} {last}", f"{first}.{key}".lower()
    roles = len(ROLES) - UNUSED
    role = str(1 + index % roles)
    if role == str(roles):
        login = f"{MACHINES[index % len(MACHINES)]}{key}"
        name = f"{login} service account"
    return {
        "completed_setup": True,
        "email_address": f"{login}@example.com",
        "enabled": True,
        "is_sonar_staff": False if index % 2 else None,
        "language": "en",
        "mobile_number": f"51255501{key % 100:02d}" if random.random() < 0.6 else None,  # noqa: PLR2004
        "name": name,
        "public_name": first,
        "role_id": role,
        "super_admin": index == 0,
        "username": login,
    }


def _trapped(trap: str, index: int, key: int, other: dict[str, Any]) -> dict[str, Any]:
    """Return what a trap changes of a user; `other` is an ordinary one."""
    login, mail = other["username"], other["email_address"]
    changes: dict[str, dict[str, Any]] = {
        "duplicate_user_login": {"username": (login.upper(), f" {login} ", login)[index % 3]},
        "duplicate_user_email": {"email_address": mail if index % 2 else f" {mail.title()}"},
        "login_of_target": {"username": f"admin{index or ''}"},
        "sonar_staff": {"is_sonar_staff": True, "super_admin": True, "role_id": None},
        "disabled_user": {"enabled": False},
        "user_without_role": {"role_id": None},
        "unmapped_role": {"role_id": str(len(ROLES) + 1)},
        "blank_user_name": {"name": "  "},
        "long_user_name": {"name": f"{LONG_NAME}, {key}"},
        "long_user_login": {"username": f"{LONG_LOGIN}.{key}"},
        "long_user_email": {"email_address": f"{LONG_LOGIN}.{key}@example.com"},
    }
    return changes[trap]
