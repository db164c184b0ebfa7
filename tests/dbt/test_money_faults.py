"""Classic errors of money, planted in Sonar's records and in the marts: each is found and named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from expectations import card_numbers, money
from runtime.manifest import Manifest, marts_of
from tests.dbt.conftest import Slot
from tests.dbt.project import Dbt
from tests.dbt.rebuilding import Rebuilder, Scene, scene

pytestmark = pytest.mark.postgres

_ORPHANS = {"credit_without_invoice": 3, "credit_without_payer": 3}  # of the tenant on purpose


@dataclass(frozen=True, slots=True)
class Rig:
    """The built tenant, and how its models are built again."""

    engine: Engine
    rebuilder: Rebuilder
    manifest: Manifest

    def rebuild(self, world: Scene, *changed: str) -> None:
        """Build the changed models and the models of money that follow, with ids for new rows."""

        def is_money(node: Any) -> bool:
            name, layer = node["name"], node["fqn"][1]
            return (
                name.startswith(("int_money__", "audit_sonar_", "audit_money_"))
                or name in {"audit_first_week_blocks", "audit_shadow_bill"}
                or (layer == "marts" and name in _MARTS)
            )

        names = self.rebuilder.following(*changed, only=is_money)
        before = [name for name in names if name.startswith(("stg_", "int_"))]
        self.rebuilder.build(world.connection, before)
        world.execute(_PLAN)
        self.rebuilder.build(world.connection, [name for name in names if name not in before])


_PLAN = (
    "insert into intermediate.int_crosswalk (target, entity, _sonar_key, planned_id, origin)"
    " select 'uninspected', entity, _sonar_key, 900000 + row_number() over (), 'new'"
    " from intermediate.int_money__candidates as needed where not exists (select from"
    " intermediate.int_crosswalk as planned where planned.entity = needed.entity"
    " and planned._sonar_key = needed._sonar_key)"
)
_MARTS = {
    "billing_transactions",
    "credit_notes",
    "credit_notes_items",
    "credit_notes_to_invoices",
    "customer_billing",
    "invoice_payers",
    "invoices",
    "invoices_items",
    "payments",
}


@pytest.fixture(scope="module")
def rig(slot: Slot, built_once: str, dbt_folder: Path) -> Iterator[Rig]:
    with slot.copy_of(built_once) as engine:
        document = Dbt(engine.url, dbt_folder).manifest()
        yield Rig(engine, Rebuilder(document, dbt_folder / "target"), marts_of(document))


@pytest.fixture
def world(rig: Rig) -> Iterator[Scene]:
    with scene(rig.engine, rig.rebuilder) as found:
        yield found


def _breaches(world: Scene) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for breach, key in world.rows(
        "select breach, _sonar_key from audit.audit_money_breaches order by 1, 2"
    ):
        found.setdefault(breach, []).append(key)
    return found


def _unexplained(world: Scene) -> dict[str, int]:
    found = world.rows(
        "select _sonar_key, unexplained_cents from audit.audit_money_position"
        " where unexplained_cents <> 0"
    )
    return {str(key): int(cents) for key, cents in found}


def _refusing(world: Scene, rig: Rig) -> list[str]:
    found = money.findings(money.gather(world.connection, rig.manifest))
    return [finding.what for finding in found if finding.severity == "critical"]


def test_a_clean_tenant_raises_none(world: Scene, rig: Rig) -> None:
    assert _breaches(world) == {}
    assert _unexplained(world) == {}
    assert _refusing(world, rig) == []
    assert card_numbers.scan(world.connection, rig.manifest) == ()
    found = dict(world.rows("select finding, count(*) from audit.audit_money_findings group by 1"))
    assert found == _ORPHANS


# What is planted, in which the first row of `pick` is {key}; the breach that must name {named}.
@dataclass(frozen=True, slots=True)
class InMarts:
    """An error in the marts."""

    what: str
    pick: str
    plant: tuple[str, ...]
    breach: str
    named: str = "{key}"


_M = "splynx_staging"
_COPY = (
    "insert into splynx_staging.billing_transactions select (r).* from (select"
    " jsonb_populate_record(t, jsonb_build_object({changes})) as r"
    " from splynx_staging.billing_transactions as t where _sonar_key = '{key}') as copied"
)
_IN_MARTS = (
    InMarts(
        "sign flip",
        f"select _sonar_key from {_M}.billing_transactions where _sonar_key like 'payment:%'",
        (f"update {_M}.billing_transactions set type = 'debit' where _sonar_key = '{{key}}'",),
        "sign_flipped",
    ),
    InMarts(
        "lost credit",
        f"select i._sonar_key from {_M}.invoices as i inner join {_M}.invoice_payers as p"
        " on p.invoice_id = i.id where i.status = 'paid'",
        (
            f"delete from {_M}.invoice_payers where invoice_id ="
            f" (select id from {_M}.invoices where _sonar_key = '{{key}}')",
        ),
        "invoice_due_is_not_what_is_unpaid",
    ),
    InMarts(
        "over-allocated payment",
        f"select _sonar_key from {_M}.payments where amount > 0 and remind_amount = 0",
        (
            f"update {_M}.invoice_payers set amount = amount + 0.01 where type = 'payment'"
            f" and payer_id = (select id from {_M}.payments where _sonar_key = '{{key}}')",
        ),
        "payment_pays_more_than_it_is",
    ),
    InMarts(
        "over-allocated invoice",
        f"select _sonar_key from {_M}.invoices where status = 'paid' and payment_id is not null",
        (
            f"update {_M}.invoice_payers set amount = amount + 0.01 where invoice_id ="
            f" (select id from {_M}.invoices where _sonar_key = '{{key}}')",
        ),
        "invoice_is_paid_beyond_its_total",
    ),
    InMarts(
        "duplicate payment",
        f"select _sonar_key from {_M}.billing_transactions where _sonar_key like 'payment:%'",
        (_COPY.replace("{changes}", "'id', 999999"),),
        "payment_is_counted_twice",
    ),
    InMarts(
        "rounding of lines against the header",
        f"select _sonar_key from {_M}.invoices where deleted = '0'",
        (f"update {_M}.invoices set total = total + 0.01 where _sonar_key = '{{key}}'",),
        "invoice_total_is_not_its_items",
    ),
    InMarts(
        "void invoice counted",
        f"select _sonar_key from {_M}.billing_transactions where _sonar_key like 'debit:%'"
        " and invoice_id is not null",
        (
            f"update {_M}.billing_transactions set invoice_id ="
            f" (select min(id) from {_M}.invoices where deleted = '1')"
            " where _sonar_key = '{key}'",
        ),
        "deleted_invoice_has_transactions",
        "",
    ),
    InMarts(
        "wrong period of a prorated charge",
        f"select t._sonar_key from {_M}.billing_transactions as t"
        " inner join staging.stg_sonar__debits as d on t._sonar_key = 'debit:' || d._sonar_key"
        " where d.prorated_from is not null",
        (
            f"update {_M}.billing_transactions set period_from = period_from - 30"
            " where _sonar_key = '{key}'",
        ),
        "period_is_not_the_records",
    ),
    InMarts(
        "period on the invoice that ends before it begins",
        f"select _sonar_key from {_M}.invoices_items where period_to is not null",
        (
            f"update {_M}.invoices_items set period_to = period_from - 1"
            " where _sonar_key = '{key}'",
        ),
        "period_ends_before_it_begins",
    ),
    InMarts(
        "day of the charge moved",
        f"select _sonar_key from {_M}.billing_transactions where _sonar_key like 'debit:%'"
        " and invoice_id is not null",
        (f"update {_M}.billing_transactions set date = date + 1 where _sonar_key = '{{key}}'",),
        "charge_is_of_another_day",
    ),
    InMarts(
        "refund counted beside its reversal",
        f"select _sonar_key from {_M}.billing_transactions where _sonar_key like"
        " 'taken_back:reversal:%'",
        (_COPY.replace("{changes}", "'id', 999999, '_sonar_key', 'taken_back:refund:999999'"),),
        "taken_back_twice",
        "taken_back:refund:999999",
    ),
    InMarts(
        "credit note doubled",
        f"select _sonar_key from {_M}.credit_notes",
        (f"update {_M}.credit_notes set total = 2 * total where _sonar_key = '{{key}}'",),
        "credit_note_total_is_not_its_items",
    ),
    InMarts(
        "deposit off by one cent",
        f"select _sonar_key from {_M}.customer_billing where deposit <> 0",
        (
            f"update {_M}.customer_billing set deposit = deposit + 0.01"
            " where _sonar_key = '{key}'",
        ),
        "deposit_is_not_credits_minus_debits",
    ),
    InMarts(
        "due off by one cent",
        f"select _sonar_key from {_M}.invoices where due > 0",
        (f"update {_M}.invoices set due = due - 0.01 where _sonar_key = '{{key}}'",),
        "invoice_due_is_not_what_is_unpaid",
    ),
    InMarts(
        "charge of the next bill counted today",
        f"select _sonar_key from {_M}.billing_transactions where to_invoice = '1'"
        " and _sonar_key like 'debit:%'",
        (f"update {_M}.billing_transactions set to_invoice = '0' where _sonar_key = '{{key}}'",),
        "charge_without_invoice_is_counted",
    ),
    InMarts(
        "tax folded into the line and a line of its own",
        f"select b._sonar_key from {_M}.billing_transactions as b"
        " inner join staging.stg_sonar__tax_transactions as t"
        " on t.owner_type = 'Debit' and 'debit:' || t.sonar_owner_id = b._sonar_key"
        " where b.tax_percent = 0 and b.invoice_id is not null",
        (
            f"update {_M}.billing_transactions set tax_percent = 10,"
            " total = round(quantity * price * 1.1, 2) where _sonar_key = '{key}'",
        ),
        "tax_is_not_the_records",
    ),
    InMarts(
        "tax of another percent than its cents",
        f"select _sonar_key from {_M}.billing_transactions where tax_percent > 0",
        (
            f"update {_M}.billing_transactions set tax_percent = tax_percent + 1"
            " where _sonar_key = '{key}'",
        ),
        "transaction_total_is_not_quantity_times_price_with_tax",
    ),
    InMarts(
        "cents taken for units",
        f"select _sonar_key from {_M}.billing_transactions where _sonar_key like 'debit:%'"
        " and tax_percent = 0 and invoice_id is not null",
        (
            f"update {_M}.billing_transactions set price = 100 * price, total = 100 * total"
            " where _sonar_key = '{key}'",
        ),
        "charge_is_not_the_records",
    ),
    InMarts(
        "transfer with one side",
        f"select _sonar_key from {_M}.billing_transactions where _sonar_key like"
        " 'transfer_credit:%'",
        (f"delete from {_M}.billing_transactions where _sonar_key = '{{key}}'",),
        "transfer_is_one_sided",
        "",
    ),
    InMarts(
        "money of another customer",
        f"select _sonar_key from {_M}.customer_billing where deposit <> 0",
        (
            f"update {_M}.billing_transactions set customer_id ="
            f" (select max(id) from {_M}.customers) where _customer_key = '{{key}}'",
        ),
        "deposit_is_not_credits_minus_debits",
    ),
)


@pytest.mark.parametrize("fault", _IN_MARTS, ids=[fault.what for fault in _IN_MARTS])
def test_an_error_in_the_marts_is_found_and_named(fault: InMarts, world: Scene, rig: Rig) -> None:
    [(key,)] = world.rows(fault.pick + " order by 1 limit 1")
    world.execute(*(statement.replace("{key}", key) for statement in fault.plant))

    rig.rebuilder.build(world.connection, ["audit_money_breaches"])

    found = _breaches(world)
    assert fault.breach in found
    assert fault.named.replace("{key}", key) in ["", *found[fault.breach]]
    assert any(fault.breach in what for what in _refusing(world, rig))


def test_a_lost_payment_leaves_cents_without_a_cause(world: Scene, rig: Rig) -> None:
    [(key, customer, cents)] = world.rows(
        "select _sonar_key, _customer_key, (100 * amount)::bigint from splynx_staging.payments"
        " where amount > 0 and remind_amount = 0 order by id limit 1"
    )
    # As though no model had ever seen it: transaction, allocation and balance agree without it.
    world.execute(
        f"delete from splynx_staging.payments where _sonar_key = '{key}'",
        f"delete from splynx_staging.billing_transactions where _sonar_key = '{key}'",
        f"update splynx_staging.customer_billing set deposit = deposit - {cents} / 100.0"
        f" where _customer_key = '{customer}'",
        f"delete from audit.audit_money_outcomes where collection = 'payments'"
        f" and _sonar_key = '{key.removeprefix('payment:')}'",
    )

    rig.rebuilder.build(world.connection, ["audit_money_differences", "audit_money_position"])

    assert _unexplained(world) == {customer: cents}
    assert any("have no cause" in what for what in _refusing(world, rig))


@pytest.mark.parametrize(
    ("column", "number", "prefix"),
    [
        ("invoices.number", "202501000001", "invoice_number_prefix"),
        ("payments.receipt_number", "2025-03-00017", "receipt_number_prefix"),
        ("credit_notes.number", "202501000001", "credit_note_number_prefix"),
    ],
)
def test_a_number_that_the_target_could_give_refuses(
    world: Scene, rig: Rig, column: str, number: str, prefix: str
) -> None:
    table, _, name = column.partition(".")
    world.execute(
        f"update splynx_staging.{table} set {name} = '{number}'"
        f" where id = (select min(id) from splynx_staging.{table})"
    )

    rig.rebuilder.build(world.connection, ["audit_money_guards"])

    found = [
        f for f in money.findings(money.gather(world.connection, rig.manifest)) if prefix in f.todo
    ]
    assert [(f.severity, f.count, f.what.partition(":")[0]) for f in found] == [
        ("critical", 1, table)
    ]


def test_prices_with_their_tax_refuse(world: Scene, rig: Rig) -> None:
    world.execute(
        "update splynx_staging.tariffs_internet set with_vat = '1'"
        " where id = (select min(id) from splynx_staging.tariffs_internet)"
    )

    rig.rebuilder.build(world.connection, ["audit_money_guards"])

    assert any("tariffs_internet: prices with" in what for what in _refusing(world, rig))


@dataclass(frozen=True, slots=True)
class InSonar:
    """An error of Sonar's own: what is planted in landed rows, and the finding that names it."""

    what: str
    pick: str
    plant: tuple[str, ...]
    changed: tuple[str, ...]
    finding: str
    named: str = "{key}"
    is_only_stated: bool = False  # no model but the audits reads it


