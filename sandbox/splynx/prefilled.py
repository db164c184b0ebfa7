"""A Splynx that staff have used for some months: what a migration meets when it is not alone.

The ids of `prefilled.sql` lie among the low ids of a generated Sonar tenant, the login of one
customer is the portal name of a Sonar contact, that of another the number of a Sonar account, and
one plan has the title of a Sonar service. A network, the address of a router, a barcode, a vendor
and a stock are those of Sonar records, and so are the titles of a ticket group, a ticket type and a
project, and the address of a sender. Money is consistent: `deposit` is credits less debits, `due`
is the total less what was paid.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from sqlalchemy import Engine, text

_SCRIPT = Path(__file__).with_name("prefilled.sql")

# Rows of each table on top of those of a fresh installation.
COUNTS: Mapping[str, int] = MappingProxyType(
    {
        "partners": 1,
        "locations": 1,
        "admins": 1,
        "tariffs_internet": 4,
        "tariffs_internet_to_partners": 4,
        "tariffs_internet_to_billing_types": 4,
        "customers": 8,
        "customer_info": 8,
        "customer_cap": 8,
        "customer_billing": 8,
        "customers_fields": 1,
        "customers_values": 2,
        "customer_notes": 2,
        "services_internet": 5,
        "invoices": 3,
        "invoices_items": 3,
        "billing_transactions": 5,
        "payments": 2,
        "invoice_payers": 2,
        "ticket": 2,
        "ticket_messages": 3,
        "network_sites": 1,
        "network_sites_to_partners": 1,
        "ipv4_networks": 2,
        "ipv4_networks_ip": 4,
        "routers": 1,
        "routers_to_partners": 1,
        "inventory_vendors": 1,
        "inventory_products": 1,
        "inventory_stocks": 1,
        "inventory_items": 2,
        "ticket_types": 2,
        "ticket_groups": 1,
        "incoming_customer": 1,
        "scheduling_project": 1,
        "scheduling_project_to_partners": 1,
        "scheduling_task": 1,
        "scheduling_task_comment": 1,
        "customer_documents": 1,
    }
)


def prefill(engine: Engine, *, login: str = "ines2.0", title: str = "Fiber 100") -> None:
    """Add the rows of `COUNTS` to a fresh installation, all or none.

    Customer 3 gets the `login` and plan 2 the `title`, which should be those of a Sonar record with
    another id; the defaults are a portal name and a service of the demo tenant with seed 1.

    Raises:
        sqlalchemy.exc.IntegrityError: the database is not a fresh installation.
    """
    with engine.begin() as connection:
        for statement in _SCRIPT.read_text(encoding="utf-8").split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)
        connection.execute(
            text("update customers set login = :login where id = 3"), {"login": login}
        )
        connection.execute(
            text("update tariffs_internet set title = :title, service_name = :title where id = 2"),
            {"title": title},
        )


def edit_by_staff(engine: Engine, customers: Iterable[int]) -> None:
    """Change these customers as staff would after a load: phone, status, days until due."""
    with engine.begin() as connection:
        for customer_id in customers:
            connection.execute(
                text(
                    "update customers c join customer_billing b on b.customer_id = c.id"
                    " set c.phone = '+1 555 0199', c.status = 'blocked', b.billing_due = 20,"
                    " c.last_update = '2026-06-01 09:30:00' where c.id = :id"
                ),
                {"id": customer_id},
            )
