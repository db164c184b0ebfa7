"""The catalogue of the Splynx sandbox says what the published API says, or less by name."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from runtime.settings import ROOT
from sandbox.splynx.rest.api import EFFECTS
from sandbox.splynx.rest.catalogue import METHODS, catalogue
from sandbox.splynx.rest.definitions import REQUIRED, TYPES
from sandbox.splynx.rest.effects import AFTER, BEFORE

_REFERENCE = ROOT.parent / "shared" / "reference" / "splynx" / "api.json"

# Attributes that are not modelled, by entity.
LEFT_OUT: Mapping[str, frozenset[str]] = {
    "administrators": frozenset({"avatar_api_url", "download_avatar_link", "filter_partner_id"}),
    "credit_notes": frozenset({"resetPeriodForService", "partiallyUse"}),
    "customer_documents": frozenset(
        {
            "sign_contract",
            "terms",
            "download_link",
            "has_thumbnail",
            "thumbnail_link",
            "file",
        }
    ),
    "inventory_items": frozenset({"file", "file_link"}),
    "inventory_products": frozenset({"file", "file_link"}),
    "ipv4_networks": frozenset({"save_to_parent", "split_to", "confirm_merge"}),
    "ipv6_networks": frozenset(
        {"save_to_parent", "split_to", "confirm_merge", "range_from", "range_to"}
    ),
    "labels": frozenset({"textColor"}),
    "monitoring": frozenset({"versions", "ping"}),
    "routers": frozenset({"status"}),
    "scheduling_task_attachments": frozenset(
        {
            "download_api_link",
            "download_all_api_link",
            "download_link",
            "files",
            "has_thumbnail",
            "thumbnail_link",
        }
    ),
    "scheduling_tasks": frozenset(
        {
            "assigned_at",
            "createdFromTicket",
            "logged",
            "relatedTasks",
            "related_lead_id",
            "related_ticket_info",
            "remaining",
        }
    ),
    "services_internet": frozenset({"top_up_tariff_id", "geo"}),
    "tariffs_internet": frozenset({"custom_period", "services"}),
    "tariffs_bundle": frozenset({"customer_labels", "custom_period", "customers", "services"}),
    "tariffs_one_time": frozenset({"customer_labels"}),
    "tariffs_recurring": frozenset({"customer_labels", "custom_period", "services"}),
    "tariffs_voice": frozenset({"customer_labels", "custom_period", "services"}),
    "taxes": frozenset({"items"}),
    "ticket_attachments": frozenset(
        {
            "message_id",
            "content_type",
            "content",
            "download_link",
            "has_thumbnail",
            "thumbnail_link",
            "files",
        }
    ),
    "ticket_messages": frozenset({"rawMessage", "smsTo"}),
    "tickets": frozenset({"watching", "lead_id", "reporter"}),
}
# Entities that come with the marts that need them, or have no path (items, roles).
ENTITIES_LEFT_OUT = frozenset(
    {
        "additional_discounts",
        "bank_statement_records",
        "bank_statements",
        "communications_calls",
        "company_info",
        "config_mail",
        "config_sms",
        "config_transaction_category_defaults",
        "config_values",
        "cpe",
        "credit_note_items",
        "crm_pipeline",
        "customer_billing_info",
        "customer_logs_changes",
        "inventory_items_rent",
        "inventory_items_sell",
        "inventory_supplier_invoice_items",
        "inventory_supplier_invoices",
        "invoice_items",
        "leads",
        "leads_info",
        "leads_notes",
        "logs_changes",
        "proforma_invoice_items",
        "proforma_invoices",
        "roles",
        "routers_sectors",
        "scheduling_checklist_templates",
        "scheduling_project_categories",
        "scheduling_project_types",
        "scheduling_task_checklist",
        "scheduling_teams",
        "scheduling_workflow_items",
        "scheduling_workflows",
        "services_internet_geo",
        "states_provinces",
        "voice_devices",
    }
)
# The published list marks none as required; these are needed all the same.
ALSO_REQUIRED = {("ticket_messages", "ticket_id"), ("ticket_messages", "message")}
# Answered by code of their own; attributes are not rows of one table.
BY_CODE = frozenset({"additional_fields", "config_download", "api_check"})
NOT_MODELLED_FIELDS = frozenset(
    {
        "partners",
        "administrators",
        "transactions",
        "customer_documents",
        "credit_notes",
        "scheduling_projects",
        "services_bundle",
        "tariffs_bundle",
        "tariffs_one_time",
        "tariffs_voice",
        "inventory_vendors",
        "inventory_suppliers",
        "inventory_products",
        "inventory_stocks",
        "ipv4_ips",
        "ipv6_networks",
        "ipv6_ips",
        "monitoring",
    }
)


@pytest.fixture(scope="module")
def published() -> Mapping[str, Any]:
    if not _REFERENCE.exists():
        pytest.skip(f"the published API ({_REFERENCE.name}) is not kept beside this checkout")
    recorded: Mapping[str, Any] = json.loads(_REFERENCE.read_text(encoding="utf-8"))
    return recorded


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_paths_and_methods_are_published(published: Mapping[str, Any], name: str) -> None:
    """HEAD is published for every list at once, so single entities do not repeat it."""
    told = published[name]
    paths = {told["path"].split("?")[0], *(path.split("?")[0] for path in told["item_paths"])}
    paths |= {operation["path"].split("?")[0] for operation in told["operations"]}
    shapes = {_shape(path) for path in paths}
    for operation, path in catalogue()[name].paths.items():
        assert _shape(path) in shapes, (operation, path)
        assert METHODS[operation] in {*told["methods"], "HEAD"}, operation


def _shape(path: str) -> str:
    """Return a path without the names in it: published ones differ from the columns."""
    return re.sub(r"\{\w+\}", "{}", path)


@pytest.mark.parametrize("name", sorted(set(catalogue()) - BY_CODE))
def test_attributes_are_published_or_left_out_by_name(
    published: Mapping[str, Any], name: str
) -> None:
    told = {a["name"]: a for a in published[name]["attributes"]}
    ours = catalogue()[name].attributes
    extra = {"additional_attributes"}
    assert set(ours) - set(told) == set()
    assert set(told) - set(ours) - extra == LEFT_OUT.get(name, frozenset())
    for attribute, ours_is in ours.items():
        required = bool(told[attribute].get("required")) or (name, attribute) in ALSO_REQUIRED
        assert ours_is.required == required, attribute
        assert told[attribute]["type"].startswith(ours_is.type), attribute
        if ours_is.values:
            assert set(ours_is.values) <= set(told[attribute]["enum"]), attribute


@pytest.mark.parametrize("name", sorted(set(catalogue()) - BY_CODE))
def test_additional_fields_are_where_they_are_published(
    published: Mapping[str, Any], name: str
) -> None:
    told = {a["name"] for a in published[name]["attributes"]}
    has = catalogue()[name].fields is not None
    assert has == ("additional_attributes" in told and name not in NOT_MODELLED_FIELDS)


def test_definitions_ask_for_what_is_published(published: Mapping[str, Any]) -> None:
    told = {a["name"]: a for a in published["additional_fields"]["attributes"]}
    assert set(REQUIRED) == {name for name, a in told.items() if a.get("required")}
    assert set(TYPES) == set(told["type"]["enum"])


def test_every_effect_is_used_and_its_source_is_told() -> None:
    assert EFFECTS
    used = {effect.does for entity in catalogue().values() for effect in entity.effects}
    assert used == set(BEFORE) | set(AFTER)
    for entity in catalogue().values():
        for effect in entity.effects:
            assert effect.known.split()[0].rstrip(":,;") in {"observed", "documented", "inferred"}


def test_entities_are_published_or_left_out_by_name(published: Mapping[str, Any]) -> None:
    """`auth_tokens` is answered outside the catalogue."""
    told = set(published) - {"meta", "conventions", "auth_tokens"}
    assert told - set(catalogue()) == ENTITIES_LEFT_OUT
    assert set(catalogue()) <= told