def _set(table: str, name: str, value: str) -> str:
    return (
        f"update raw_sonar.{table} set payload = jsonb_set(payload, '{{{name}}}', {value})"
        " where _sonar_key = '{key}'"
    )


def _more(table: str, name: str) -> str:
    return _set(table, name, f"to_jsonb((payload->>'{name}')::bigint + 1)")


def _copy(table: str, **changes: str) -> str:
    changed = ", ".join(f"'{name}', {value}" for name, value in changes.items())
    return (
        f"insert into raw_sonar.{table} (_sonar_key, payload, _run_id) select '999999',"
        f" payload || jsonb_build_object('id', '999999', {changed}), _run_id"
        f" from raw_sonar.{table} where _sonar_key = '{{key}}'"
    )


_LOADED = "from audit.audit_money_outcomes where outcome = 'mart'"
_IN_SONAR = (
    InSonar(
        "double tax",
        "select t._sonar_key from staging.stg_sonar__tax_transactions as t"
        " inner join splynx_staging.billing_transactions as b"
        " on 'debit:' || t.sonar_owner_id = b._sonar_key and b.invoice_id is not null"
        " where t.owner_type = 'Debit' and t.amount_cents > 0",
        (_copy("tax_transactions", amount_taxed="payload->'amount_taxed'"),),
        ("stg_sonar__tax_transactions",),
        "tax_twice",
        "999999",
    ),
    InSonar(
        "payment entered twice",
        f"select _sonar_key {_LOADED} and collection = 'payments'",
        (_copy("payments", fee="payload->'fee'"),),
        ("stg_sonar__payments",),
        "payment_twice",
        "999999",
    ),
    InSonar(
        "refund without a reversal",
        "select r._sonar_key from staging.stg_sonar__refunded_payments as r"
        " inner join audit.audit_money_outcomes as o on o.collection = 'refunded_payments'"
        " and o._sonar_key = r._sonar_key and o.outcome = 'merged'",
        (
            "delete from raw_sonar.reversed_payments where payload->>'payment_id' ="
            " (select payload->>'payment_id' from raw_sonar.refunded_payments"
            " where _sonar_key = '{key}')",
        ),
        ("stg_sonar__reversed_payments",),
        "refund_without_reversal",
    ),
    InSonar(
        "more taken back than paid",
        f"select _sonar_key {_LOADED} and collection = 'reversed_payments'",
        (_set("reversed_payments", "amount", "'99999999'::jsonb"),),
        ("stg_sonar__reversed_payments",),
        "taken_back_exceeds_payment",
        "",
    ),
    InSonar(
        "payment applied beyond what it is",
        f"select _sonar_key {_LOADED} and collection = 'credits' and _sonar_key in"
        " (select _sonar_key from staging.stg_sonar__credits where payer_type = 'Payment')",
        (_set("credits", "amount", "'99999999'::jsonb"),),
        ("stg_sonar__credits",),
        "payment_over_applied",
        "",
    ),
    InSonar(
        "invoice paid beyond its total",
        f"select _sonar_key {_LOADED} and collection = 'credits'",
        (_copy("credits", amount="payload->'amount'"),),
        ("stg_sonar__credits",),
        "invoice_over_applied",
        "",
    ),
    InSonar(
        "credit on a void invoice",
        "select c._sonar_key from staging.stg_sonar__credits as c"
        " inner join audit.audit_money_outcomes as o on o.collection = 'credits'"
        " and o._sonar_key = c._sonar_key and o.outcome = 'mart'",
        (
            'update raw_sonar.invoices set payload = payload || \'{"void": true,'
            " \"remaining_due\": 0}' where _sonar_key = (select payload->>'invoice_id'"
            " from raw_sonar.credits where _sonar_key = '{key}')",
        ),
        ("stg_sonar__invoices",),
        "credit_on_void_invoice",
    ),
    InSonar(
        "credit of a payment that failed",
        "select c._sonar_key from staging.stg_sonar__credits as c"
        " inner join audit.audit_money_outcomes as o on o.collection = 'credits'"
        " and o._sonar_key = c._sonar_key and o.outcome = 'mart' where c.payer_type = 'Payment'",
        (
            "update raw_sonar.payments set payload = payload || '{\"successful\": false}'"
            " where _sonar_key = (select payload->>'creditable_id' from raw_sonar.credits"
            " where _sonar_key = '{key}')",
        ),
        ("stg_sonar__payments",),
        "credit_of_unsuccessful_payment",
    ),
    InSonar(
        "total of an invoice is not its charges",
        f"select _sonar_key {_LOADED} and collection = 'invoices'",
        (_more("invoices", "total_debits"),),
        ("stg_sonar__invoices",),
        "invoice_debits_disagree",
        is_only_stated=True,
    ),
    InSonar(
        "taxes of an invoice are not its rows",
        f"select _sonar_key {_LOADED} and collection = 'invoices'",
        (_more("invoices", "total_taxes"),),
        ("stg_sonar__invoices",),
        "invoice_taxes_disagree",
        is_only_stated=True,
    ),
    InSonar(
        "due of an invoice is not what is unpaid",
        f"select _sonar_key {_LOADED} and collection = 'invoices'",
        (_more("invoices", "remaining_due"),),
        ("stg_sonar__invoices",),
        "invoice_due_disagrees",
        is_only_stated=True,
    ),
    InSonar(
        "rest of a payment is not what is left",
        f"select _sonar_key {_LOADED} and collection = 'payments'",
        (_more("payments", "amount_remaining"),),
        ("stg_sonar__payments",),
        "payment_remaining_disagrees",
        is_only_stated=True,
    ),
    InSonar(
        "rest of a discount is not what is left",
        f"select _sonar_key {_LOADED} and collection = 'discounts'",
        (_more("discounts", "amount_remaining"),),
        ("stg_sonar__discounts",),
        "discount_remaining_disagrees",
        is_only_stated=True,
    ),
    InSonar(
        "charge taken back without a discount",
        "select d._sonar_key from staging.stg_sonar__debits as d"
        " inner join splynx_staging.billing_transactions as b"
        " on b._sonar_key = 'debit:' || d._sonar_key and b.invoice_id is not null"
        " where not d.is_reversed and d.amount_cents > 0",
        (_set("debits", "reversed", "'true'::jsonb"),),
        ("stg_sonar__debits",),
        "reversed_debit_without_discount",
    ),
    InSonar(
        "discount of other cents than the charge it takes back",
        "select _sonar_key from staging.stg_sonar__discounts where sonar_debit_id is not null",
        (_more("discounts", "amount"),),
        ("stg_sonar__discounts",),
        "mirror_discount_disagrees",
    ),
    InSonar(
        "ledger that ends elsewhere",
        "select _sonar_key from (select distinct on (sonar_account_id) * from"
        " staging.stg_sonar__transactions order by sonar_account_id, booked_at desc,"
        " sonar_transaction_id desc) as last",
        (_more("transactions", "running_balance"),),
        ("stg_sonar__transactions",),
        "ledger_disagrees_with_documents",
        "",
        is_only_stated=True,
    ),
    InSonar(
        "total of the tenant is not its invoices",
        "select _sonar_key from staging.stg_sonar__daily_aggregate_values"
        " where aggregate_key = 'BALANCE_DUE' and aggregate_date = (select max(aggregate_date)"
        " from staging.stg_sonar__daily_aggregate_values)",
        (_set("daily_aggregate_values", "value", "'1'::jsonb"),),
        ("stg_sonar__daily_aggregate_values",),
        "balance_due_disagrees",
        is_only_stated=True,
    ),
)


