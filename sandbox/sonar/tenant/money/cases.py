"""The special cases by the trap that counts them, and where each is written."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.sonar.tenant.money import of_charges, of_discounts, of_payments
from sandbox.sonar.tenant.money.scenes import Scene

CHILD = "parent_pays_child"
BILLS: Mapping[str, Scene] = {  # in place of an ordinary bill
    "void_invoice": of_charges.void_invoice,
    "reversed_debit": of_discounts.reversed_debit,
    "refunded_payment": of_payments.refunded_payment,
    "partial_refund": of_payments.partial_refund,
    "voided_payment": of_payments.voided_payment,
    "reversed_payment": of_payments.reversed_payment,
    "voided_credit": of_payments.voided_credit,
    "failed_payment": of_payments.failed_payment,
    CHILD: of_payments.parent_pays_child,
    "prorated_debit": of_charges.prorated_debit,
    "multi_month_invoice": of_charges.multi_month_invoice,
    "linked_debit": of_charges.linked_debit,
    "tax_folded": of_charges.tax_folded,
    "several_taxes_on_debit": of_charges.several_taxes,
    "tax_on_discount": of_discounts.tax_on_discount,
    "zero_tax": of_charges.zero_tax,
    "late_fee_only": of_charges.late_fee_only,
    "zero_debit": of_charges.zero_debit,
    "quantity_debit": of_charges.quantity_debit,
}
LAST: Mapping[str, Scene] = {"pending_payment": of_payments.pending_payment}  # of the last bill
BESIDE: Mapping[str, Scene] = {  # apart from bills
    "reversed_uninvoiced_debit": of_charges.reversed_uninvoiced_debit,
    "uninvoiced_debit": of_charges.uninvoiced_debit,
    "discount_unapplied": of_discounts.discount_unapplied,
    "reversed_discount": of_discounts.reversed_discount,
    "payment_unapplied": of_payments.payment_unapplied,
}
SCENES: Mapping[str, Scene] = {**BILLS, **LAST, **BESIDE}
