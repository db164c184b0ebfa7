"""The demo tenant goes the whole way once; the tests of this module look at what it left behind."""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests import services
from tests.e2e.way import MARTS, Way, way

# Tokens go by REST alone, and the demo maps no processor to one.
_EMPTY = {"payment_account_data"}
# Which cards have expired depends on the day of the extraction, which is today's.
_OF_THE_DAY = {"credit_cards"}

pytestmark = [pytest.mark.e2e, pytest.mark.postgres, pytest.mark.mysql]


@pytest.fixture(scope="module")
def migrated(
    warehouses: services.Warehouses, splynxes: services.Splynxes
) -> Iterator[tuple[Way, str]]:
    """Yield a demo tenant after `migrate`, and what the command printed."""
    with way(warehouses, splynxes, "demo") as made:
        yield made, made.succeed("runtime", "migrate")


def test_it_ends_reconciled_with_a_table_and_a_page(migrated: tuple[Way, str]) -> None:
    made, output = migrated
    rows = made.all("select * from ops.reconciliation")
    assert {row.verdict for row in rows} == {"agrees"}
    assert {row.entity for row in rows} > set(MARTS)
    for row in (row for row in rows if row.entity in MARTS):
        assert row.mart == row.loaded == row.in_target == row.identical
        assert (row.mart > 0) == (row.entity not in _EMPTY), row.entity
        assert re.search(rf"\b{row.entity}\b.*\b{row.in_target}\b", output)
    page = made.build / "report" / "index.html"
    assert page.stat().st_size > 0
    assert str(page) in output
    assert output.rstrip().splitlines()[-1].startswith("runtime: 0 ")


def test_every_record_ends_as_the_generator_says(migrated: tuple[Way, str]) -> None:
    made, _ = migrated
    found: dict[str, Counter[tuple[str, str | None]]] = {}
    outcomes = made.all("select entity, outcome, reason from audit.audit_record_outcomes")
    for entity, outcome, reason in outcomes:
        found.setdefault(entity, Counter())[(outcome, reason)] += 1
    compared = 0
    for entity, truth in made.sonar.truth["outcomes"].items():
        expected: dict[tuple[str, str | None], int] = {}
        for outcome in ("mart", "merged"):
            if truth.get(outcome):
                expected[(outcome, None)] = truth[outcome]
        for outcome in ("excluded", "rejected"):
            for reason, count in truth.get(outcome, {}).items():
                expected[(outcome, reason)] = count
        here = {
            (outcome, None if outcome in {"mart", "merged"} else reason): 0
            for outcome, reason in found.get(entity, {})
        }
        for (outcome, reason), count in found.get(entity, Counter()).items():
            here[(outcome, None if outcome in {"mart", "merged"} else reason)] += count
        if entity in _OF_THE_DAY:
            rules = {outcome for outcome in expected if outcome[0] == "excluded"}
            assert {outcome for outcome in here if outcome[0] == "excluded"} <= rules, entity
            assert sum(here.values()) == sum(expected.values()), entity
            kept = {outcome: n for outcome, n in expected.items() if outcome not in rules}
            assert {o: n for o, n in here.items() if o not in rules} == kept, entity
        elif here:
            assert here == expected, entity
            compared += 1
    assert compared >= 3


def test_counts_and_sums_of_the_raw_tables_equal_the_truth(migrated: tuple[Way, str]) -> None:
    made, _ = migrated
    counts = made.sonar.truth["counts"]
    ledger = {
        row.collection: row
        for row in made.all("select * from ops.extract_ledger where state = 'complete'")
    }
    for collection, row in ledger.items():
        landed = made.all(
            f'select count(*) from raw_sonar."{collection}" where _deleted_at is null'
        )
        assert landed[0][0] == row.landed_count == counts[collection], collection
    assert {"accounts", "services", "account_services", "contacts"} <= set(ledger)
    assert ledger["accounts"].grade == "proven"


