"""Side effects of writes to networks: the addresses of a new one."""

from __future__ import annotations

import ipaddress
from itertools import islice

from sandbox.splynx.rest.effects import Change, after
from sandbox.splynx.rest.scene import Scene, is_unset

_ENDNET = "endnet"
_WIDEST = 16  # of larger networks no rows are made
_AT_ONCE = 1000


@after
def create_addresses(scene: Scene, change: Change) -> None:
    """Make a row for each host of a new network, unless `needCreateIps` says no."""
    mask = 32 if is_unset(change.get("mask")) else int(change.values["mask"])
    is_wanted = str(change.body.get("needCreateIps", "1")).lower() not in {"0", "false"}
    if change.values.get("network_type", _ENDNET) != _ENDNET or mask < _WIDEST or not is_wanted:
        return
    hosts = iter(ipaddress.ip_network(f"{change.values['network']}/{mask}", strict=False).hosts())
    while some := [str(host) for host in islice(hosts, _AT_ONCE)]:
        rows = ", ".join("(%s, %s)" for _ in some)
        given = [value for host in some for value in (change.key, host)]
        scene.execute(f"insert into ipv4_networks_ip (ipv4_networks_id, ip) values {rows}", given)
