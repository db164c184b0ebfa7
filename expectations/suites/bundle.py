"""Business rules of `bundle`: a package sells something, at a price without tax of its own."""

from __future__ import annotations

from expectations.suites.rules import Rule, all_rows, between, not_empty, not_null


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    links = " union all ".join(
        f"select bundle_id from splynx_staging.bundle_to_tariffs_{kind}"
        for kind in ("internet", "voice", "custom")
    )
    return [
        between("id", 1),
        not_empty("title"),
        not_null("price"),
        between("price", 0),
        all_rows("its members bear the taxes", "tax_id is null"),
        all_rows(
            "it has a plan", f"exists (select 1 from ({links}) as l where l.bundle_id = checked.id)"
        ),
    ]
