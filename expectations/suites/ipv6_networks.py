"""Business rules of `ipv6_networks`: a tree of networks, each once, of the lengths Splynx takes."""

from __future__ import annotations

from expectations.suites.networks import network_rules
from expectations.suites.rules import Rule, between, unique


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        *network_rules("ipv6_networks", "prefix", 64),
        between("prefix", 32, 64),
        unique(["network", "prefix"]),
    ]
