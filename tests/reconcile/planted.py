"""Defects by kind: how each is planted, which check has to find it, and what that check must name.

A catalogue as data. `pick` chooses the row by chance (with a seed); what it selects stands in
braces in the statements and in the names. Entities are those of `tests.load.miniature`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Stage = Literal["raw", "audit", "mart", "id_map", "row_state", "target", "both"]
Check = Literal["reconcile", "plan", "gate", "accept"]

_ANY_CLIENT = "select _sonar_key as key, id from splynx_staging.clients"
_ANY_PLAN = "select _sonar_key as key, id from splynx_staging.plans"
_ANY_LINK = "select _sonar_key as key, id, client_id from splynx_staging.subscriptions"
_TWO_CLIENTS = (
    "select a._sonar_key as key, a.id, b._sonar_key as other_key, b.id as other"
    " from splynx_staging.clients as a join splynx_staging.clients as b on b.id = a.id + 7"
)
NEW = 9_001  # an id and key that nothing has


@dataclass(frozen=True, slots=True)
class Named:
    """What a check says: of which entity, in which layer, what kind, under which key.

    `words` must be in the sentence itself, where that is what names the defect.
    """

    entity: str
    layer: str
    kind: str
    key: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Planted:
    """One kind of defect; `touches`: tables to restore, `besides`: other entities it spoils."""

    name: str
    stage: Stage
    pick: str
    touches: Sequence[str]
    statements: Sequence[str]
    names: Sequence[Named]
    check: Check = "reconcile"
    besides: Sequence[str] = ()


def _raw(name: str, statement: str, *names: Named) -> Planted:
    live = "select _sonar_key as key from raw_sonar.accounts where _sonar_key::int <= 60"
    return Planted(name, "raw", live, ["raw_sonar.accounts"], [statement], names)


def _in_mart(name: str, change: str, where: str = "true", pick: str = _ANY_CLIENT) -> Planted:
    return Planted(
        name,
        "mart",
        f"select * from ({pick}) as any_row where id in"
        f" (select id from splynx_staging.clients where {where})",
        ["splynx_staging.clients"],
        [f"update splynx_staging.clients set {change} where _sonar_key = '{{key}}'"],
        [Named("clients", "target", "modified", "{id}", change.split(" = ", maxsplit=1)[0])],
    )


def _in_target(name: str, change: str, where: str = "true") -> Planted:
    return Planted(
        name,
        "target",
        f"{_ANY_CLIENT} where {where}",
        ["target.clients"],
        [f"update target.clients set {change} where id = {{id}}"],
        [Named("clients", "target", "modified", "{id}", change.split(" = ", maxsplit=1)[0])],
    )


_CLIENT = "parent_id, login, name, status, balance, since, last_seen, note"

KINDS: tuple[Planted, ...] = (
    _raw(
        "a source record lost after the transform",
        "delete from raw_sonar.accounts where _sonar_key = '{key}'",
        Named("clients", "raw", "missing", "{key}"),
    ),
    _raw(
        "a source record marked as deleted",
        "update raw_sonar.accounts set _deleted_at = now() where _sonar_key = '{key}'",
        Named("clients", "raw", "missing", "{key}"),
    ),
    _raw(
        "a source record doubled under a key of its own",
        f"insert into raw_sonar.accounts select '{NEW}', payload, _run_id, _deleted_at"
        " from raw_sonar.accounts where _sonar_key = '{key}'",
        Named("clients", "raw", "unaccounted", str(NEW)),
        Named("clients", "raw", "extra", str(NEW)),
    ),
    _raw(
        "a source record under another's key",
        f"update raw_sonar.accounts set _sonar_key = '{NEW}' where _sonar_key = '{{key}}'",
        Named("clients", "raw", "missing", "{key}"),
        Named("clients", "raw", "unaccounted", str(NEW)),
    ),
    _raw(
        "a cent more in a source record",
        "update raw_sonar.accounts set payload = jsonb_set(payload, array['balance'],"
        " to_jsonb((payload ->> 'balance')::int + 1)) where _sonar_key = '{key}'",
        Named("clients", "raw", "modified", "", "sum(balance)"),
    ),
    _raw(
        "an id changed inside a source record",
        "update raw_sonar.accounts set payload = jsonb_set(payload, array['id'],"
        " to_jsonb(9001)) where _sonar_key = '{key}'",
        Named("clients", "raw", "modified", "", "sum(id)"),
    ),
    Planted(
        "a source record lost before the transform",
        "raw",
        "select _sonar_key as key from raw_sonar.accounts where _sonar_key::int <= 60",
        ["raw_sonar.accounts", "audit.audit_record_outcomes", "audit.audit_row_accounting"],
        [
            "delete from raw_sonar.accounts where _sonar_key = '{key}'",
            "delete from audit.audit_record_outcomes where _sonar_key = '{key}'",
            "update audit.audit_row_accounting set unaccounted = 1 where collection = 'accounts'",
        ],
        [
            Named("clients", "raw", "missing", "{key}"),
            Named("clients", "mart", "unaccounted", "", "1 of 62 records"),
        ],
        besides=["client_info"],
    ),
    Planted(
        "a record whose outcome nobody knows",
        "audit",
        "select _sonar_key as key from audit.audit_record_outcomes where collection = 'accounts'",
        ["audit.audit_record_outcomes"],
        ["delete from audit.audit_record_outcomes where _sonar_key = '{key}'"],
        [Named("clients", "raw", "unaccounted", "{key}")],
    ),
    Planted(
        "a record that a mart has no row for",
        "mart",
        _ANY_CLIENT,
        ["splynx_staging.clients"],
        ["delete from splynx_staging.clients where _sonar_key = '{key}'"],
        [
            Named("clients", "mart", "missing", "{key}"),
            Named("clients", "target", "extra", "{id}"),
        ],
    ),
    Planted(
        "a child row lost from its mart",
        "mart",
        _ANY_CLIENT,
        ["splynx_staging.client_info"],
        ["delete from splynx_staging.client_info where _sonar_key = '{key}'"],
        [Named("client_info", "mart", "missing", "{key}")],
    ),
    Planted(
        "a mart row doubled whole",
        "mart",
        _ANY_CLIENT,
        ["splynx_staging.clients"],
        [
            "insert into splynx_staging.clients select * from splynx_staging.clients"
            " where _sonar_key = '{key}'"
        ],
        [Named("clients", "mart", "extra", "{key}")],
    ),
    Planted(
        "a mart row doubled under an id of its own",
        "mart",
        _ANY_CLIENT,
        ["splynx_staging.clients"],
        [
            f"insert into splynx_staging.clients select _sonar_key, _customer_key, {NEW}, {_CLIENT}"
            " from splynx_staging.clients where _sonar_key = '{key}'"
        ],
        [Named("clients", "mart", "extra", "{key}")],
    ),
    Planted(
        "a mart row of no record",
        "mart",
        _ANY_CLIENT,
        ["splynx_staging.clients"],
        [
            f"insert into splynx_staging.clients select '{NEW}', '{NEW}', {NEW}, {_CLIENT}"
            " from splynx_staging.clients where _sonar_key = '{key}'"
        ],
        [
            Named("clients", "mart", "extra", str(NEW)),
            Named("clients", "target", "missing", str(NEW)),
        ],
    ),
    Planted(
        "a mart row under an id that nobody planned",
        "mart",
        _ANY_PLAN,
        ["splynx_staging.plans"],
        [f"update splynx_staging.plans set id = {NEW} where _sonar_key = '{{key}}'"],
        [Named("plans", "load", "modified", "{key}", "id")],
        besides=["subscriptions"],
    ),
    _in_mart("a cent more in a mart", "balance = balance + 0.01"),
    _in_mart("a ten thousandth less in a mart", "balance = balance - 0.0001"),
    _in_mart("another status in a mart", "status = 'disabled'"),
    _in_mart("another day in a mart", "since = since + 1", "since is not null"),
    _in_mart("a date lost in a mart", "since = null", "since is not null"),
    _in_mart(
        "another parent in a mart", "parent_id = 3", "id <> 3 and parent_id is distinct from 3"
    ),
    _in_mart("a text cut in a mart", "name = left(name, -1)"),
    _in_target("a cent more in the target", "balance = balance + 0.01"),
    _in_target("a turned sign in the target", "balance = -balance"),
    _in_target("another status in the target", "status = 'new'"),
    _in_target("another day in the target", "since = since + interval 1 day", "since is not null"),
    _in_target("a zero date in the target", "since = '0000-00-00'", "since is not null"),
    _in_target(
        "another second in the target",
        "last_seen = last_seen + interval 1 second",
        "last_seen is not null",
    ),
    _in_target("a blank more in the target", "name = concat(name, ' ')"),
    _in_target("another case in the target", "login = upper(login)"),
    _in_target("nothing turned into an empty text", "note = ''", "note is null"),
    _in_target("a parent lost in the target", "parent_id = 0", "parent_id is not null"),
    Planted(
        "two rows of the target exchanged",
        "target",
        _TWO_CLIENTS,
        ["target.clients"],
        [
            "update target.clients as a join target.clients as b on b.id = {id} + {other} - a.id"
            " set a.note = concat('of ', b.id) where a.id in ({id}, {other})",
        ],
        [
            Named("clients", "target", "modified", "{id}", "note"),
            Named("clients", "target", "modified", "{other}", "note"),
        ],
    ),
    Planted(
        "a row lost from the target",
        "target",
        _ANY_CLIENT,
        ["target.clients"],
        ["delete from target.clients where id = {id}"],
        [
            Named("clients", "target", "missing", "{key}"),
            Named("client_info", "target", "reference", "{id}"),
        ],
        besides=["subscriptions", "notes", "clients"],
    ),
    Planted(
        "a row of the target doubled",
        "target",
        _ANY_CLIENT,
        ["target.clients"],
        [
            f"insert into target.clients (id, {_CLIENT}) select {NEW}, {_CLIENT}"
            " from target.clients where id = {id}"
        ],
        [Named("clients", "target", "extra", str(NEW), "no load wrote them")],
    ),
    Planted(
        "a row of the target under another id",
        "target",
        _ANY_PLAN,
        ["target.plans"],
        [f"update target.plans set id = {NEW} where id = {{id}}"],
        [
            Named("plans", "target", "missing", "{key}"),
            Named("plans", "target", "extra", str(NEW)),
        ],
        besides=["subscriptions"],
    ),
    Planted(
        "a link of the target to another customer",
        "target",
        _ANY_LINK,
        ["target.subscriptions"],
        ["update target.subscriptions set client_id = mod({client_id}, 60) + 1 where id = {id}"],
        [Named("subscriptions", "target", "modified", "{id}", "client_id")],
    ),
    Planted(
        "a link of the target to nobody",
        "target",
        _ANY_LINK,
        ["target.subscriptions"],
        [f"update target.subscriptions set plan_id = {NEW} where id = {{id}}"],
        [
            Named("subscriptions", "target", "modified", "{id}", "plan_id"),
            Named("subscriptions", "target", "reference", "{id}", "plan_id → plans"),
        ],
    ),
    Planted(
        "an id forgotten",
        "id_map",
        _ANY_CLIENT,
        ["ops.id_map"],
        ["delete from ops.id_map where entity = 'clients' and _sonar_key = '{key}'"],
        [Named("clients", "load", "missing", "{key}", "id")],
    ),
    Planted(
        "an id that is another row's",
        "id_map",
        _TWO_CLIENTS,
        ["ops.id_map"],
        [
            "update ops.id_map set target_id = {other} where entity = 'clients'"
            " and _sonar_key = '{key}'"
        ],
        [Named("clients", "load", "modified", "{key}", "id")],
        besides=["client_info", "subscriptions", "notes"],
    ),
    Planted(
        "an id that no row has",
        "id_map",
        _ANY_CLIENT,
        ["ops.id_map"],
        [
            f"update ops.id_map set target_id = {NEW} where entity = 'clients'"
            " and _sonar_key = '{key}'"
        ],
        [Named("clients", "load", "modified", "{key}", "id")],
        besides=["client_info", "subscriptions", "notes"],
    ),
    Planted(
        "a written row forgotten",
        "row_state",
        _ANY_CLIENT,
        ["ops.row_state"],
        ["delete from ops.row_state where table_name = 'clients' and _sonar_key = '{key}'"],
        [Named("clients", "load", "missing", "{key}")],
    ),
    Planted(
        "an intent that was never confirmed",
        "row_state",
        _ANY_CLIENT,
        ["ops.row_state"],
        [
            "update ops.row_state set state = 'intended'"
            " where table_name = 'clients' and _sonar_key = '{key}'"
        ],
        [Named("clients", "load", "missing", "{key}")],
    ),
    Planted(
        "a row noted under another's key",
        "row_state",
        _TWO_CLIENTS,
        ["ops.row_state"],
        [
            "update ops.row_state set row_key = jsonb_build_object('id', '{other}')"
            " where table_name = 'clients' and _sonar_key = '{key}'"
        ],
        [Named("clients", "load", "modified", "{key}", "id")],
    ),
    Planted(
        "a row noted as written that is nowhere",
        "row_state",
        "select _sonar_key as key from splynx_staging.client_info",
        ["ops.row_state"],
        [
            "insert into ops.row_state (target, table_name, _sonar_key, row_key, state, new_hash,"
            f" run_id) select target, table_name, '{NEW}',"
            f" jsonb_build_object('client_id', '{NEW}'), 'written', new_hash, run_id"
            " from ops.row_state where table_name = 'client_info' and _sonar_key = '{key}'"
        ],
        [Named("client_info", "load", "missing", str(NEW), "nor in the target")],
    ),
)

BY_PLAN: tuple[Planted, ...] = (
    Planted(
        "a written row forgotten, at the next plan",
        "row_state",
        _ANY_CLIENT,
        ["ops.row_state"],
        ["delete from ops.row_state where table_name = 'clients' and _sonar_key = '{key}'"],
        [Named("clients", "plan", "collision", "{key}")],
        "plan",
    ),
    Planted(
        "a text changed in the target, at the next plan",
        "target",
        _ANY_CLIENT,
        ["target.clients"],
        ["update target.clients set note = 'by staff' where id = {id}"],
        [Named("clients", "plan", "edited", "{key}")],
        "plan",
    ),
    Planted(
        "a row noted as written that is nowhere, at the next plan",
        "row_state",
        _ANY_CLIENT,
        ["ops.row_state"],
        [
            "insert into ops.row_state (target, table_name, _sonar_key, row_key, state, new_hash,"
            f" run_id) select target, table_name, '{NEW}', jsonb_build_object('id', '{NEW}'),"
            " 'written', new_hash, run_id from ops.row_state where table_name = 'clients'"
            " and _sonar_key = '{key}'"
        ],
        [Named("clients", "plan", "gone", str(NEW))],
        "plan",
    ),
    Planted(
        "a hash that the row does not have, at the next plan",
        "row_state",
        _ANY_CLIENT,
        ["ops.row_state"],
        [
            "update ops.row_state set new_hash = md5(new_hash) || substr(new_hash,"
            " strpos(new_hash, chr(58))) where table_name = 'clients' and _sonar_key = '{key}'"
        ],
        [Named("clients", "plan", "update", "{key}")],
        "plan",
    ),
    Planted(
        "a row lost from the target, at the next plan",
        "target",
        _ANY_PLAN,
        ["target.plans"],
        ["delete from target.plans where id = {id}"],
        [Named("plans", "plan", "vanished", "{key}")],
        "plan",
    ),
    Planted(
        "a cent more on both sides, at the gate of the next load",
        "both",
        _ANY_CLIENT,
        ["splynx_staging.clients", "target.clients"],
        [
            "update splynx_staging.clients set balance = balance + 0.01 where id = {id}",
            "update target.clients set balance = balance + 0.01 where id = {id}",
        ],
        [Named("", "gate", "GateFailed", "", "not the ones that were accepted")],
        "gate",
    ),
    Planted(
        "a mart row doubled whole, at the gate of the next load",
        "mart",
        _ANY_PLAN,
        ["splynx_staging.plans"],
        [
            "insert into splynx_staging.plans select * from splynx_staging.plans"
            " where _sonar_key = '{key}'"
        ],
        [Named("", "gate", "GateFailed", "", "not the ones that were accepted")],
        "gate",
    ),
)

BY_ACCEPTANCE: tuple[Planted, ...] = (
    Planted(
        "a mart row doubled whole, at acceptance",
        "mart",
        _ANY_PLAN,
        ["splynx_staging.plans"],
        [
            "insert into splynx_staging.plans select * from splynx_staging.plans"
            " where _sonar_key = '{key}'"
        ],
        [Named("plans", "accept", "critical", "{key}", "id unique")],
        "accept",
    ),
    Planted(
        "a link to nobody, at acceptance",
        "mart",
        _ANY_LINK,
        ["splynx_staging.subscriptions"],
        [f"update splynx_staging.subscriptions set plan_id = {NEW} where _sonar_key = '{{key}}'"],
        [Named("subscriptions", "accept", "critical", "{key}", "plan_id leads to")],
        "accept",
    ),
    Planted(
        "an unknown status, at acceptance",
        "mart",
        _ANY_CLIENT,
        ["splynx_staging.clients"],
        ["update splynx_staging.clients set status = 'gone' where _sonar_key = '{key}'"],
        [Named("clients", "accept", "critical", "{key}", "status is one of")],
        "accept",
    ),
    Planted(
        "an id planned for another record, at acceptance",
        "mart",
        _ANY_CLIENT,
        ["intermediate.int_crosswalk"],
        [
            f"update intermediate.int_crosswalk set planned_id = {NEW}"
            " where entity = 'clients' and _sonar_key = '{key}'"
        ],
        [Named("clients", "accept", "critical", "{key}", "ids are not those planned")],
        "accept",
    ),
    Planted(
        "a rejection that nobody signed, at acceptance",
        "audit",
        "select '61' as key",
        ["audit.audit_rejection_summary"],
        ["update audit.audit_rejection_summary set rows = 2, is_signed = false"],
        [Named("clients", "accept", "critical", "{key}", "rejected as missing_name")],
        "accept",
    ),
    Planted(
        "a record that no audit accounts for, at acceptance",
        "audit",
        "select '1' as key",
        ["audit.audit_row_accounting"],
        ["update audit.audit_row_accounting set unaccounted = 1 where collection = 'accounts'"],
        [Named("accounts (clients)", "accept", "critical", "", "unaccounted for")],
        "accept",
    ),
)
