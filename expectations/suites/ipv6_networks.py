"""Business rules of `ipv6_networks`: a tree of networks, each once, of the lengths Splynx takes."""

from __future__ import annotations

from typing import Any

from expectations.suites.networks import network_rules
from expectations.suites.rules import between, unique


def rules() -> list[Any]:
    """Return the rules of the mart."""
    return [
        *network_rules("ipv6_networks", "prefix", 64),
        between("prefix", 32, 64),
        unique(["network", "prefix"]),
    ]
