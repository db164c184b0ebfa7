"""Business rules of `services_bundle`: a sold package has members and no fees that Sonar lacks."""

from __future__ import annotations

from datetime import date

from expectations.suites.rules import Rule, all_rows, between, no_rows, not_null, one_of


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    members = " union all ".join(
        f"select bundle_service_id, customer_id from splynx_staging.services_{kind}"
        for kind in ("internet", "voice", "custom")
    )
    its = f"select from ({members}) as member where member.bundle_service_id = checked.id"
    return [
        between("id", 1),
        not_null("customer_id"),
        not_null("bundle_id"),
        one_of("status", ["active", "stopped"]),
        not_null("unit_price"),
        between("unit_price", 0),
        between("start_date", date(1990, 1, 1), date(2100, 1, 1)),
        all_rows("end_date is not before start_date", "end_date >= start_date"),
        all_rows("no fees", "activation_fee = 0 and cancellation_fee = 0"),
        all_rows("it has a member", f"exists ({its})"),
        no_rows(
            "all members are its customer's",
            f"exists ({its} and member.customer_id is distinct from checked.customer_id)",
        ),
    ]
