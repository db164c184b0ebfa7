"""radius_accounts, radius_server_credentials, account_ip_assignments, overlays, the next address.

Addresses come from documentation and private ranges. Passwords and credentials carry a marker that
tests look for wherever no secret may appear.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from sandbox.sonar.tenant.draft import OPENED, Draft, ids, moment

SECRET_MARK = "SANDBOX-SECRET-"  # noqa: S105  a marker, not a secret


def radius_accounts(draft: Draft) -> None:
    """Write a login with a password for most accounts that have a service."""
    random = draft.random("radius_accounts")
    numbers = ids(random)
    served = {row["account_id"] for row in draft.rows["account_services"]}
    left = draft.left("radius_accounts")
    able = [account.id for account in draft.accounts if account.key in served]
    chosen = None if left is None else _drawn(random, left, able)
    for account in draft.accounts:
        if account.key not in served:
            continue
        if random.random() < 0.2 if chosen is None else account.id not in chosen:  # noqa: PLR2004
            continue
        values = {
            "account_id": account.key,
            "username": f"cpe{account.id:06d}",
            "password": f"{SECRET_MARK}radius-{random.getrandbits(40):010x}",
        }
        draft.add("radius_accounts", next(numbers), moment(random, account.created), values)


def radius_server_credentials(draft: Draft) -> None:
    """Write the stored credentials of one RADIUS server."""
    random = draft.random("radius_server_credentials")
    names = ("PORT", "NAME", "USERNAME", "PASSWORD")
    for key, name in enumerate(names, start=1):
        values = {
            "credential": f"FREERADIUS_MYSQL_DATABASE_{name}",
            "radius_server_id": "1",
            "value": f"{SECRET_MARK}credential-{random.getrandbits(40):010x}",
        }
        draft.add("radius_server_credentials", key, OPENED, values)


def account_ip_assignments(draft: Draft) -> None:
    """Write which account has which address; these rows have no id."""
    random = draft.random("account_ip_assignments")
    left = draft.left("account_ip_assignments")
    chosen = None if left is None else _drawn(random, left, [each.id for each in draft.accounts])
    for index, account in enumerate(draft.accounts):
        if random.random() < 0.8 if chosen is None else account.id not in chosen:  # noqa: PLR2004
            continue
        subnet = random.choice(
            (
                f"10.{index // 65536 % 256}.{index // 256 % 256}.{index % 256}/32",
                f"172.16.{index // 256 % 256}.{index % 256}",
                f"203.0.113.{index % 256}/32",
                f"2001:db8:{index:x}::/56",
            )
        )
        row = {"account_id": account.key, "subnet": subnet}
        draft.rows["account_ip_assignments"].append(row)


def _drawn(random: Random, count: int, keys: Sequence[int]) -> set[int]:
    return set(random.sample(keys, min(count, len(keys))))


def overlays(draft: Draft) -> None:
    """Write map overlays and the address that the server would hand out next."""
    for key in (1, 2):
        values = {
            "contents": "<kml/>",
            "file_type": "KML",
            "latitude": "30.250000",
            "longitude": "-97.750000",
            "name": f"Tower {key} coverage",
            "radius": 4.5,
        }
        draft.add("map_overlays_within_box", key, OPENED, values)
    draft.rows["get_next_ip_address_in_ip_pool"].append({"ip_address": "192.0.2.77"})
