"""Business rules of `ipv6_networks_ip`: an assigned prefix is in its network once."""

from __future__ import annotations

from expectations.suites.rules import Rule, all_rows, between, one_of, unique


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    endnets = (
        "(select id, (network || '/' || prefix)::inet as cidr from splynx_staging.ipv6_networks"
        " where network_type = 'endnet') as endnets"
    )
    return [
        between("id", 1),
        between("prefix", 32, 128),
        one_of("is_used", ["1"]),
        unique(["ipv6_networks_id", "ip", "prefix"]),
        all_rows(
            "it lies in its network",
            f"exists (select 1 from {endnets} where endnets.id = ipv6_networks_id"
            " and ip::inet <<= endnets.cidr and ip_end::inet <<= endnets.cidr)",
        ),
        all_rows("a service is of a customer", "service_id is null or customer_id is not null"),
    ]
