"""A generated tenant: consistent, deterministic, with counted traps.

A new collection is a function that writes its rows into the draft, listed in `COLLECTIONS` after
those that it refers to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema

from sandbox.sonar.rows import Row, values
from sandbox.sonar.schema import attributes, root_queries
from sandbox.sonar.store import Store
from sandbox.sonar.tenant import (
    accounts,
    addresses,
    billing,
    contacts,
    custom_fields,
    files,
    instance,
    money,
    notes,
    packages,
    plans,
    sales,
    services,
    taxes,
    truth,
    truth_access,
    truth_desk,
    truth_money,
    truth_positions,
    truth_services,
    users,
    voice,
)
from sandbox.sonar.tenant.draft import AS_OF, Draft, stamp
from sandbox.sonar.tenant.money import fractions, methods, vendor
from sandbox.sonar.tenant.network import (
    access,
    addressing,
    assignments,
    equipment,
    items,
    policies,
    sites,
)
from sandbox.sonar.tenant.support import contracts, conversations, desk, jobs, tickets, visits
from sandbox.sonar.tenant.trap_counts import counts
from sandbox.sonar.tenant.traps import needed_accounts
from sandbox.sonar.tenant.volumes import targets

SIZES: Mapping[str, int] = {  # accounts
    "tiny": 12,
    "demo": 500,
    "reference": targets(1)["accounts"],
}

COLLECTIONS: tuple[Callable[[Draft], None], ...] = (
    accounts.describe,
    accounts.accounts,
    accounts.account_groups,
    contacts.contacts,
    contacts.phone_numbers,
    addresses.addresses,
    users.roles,
    users.users,
    billing.billing_defaults,
    billing.account_billing_parameters,
    services.services,
    plans.further_services,
    plans.details,
    plans.voice_parameters,
    packages.packages,
    sales.plan,
    services.account_services,
    voice.account_voice_service_details,
    voice.dids,
    taxes.taxes,
    taxes.service_taxes,
    taxes.service_tax_definitions,
    custom_fields.custom_fields,
    custom_fields.custom_field_data,
    sites.plan,
    sites.network_sites,
    sites.inline_devices,
    addressing.supernets,
    addressing.subnets,
    addressing.ip_pools,
    equipment.catalogue,
    equipment.stores,
    items.items,
    items.generic_items,
    access.radius_accounts,
    access.uninventoried_mac_addresses,
    access.radius_server_credentials,
    assignments.ip_assignments,
    assignments.account_ip_assignments,
    assignments.ip_assignment_histories,
    policies.radius_groups,
    policies.address_lists,
    policies.overlays,
    desk.plan,
    desk.ticket_groups,
    desk.ticket_categories,
    desk.inbound_mailboxes,
    tickets.tickets,
    conversations.ticket_replies,
    conversations.ticket_comments,
    conversations.ticket_recipients,
    jobs.job_types,
    jobs.jobs,
    visits.job_check_ins,
    visits.tasks,
    contracts.contracts,
    notes.notes,
    notes.call_logs,
    files.files,
    instance.system_setting,
    instance.available_reports,
    instance.personal_access_tokens,
    methods.processors,
    methods.credit_cards,
    methods.bank_accounts,
    money.general_ledger_codes,
    money.deposit_slips,
    money.history,
    fractions.fractional_debits,
    fractions.fractional_tax_transactions,
    money.daily_aggregate_values,
    vendor.core_credit_cards,
    vendor.core_invoices,
    vendor.core_transactions,
)


@dataclass(frozen=True, slots=True)
class Tenant:
    """The rows of every collection, the links between them, and what is true of them."""

    rows: Mapping[str, Sequence[Row]]
    links: Mapping[tuple[str, str], list[tuple[str, str]]]
    truth: Mapping[str, Any]

    def store(self, schema: GraphQLSchema) -> Store:
        """Return the tenant as the server holds it."""
        return Store(schema, self.rows, self.links)


def generate(
    schema: GraphQLSchema,
    size: str,
    seed: int,
    factor: float = 1.0,
    traps: Mapping[str, int] | None = None,
) -> Tenant:
    """Generate a tenant; the number of accounts grows where the traps need more of them."""
    target = targets(factor) if size == "reference" else None
    wanted = counts(size, factor, traps or {}, target)
    accounts = max(round(SIZES[size] * factor), needed_accounts(wanted))
    draft = Draft(seed, accounts, wanted, target)
    draft.network.names_services = _has(schema, "RadiusAccount", "account_service_id")
    for write in COLLECTIONS:
        write(draft)
        draft.settle()
    found = truth.outcomes(draft)
    access = truth_access.outcomes(draft, found["customers"], found["services_internet"], found)
    found |= access.found
    found["monitoring"] = truth_access.monitored(draft, found["network_sites"])
    of_money = truth_money.outcomes(draft, found["customers"], found["tax"])
    facts = {
        "size": size,
        "seed": seed,
        "factor": factor,
        "as_of": stamp(AS_OF),
        "counts": {name: len(draft.rows.get(name, ())) for name in sorted(root_queries(schema))},
        "archived": sum(row["archived_at"] is not None for row in draft.rows["accounts"]),
        "sums": _sums(schema, draft),
        "traps": _traps(draft),
        "outcomes": truth.summary(found) | {name: truth.told(of) for name, of in of_money.items()},
        "collections": truth.collections(draft, found) | {name: name for name in of_money},
        "money": truth_positions.money(draft, found["customers"]),
        "next_charges": truth_services.next_charges(draft, found),
        "access": access.services,
        "messages": truth_desk.outcomes(draft, found["customers"]).messages,
        "billing_days": truth.billing_days(draft, found["customers"]),
    }
    rows = {name: draft.rows[name] for name in root_queries(schema)}
    return Tenant(rows, draft.links, facts)


def _has(schema: GraphQLSchema, entity: str, name: str) -> bool:
    kind = schema.type_map[entity]
    return isinstance(kind, GraphQLObjectType) and name in kind.fields


def _traps(draft: Draft) -> dict[str, Any]:
    names = sorted({*draft.wanted, *draft.planted})
    planted = {name: draft.planted.get(name) for name in names}
    return {
        name: {
            "count": 0 if found is None else len(found.keys),
            "collection": None if found is None else found.collection,
            "keys": [] if found is None else sorted(found.keys, key=int),
        }
        for name, found in planted.items()
    }


def _sums(schema: GraphQLSchema, draft: Draft) -> dict[str, dict[str, int]]:
    """Return SUM of the id and of every Int attribute, by collection."""
    sums: dict[str, dict[str, int]] = {}
    for query in root_queries(schema).values():
        entity = schema.type_map[query.entity]
        rows = draft.rows.get(query.name, [])
        if not isinstance(entity, GraphQLObjectType) or (rows and "id" not in rows[0]):
            continue
        names = ["id", *(n for n, leaf in attributes(entity).items() if leaf.scalar == "Int")]
        summed = [0] * len(names)
        every = values(rows, names)
        while some := list(islice(every, 1000)):
            for place, column in enumerate(zip(*some, strict=True)):
                summed[place] += sum(map(int, filter(None, column)))
        sums[query.name] = dict(zip(names, summed, strict=True))
    return sums
