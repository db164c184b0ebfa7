"""ip_assignments, what was assigned before, and Sonar's own flat list of both ends.

The flat list, `account_ip_assignments`, names an account and an address for every assignment that
reaches an account, and a few that reach it in no way that can be followed.
"""

from __future__ import annotations

from datetime import timedelta
from random import Random

from sandbox.sonar.tenant.draft import AS_OF, Draft, ids, moment, stamp
from sandbox.sonar.tenant.network.assigner import Assigner
from sandbox.sonar.tenant.network.ways import PLANTED
from sandbox.sonar.tenant.volumes import share

ADDRESSED = 0.6  # share of the accounts with a data service that have an address


def ip_assignments(draft: Draft) -> None:
    """Write what traps ask for, then an address of ordinary accounts, then those of equipment."""
    writer = Assigner(draft)
    for trap, plant in PLANTED.items():
        for index in range(draft.wanted[trap]):
            plant(writer, trap, index)
    for account, bearer in draft.network.bearing:
        writer.assign(account, bearer, draft.network.host("customers"))
    random = draft.random("ip_assignments of accounts")
    able = [account for account in draft.network.ordinary() if account in draft.network.bearers]
    left = draft.left("account_ip_assignments")
    if left is None:
        chosen = [account for account in able if random.random() < ADDRESSED]
    else:
        chosen = random.sample(able, min(max(left - len(draft.network.pairs), 0), len(able)))
    for account in sorted(chosen, key=int):
        writer.assign(account, writer.bearer(account), draft.network.host("customers"))
    of_equipment = draft.left("ip_assignments")
    sites = len(draft.rows["network_sites"])
    for index in range(3 * sites if of_equipment is None else of_equipment):
        writer.of_equipment(index)


def account_ip_assignments(draft: Draft) -> None:
    """Write the flat list; its rows have no id."""
    for account, subnet in draft.network.pairs:
        row = {"account_id": account, "subnet": subnet}
        draft.rows["account_ip_assignments"].append(row)


def ip_assignment_histories(draft: Draft) -> None:
    """Write what accounts had before, what they have since then, and ends that were never noted."""
    random = draft.random("ip_assignment_histories")
    numbers = ids(random)
    able = sorted(draft.network.services, key=int)
    endless = draft.wanted["history_without_end"]
    left = draft.left("ip_assignment_histories")
    counts = {int(key): random.choices((0, 1, 2), (70, 20, 10))[0] for key in able}
    if left is not None:
        counts = share(random, left - endless, map(int, able))
    for account, count in counts.items():
        for _ in range(count):
            _history(draft, random, next(numbers), str(account), ended=True)
    for index in range(endless):
        key = next(numbers)
        _history(draft, random, key, able[index % len(able)], ended=False)
        draft.plant("history_without_end", "ip_assignment_histories", str(key))


def _history(draft: Draft, random: Random, key: int, account: str, *, ended: bool) -> None:
    bearers = draft.network.bearers.get(account, [])
    owner = bearers[0] if bearers and not ended else ("RadiusAccount", None)
    since = moment(random, draft.network.since[account])
    until = min(since + timedelta(days=random.randint(1, 400)), AS_OF)
    values = {
        "assigned_datetime": stamp(since),
        "description": None,
        "ip_assignment_id": None,
        "ipassignmentable_type": owner[0],
        "ipassignmentable_id": owner[1],
        "ipassignmenthistoryable_type": "Account",
        "ipassignmenthistoryable_id": account,
        "reference": None,
        "removed_datetime": stamp(until) if ended else None,
        "soft": bool(key % 2),
        **draft.network.of_service(account),
        "subnet": f"10.{64 + key % 8}.{key // 250 % 200}.{key % 250 + 1}/32",
        "unique_identifier": f"02:5a:ff:00:{key // 256 % 256:02x}:{key % 256:02x}",
    }
    draft.add("ip_assignment_histories", key, since, values, updated=until)