@pytest.mark.parametrize("fault", _IN_SONAR, ids=[fault.what for fault in _IN_SONAR])
def test_an_error_of_sonar_is_named_and_explains_its_cents(
    fault: InSonar, world: Scene, rig: Rig
) -> None:
    [(key,)] = world.rows(fault.pick + " order by 1 limit 1")
    world.execute(*(statement.replace("{key}", key) for statement in fault.plant))

    if fault.is_only_stated:
        audits = ["audit_sonar_invoices", "audit_sonar_payers", "audit_sonar_legs"]
        more = ["audit_money_findings", "audit_money_differences", "audit_money_position"]
        rig.rebuilder.build(world.connection, [*fault.changed, *audits, *more])
    else:
        rig.rebuild(world, *fault.changed)

    found = world.rows(
        f"select _sonar_key from audit.audit_money_findings where finding = '{fault.finding}'"
    )
    assert fault.named.replace("{key}", key) in ["", *(row[0] for row in found)]
    assert found
    # It is neither mended nor spread: the marts stay whole, and every cent of it has a cause.
    assert _breaches(world) == {}
    assert _unexplained(world) == {}


@pytest.mark.parametrize(
    ("plant", "place"),
    [
        (
            "update raw_sonar.notes set payload = jsonb_set(payload, '{message}',"
            " to_jsonb('card: {number}'::text)), _run_id = 'r2' where _sonar_key = '{key}'",
            "notes.message",
        ),
        (
            "update splynx_staging.customer_notes set comment = '<p>{number}</p>'"
            " where id = (select min(id) from splynx_staging.customer_notes)",
            "customer_notes.comment",
        ),
    ],
    ids=["landed", "in a mart"],
)
@pytest.mark.parametrize("number", ["4111111111111111", "5500-0055-5555-5559", "3782 822463 10005"])
def test_a_card_number_is_found_and_shown_masked(
    world: Scene, rig: Rig, plant: str, place: str, number: str
) -> None:
    card_numbers.scan(world.connection, rig.manifest)  # what was there before is not read again
    [(key,)] = world.rows("select min(_sonar_key) from raw_sonar.notes")
    world.execute(plant.replace("{number}", number).replace("{key}", key))

    found = card_numbers.scan(world.connection, rig.manifest)

    assert [card.place for card in found] == [place]
    assert card_numbers.scan(world.connection, rig.manifest) == found
    [finding] = money.card_findings(found)
    assert finding.severity == "critical"
    assert number[-4:] in finding.what
    assert number not in repr(finding)
