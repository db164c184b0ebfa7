"""Business rules of `inventory_items`: told apart, somewhere, and never billed."""

from __future__ import annotations

from expectations.suites.rules import (
    Rule,
    all_rows,
    between,
    not_empty,
    not_null,
    one_of,
    unique_in_any_case,
)


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        not_null("product_id"),
        not_null("stock_id"),
        not_empty("barcode"),
        not_empty("serial_number"),
        one_of("status", ["stock", "internal_usage", "assigned", "in_transit"]),
        one_of("mark", ["used", "broken"]),
        between("cost_price", 0),
        all_rows(
            "barcode is a MAC address or tells the Sonar id",
            "case when barcode like 'SONAR-%' then barcode = 'SONAR-' || _sonar_key"
            " else length(barcode) = 17 and barcode ~ '^[0-9A-F:]+$' end",
        ),
        unique_in_any_case("barcode"),
        unique_in_any_case("serial_number"),
        all_rows("what is assigned has a customer", "status <> 'assigned' or customer_id > 0"),
        all_rows(
            "what staff uses has an administrator", "status <> 'internal_usage' or admin_id > 0"
        ),
        all_rows("nobody shares a piece", "customer_id is null or admin_id is null"),
        all_rows("no piece is billed by a service", "service_id is null"),
    ]
