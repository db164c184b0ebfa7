"""What IPv4 and IPv6 networks have in common: a tree of networks without host bits."""

from __future__ import annotations

from expectations.suites.rules import Rule, all_rows, between, leads_to, not_empty, not_null, one_of


def network_rules(mart: str, mask: str, longest: int) -> list[Rule]:
    """Return the rules of the networks in `mart`, whose prefix length `mask` is up to `longest`."""
    return [
        between("id", 1),
        not_null("title"),
        not_empty("title"),
        between(mask, 0, longest),
        one_of("network_type", ["rootnet", "endnet"]),
        one_of("type_of_usage", ["pool", "static", "management"]),
        between("used", 0),
        all_rows(
            "network has no host bits",
            f"network((network || '/' || {mask})::inet) = (network || '/' || {mask})::inet",
        ),
        leads_to(
            "it hangs under a rootnet",
            "parent",
            f"select id from splynx_staging.{mart} where network_type = 'rootnet'",
        ),
        all_rows("a rootnet hangs under nothing", "network_type = 'endnet' or parent is null"),
    ]
