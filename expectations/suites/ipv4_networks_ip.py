"""Business rules of `ipv4_networks_ip`: each address once, in its network, used if it is had."""

from __future__ import annotations

from expectations.suites.rules import Rule, all_rows, between, one_of, unique


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    endnets = (
        "(select id, (network || '/' || mask)::inet as cidr from splynx_staging.ipv4_networks"
        " where network_type = 'endnet') as endnets"
    )
    return [
        between("id", 1),
        one_of("is_used", ["0", "1"]),
        unique(["ipv4_networks_id", "ip"]),
        all_rows(
            "ip lies in its network",
            f"exists (select 1 from {endnets}"
            " where endnets.id = ipv4_networks_id and ip::inet <<= endnets.cidr)",
        ),
        all_rows("what a customer has is used", "customer_id is null or is_used = '1'"),
    ]
