"""The comparison of first charges on the demo tenant, against the generator and against damage."""

from __future__ import annotations

import pytest

from tests.dbt.project import Built

pytestmark = pytest.mark.postgres


def test_the_next_charges_are_the_ones_that_the_generator_tells(built: Built) -> None:
    found = {
        table: {"count": count, "cents": int(cents), "first": str(first), "last": str(last)}
        for table, count, cents, first, last in built.rows(
            "select splynx_table, count(*), sum(sonar_cents), min(sonar_date), max(sonar_date)"
            " from audit.audit_next_charge"
            " where splynx_id is not null and sonar_date is not null"
            " and splynx_table <> 'services_bundle' group by splynx_table"
        )
    }

    assert found == built.tenant.truth["next_charges"]


def test_billing_days_are_the_ones_that_the_generator_tells(built: Built) -> None:
    found = built.rows(
        "select billing_date::text, count(*) from splynx_staging.customer_billing group by 1"
    )
    assert dict(found) == built.tenant.truth["billing_days"]

    # A day that Splynx has is the day of the next bill, in every mode of Sonar.
    apart = built.rows(
        "select count(*) from audit.audit_next_charge as charges"
        " inner join intermediate.int_customers__screened as customers"
        " on charges._customer_key = customers._sonar_key"
        " inner join staging.stg_sonar__accounts as accounts"
        " on customers._sonar_key = accounts._sonar_key"
        " where charges.cause = 'start_between_billing_days'"
        " and charges.sonar_date = accounts.next_bill_date"
        " and extract(day from accounts.next_bill_date) <= 28"
    )
    assert apart == [(0,)]


def test_what_both_charge_is_the_same_to_the_cent_wherever_days_agree(built: Built) -> None:
    # Of those that both charge, only a start between two billing days may cost something else.
    apart = built.rows(
        "select cause, count(*), sum(cents_apart) from audit.audit_next_charge"
        " where sonar_date is not null and splynx_date is not null group by cause order by cause"
    )

    assert [cause for cause, _, _ in apart] == [
        "in_price_of_bundle",
        "same",
        "start_between_billing_days",
    ]
    assert [cents for _, _, cents in apart[:2]] == [0, 0]
    between = built.rows(
        "select count(*) from audit.audit_next_charge as charges"
        " inner join splynx_staging.customer_billing as billing"
        " on charges.splynx_customer_id = billing.customer_id"
        " where (charges.cause = 'start_between_billing_days')"
        " is distinct from (extract(day from charges.sonar_date) <> billing.billing_date)"
        " and charges.cause in ('same', 'start_between_billing_days')"
    )
    assert between == [(0,)]


def test_a_difference_without_a_cause_fails_the_build(built: Built) -> None:
    [(key,)] = built.rows(
        "select min(_sonar_key) from audit.audit_next_charge"
        " where cause = 'same' and splynx_table = 'services_voice'"
    )
    built.execute(
        "update splynx_staging.services_voice set unit_price = unit_price + 0.01"
        f" where _sonar_key = '{key}'"
    )

    ended = built.dbt(
        "build", "--select", "audit_next_charge", "--exclude-resource-type", "unit_test"
    )

    assert ended.code == 1
    failed = [name for name, result in ended.results.items() if result["status"] == "fail"]
    assert [name.startswith("accepted_values_audit_next_charge_cause") for name in failed] == [True]
    assert built.rows(
        "select _sonar_key, cents_apart from audit.audit_next_charge where cause = 'unexplained'"
    ) == [(key, 1)]
