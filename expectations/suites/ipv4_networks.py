"""Business rules of `ipv4_networks`: a tree of networks, each once."""

from __future__ import annotations

from expectations.suites.networks import network_rules
from expectations.suites.rules import Rule, one_of, unique


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        *network_rules("ipv4_networks", "mask", 32),
        one_of("allow_use_network_and_broadcast", ["0", "1"]),
        unique(["network", "mask"]),
    ]
