"""radius_accounts and uninventoried_mac_addresses: how customers are let in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from sandbox.sonar.tenant.draft import OPENED, Draft, ids, moment
from sandbox.sonar.tenant.network import SECRET_MARK
from sandbox.sonar.tenant.volumes import share

LOGGED_IN, SEEN = 0.8, 0.15  # shares of the accounts with a data service
LONG_LOGIN = "the-customer-who-took-over-the-equipment-of-the-former-cooperative-" * 2
NOT_MACS = ("02:5A:00:00:00", "unknown", "02:5A:00:GG:00:01")
OF_MACS = ("duplicate_mac", "mac_spellings", "not_a_mac")
Made = Callable[[str, str], str]  # account and value -> id


def radius_accounts(draft: Draft) -> None:
    """Write a login with a password for most accounts with a data service, two for some."""
    random = draft.random("radius_accounts")
    numbers = ids(random)
    left = draft.left("radius_accounts")
    able = list(draft.network.ordinary())
    if left is None:
        counts = {key: int(random.random() < LOGGED_IN) for key in able}
        for account, services in draft.network.services.items():
            if counts.get(account) and len(services) > 1 and int(account) % 2:
                counts[account] = 2
    else:
        left -= 2 * draft.wanted["duplicate_radius_login"] + draft.wanted["long_radius_login"]
        for account in draft.network.carriers["radius_without_service"]:
            left -= len(draft.network.services[account]) + 1
        shared = share(random, left, map(int, able))
        counts = {str(account): count for account, count in shared.items()}

    written: Counter[str] = Counter()

    def made(account: str, username: str) -> str:
        key = next(numbers)
        service = draft.network.of_service(account, nth=written[account])
        written[account] += 1
        values = {
            "account_id": account,
            "username": username,
            "password": f"{SECRET_MARK}radius-{random.getrandbits(40):010x}",
            **service,
        }
        draft.network.told["RadiusAccount", str(key)] = service.get("account_service_id")
        draft.add("radius_accounts", key, moment(random, draft.network.since[account]), values)
        draft.network.bearers.setdefault(account, []).insert(0, ("RadiusAccount", str(key)))
        return str(key)

    for account, count in counts.items():
        for nth in range(count):
            made(account, f"cpe{int(account):06d}{'b' if nth else ''}")
    _radius_traps(draft, made)


def uninventoried_mac_addresses(draft: Draft) -> None:
    """Write MAC addresses that no item has, some of them as people spell them."""
    random = draft.random("uninventoried_mac_addresses")
    numbers = ids(random)
    left = draft.left("uninventoried_mac_addresses")
    able = list(draft.network.ordinary())
    if left is not None:
        left -= sum(draft.wanted[trap] for trap in OF_MACS) + draft.wanted["duplicate_mac"]
        left -= draft.wanted["mac_spellings"] // 4
    shared = {} if left is None else share(random, left, map(int, able))

    def made(account: str, mac: str) -> str:
        key = next(numbers)
        values = {
            "account_id": account,
            "mac_address": mac,
            **draft.network.of_service(account),
        }
        created = moment(random, draft.network.since[account])
        draft.add("uninventoried_mac_addresses", key, created, values)
        bearer = ("UninventoriedMacAddress", str(key))
        draft.network.bearers.setdefault(account, []).append(bearer)
        return str(key)

    for account in able:
        drawn = int(random.random() < SEEN)
        for _ in range(shared[int(account)] if shared else drawn):
            made(account, draft.network.mac())
    _mac_traps(draft, made)


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


def _radius_traps(draft: Draft, made: Made) -> None:
    carriers = draft.network.carriers
    for index in range(draft.wanted["duplicate_radius_login"]):
        first, second = carriers["duplicate_radius_login"][2 * index : 2 * index + 2]
        login = f"shared.{index}"
        made(first, login)
        key = made(second, login.upper() if index % 2 else login)
        draft.plant("duplicate_radius_login", "radius_accounts", key)
    for index in range(draft.wanted["long_radius_login"]):
        key = made(carriers["long_radius_login"][index], f"{LONG_LOGIN}{index}")
        draft.plant("long_radius_login", "radius_accounts", key)
    for index, account in enumerate(carriers["radius_without_service"]):
        for nth, _ in enumerate(draft.network.services[account]):
            made(account, f"cpe{int(account):06d}.{index}.{nth}")
        key = made(account, f"cpe{int(account):06d}.spare.{index}")
        draft.plant("radius_without_service", "radius_accounts", key)


def _mac_traps(draft: Draft, made: Made) -> None:
    carriers = draft.network.carriers
    for index in range(draft.wanted["duplicate_mac"]):
        mac = draft.network.mac()
        first, second = carriers["duplicate_mac"][2 * index : 2 * index + 2]
        keys = made(first, mac), made(second, mac.lower())
        bears = index % 3 == 2  # noqa: PLR2004  the later one bears an address and keeps it
        if bears:
            draft.network.bearing.append((second, ("UninventoriedMacAddress", keys[1])))
        draft.plant("duplicate_mac", "uninventoried_mac_addresses", keys[0 if bears else 1])
    for index, account in enumerate(carriers["mac_spellings"]):
        mac = draft.network.mac().lower()
        plain = mac.replace(":", "")
        spelt = (f"{plain[:4]}.{plain[4:8]}.{plain[8:]}", mac.replace(":", "-").upper(), plain)
        key = made(account, spelt[index % len(spelt)])
        draft.plant("mac_spellings", "uninventoried_mac_addresses", key)
        if index % 4 == 3:  # noqa: PLR2004  the same device noted twice
            made(account, mac)
    for index, account in enumerate(carriers["not_a_mac"]):
        key = made(account, NOT_MACS[index % len(NOT_MACS)])
        draft.plant("not_a_mac", "uninventoried_mac_addresses", key)
