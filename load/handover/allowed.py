"""Which secrets may be handed over, and to where: reviewed by people (`extract.catalogue.deny`).

What is not here is neither asked of Sonar nor sent. `relation` (built by dbt) says which record's
secret belongs to which row; it holds keys only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allowed:
    """One attribute of a Splynx table that may be set, and how to see that a row is ours.

    `item` is the path of a record below /api/2.0/, with its own id and its customer's. The record
    that is read there must have the mart's `proof`, or nothing is sent: Splynx may be another one
    than the warehouse says.
    """

    what: str
    table: str
    attribute: str
    item: str
    proof: str

    @property
    def name(self) -> str:
        """Table and attribute, as the ledger and messages name them."""
        return f"{self.table}.{self.attribute}"


@dataclass(frozen=True, slots=True)
class FromSonar(Allowed):
    """A secret that is read from Sonar: `field` of the records of `collection`."""

    collection: str
    field: str
    relation: str

    @property
    def source(self) -> str:
        """Collection and field, as messages name them."""
        return f"{self.collection}.{self.field}"


@dataclass(frozen=True, slots=True)
class OfPayments(FromSonar):
    """A secret of a card or bank account; each row names the attribute that is to hold it.

    The proof is the customer's, because the place that the add-on made may hold nothing yet.
    """


NETWORK: Sequence[FromSonar] = (
    FromSonar(
        what="network passwords",
        table="services_internet",
        attribute="password",
        item="admin/customers/customer/{customer}/internet-services--{id}",
        proof="login",
        collection="radius_accounts",
        field="password",
        relation="audit.audit_access_credentials",
    ),
)

# Only of processors that map_payment_processors gives a token's field: no other row is in Splynx.
PAYMENTS: Sequence[OfPayments] = tuple(
    OfPayments(
        what=f"{words} of {collection.replace('_', ' ')}",
        table="payment_account_data",
        attribute=field,
        item="admin/customers/customer-payment-accounts?id={customer}--{id}",
        proof="login",
        collection=collection,
        field=field,
        relation="audit.audit_payment_credentials",
    )
    for collection in ("credit_cards", "bank_accounts")
    for field, words in (("token", "tokens"), ("customer_profile_id", "profiles"))
)

FROM_SONAR: Sequence[FromSonar] = (*NETWORK, *PAYMENTS)

# Made here, another for each customer, and told to nobody: customers ask Splynx for a new one.
PORTAL = Allowed(
    what="portal passwords",
    table="customers",
    attribute="password",
    item="admin/customers/customer/{id}",
    proof="login",
)