def test_no_secret_is_anywhere(migrated: tuple[Way, str]) -> None:
    made, output = migrated
    tables = made.all(
        "select table_schema, table_name from information_schema.tables"
        " where table_type = 'BASE TABLE'"
        " and table_schema not in ('pg_catalog', 'information_schema')"
    )
    assert len(tables) > 40
    token = made.sonar.token
    passwords = [token, str(made.splynx.url.password), str(made.warehouse_url.password)]
    for schema, table in tables:
        for secret in ("SANDBOX-SECRET-", *passwords):
            hits = made.all(
                f'select count(*) from "{schema}"."{table}" t'
                f" where strpos(t::text, '{secret}') > 0"
            )
            assert hits[0][0] == 0, f"{schema}.{table}"
    files = [path for path in made.build.rglob("*") if path.is_file()]
    assert any("data_docs" in str(path) for path in files)
    for path in files:
        content = path.read_bytes()
        assert b"SANDBOX-SECRET-" not in content, path
        for password in passwords:
            assert password.encode() not in content, path
    assert not any(secret in output for secret in ("SANDBOX-SECRET-", *passwords))


def test_no_person_is_in_what_is_handed_around(migrated: tuple[Way, str]) -> None:
    made, output = migrated
    people = {
        value
        for row in made.all(
            "select name, email, phone, street_1 from splynx_staging.customers order by id limit 60"
        )
        for value in row
        if value and len(value) > 5
    }
    assert len(people) > 100
    pages = [
        path
        for folder in ("data_docs", "report", "logs")
        for path in (made.build / folder).rglob("*")
        if path.is_file()
    ]
    assert len(pages) > 5
    handed_around = [(path, path.read_text("utf-8", "replace")) for path in pages]
    for where, content in [*handed_around, ("output", output)]:
        assert not [person for person in people if person in content], where


def _day(made: Way) -> Any:
    """Return the day of the extraction from which the marts were made."""
    return made.all("select cutover_date from intermediate.int_services__cutover")[0][0]


def test_a_second_migration_writes_nothing(migrated: tuple[Way, str]) -> None:
    made, _ = migrated
    day = _day(made)
    before = (made.target_checksums(), made.raw_checksums())
    output = made.succeed("runtime", "migrate")
    if _day(made) != day:  # midnight has passed, and marts tell of the day: this was the first one
        before = (made.target_checksums(), made.raw_checksums())
        output = made.succeed("runtime", "migrate")
    assert (made.target_checksums(), made.raw_checksums()) == before
    assert "0 rows written" in output


@pytest.mark.parametrize(
    ("layers", "command", "code", "named"),
    [
        (("splynx_staging.customers",), ("expectations", "run"), 3, r"\b{key}\b"),
        (
            ("raw_sonar.contacts", "splynx_staging.services_internet", "target.customer_cap"),
            ("load.reconcile",),
            4,
            r"\b{table}\b.*\[[^]]*\b{key}\b",
        ),
    ],
    ids=["by acceptance", "by reconciliation"],
)
def test_a_row_removed_from_any_layer_is_named(
    migrated: tuple[Way, str],
    layers: tuple[str, ...],
    command: tuple[str, ...],
    code: int,
    named: str,
) -> None:
    made, _ = migrated
    removed: dict[str, str] = {}
    with ExitStack() as put_back:
        for layer in layers:
            removed[layer], restore = _remove_one(made, layer)
            put_back.callback(restore)
        done = made.run(*command)
    output = done.stdout + done.stderr
    assert done.returncode == code, output
    for layer, key in removed.items():
        line = named.format(table=layer.partition(".")[2], key=re.escape(key))
        assert re.search(line, output), f"{line}\n{output}"


def _remove_one(made: Way, layer: str) -> tuple[str, Any]:
    """Remove one row of a layer; return its key and what puts it back."""
    if layer.startswith("target."):
        with made.splynx.engine.begin() as connection:
            row = connection.exec_driver_sql("select * from customer_cap limit 1").mappings().one()
            connection.exec_driver_sql(
                "delete from customer_cap where customer_id = %s", (row["customer_id"],)
            )

        def put_back() -> None:
            names = ", ".join(f"`{name}`" for name in row)
            marks = ", ".join(["%s"] * len(row))
            with made.splynx.engine.begin() as connection:
                connection.exec_driver_sql(
                    f"insert into customer_cap ({names}) values ({marks})", tuple(row.values())
                )

        return str(row["customer_id"]), put_back
    kept = f"kept_{secrets.token_hex(4)}"
    made.change(f"create table public.{kept} as select * from {layer} order by _sonar_key limit 1")
    key = made.all(f"select _sonar_key from public.{kept}")[0][0]
    removed = made.change(
        f"delete from {layer} where _sonar_key = (select _sonar_key from public.{kept})"
    )
    assert removed == 1

    def restore() -> None:
        made.change(f"insert into {layer} select * from public.{kept}")
        made.change(f"drop table public.{kept}")

    return key, restore
