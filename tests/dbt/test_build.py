"""The dbt project on real warehouses: empty, full, damaged, and with a target."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.dbt.project import Built, Dbt

_UNIT_TESTS = ("test", "--resource-type", "unit_test")
EXPOSURES = {"load", "acceptance", "report"}  # nothing to run
pytestmark = pytest.mark.postgres

TARGET = "127.0.0.1:3306/splynx#1"
_IDS = "select _sonar_key, id from splynx_staging.customers"
# What the ids of these two, and the references between them, come from once a target is known.
_PLANNING = tuple(f"stg_splynx__current_target+,+{m}" for m in ("customers", "services_internet"))
_INSPECTED = (
    "insert into ops.target (target, address, epoch, dialect, version, sql_mode, charset,"
    f" local_infile, run_id) values ('{TARGET}', '127.0.0.1:3306/splynx', 1, 'mariadb', '10.11',"
    " '', 'utf8mb4', false, 'r2')"
)


def test_everything_works_on_an_empty_warehouse(empty: Dbt) -> None:
    # Unit tests of a model that remembers need its table, so they have a command of their own.
    for command in (("build", "--exclude-resource-type", "unit_test"), _UNIT_TESTS):
        ended = empty(*command)

        assert ended.code == 0, ended.output
        assert {r["status"] for name, r in ended.results.items() if name not in EXPOSURES} <= {
            "success",
            "pass",
        }


def test_every_record_ends_where_the_generator_says(built: Built) -> None:
    found: dict[str, Counter[tuple[str, str]]] = {}
    for entity, outcome, reason in built.rows(
        "select entity, outcome, coalesce(reason, '') from audit.audit_record_outcomes"
    ):
        rule = reason if outcome in {"excluded", "rejected"} else ""
        found.setdefault(entity, Counter())[outcome, rule] += 1

    expected = {
        entity: Counter(
            {("mart", ""): told["mart"], ("merged", ""): told["merged"]}
            | {("excluded", rule): count for rule, count in told["excluded"].items()}
            | {("rejected", rule): count for rule, count in told["rejected"].items()}
        )
        for entity, told in built.tenant.truth["outcomes"].items()
    }
    collections = built.tenant.truth["collections"]
    accounted: dict[str, Counter[str]] = {}
    for entity, told in expected.items():
        if entity in collections:
            assert found.get(entity, Counter()) == +told, entity
            sums = accounted.setdefault(collections[entity], Counter())
            for (outcome, _), count in told.items():
                sums[outcome] += count
        else:  # rows that stand for no record of their own
            rows = built.rows(f"select count(*) from splynx_staging.{entity}")
            assert rows == [(told["mart", ""],)], entity
    kinds = ("mart", "merged", "excluded", "rejected")
    for collection, *counts in built.rows(
        f"select collection, {', '.join(kinds)} from audit.audit_row_accounting"
    ):
        if collection in accounted:
            assert counts == [accounted[collection][kind] for kind in kinds], collection


def test_the_demo_sign_offs_are_exactly_the_demo_rejections(built: Built) -> None:
    rejected = built.rows("select entity, reason, rows from audit.audit_rejection_summary")
    signed = built.rows(
        "select entity, reason, max_rows from seeds.map_accepted_rejections"
        " where source = '127.0.0.1'"
    )

    assert sorted(signed) == sorted(rejected)
    assert built.rows("select count(*) from audit.audit_rejection_summary where not is_signed") == [
        (0,)
    ]


# What is damaged, the test that must fail, the column that names the row, and the named row.
_DAMAGES = (
    (
        "delete from raw_sonar.contacts where _sonar_key = '{contact}'",
        "assert_raw_agrees_with_the_extraction",
        "missing_id_sum",
        "{contact}",
    ),
    (
        "delete from staging.stg_sonar__phone_numbers where _sonar_key = '{phone}'",
        "holds_every_live_record_of_stg_sonar__phone_numbers_source_sonar_phone_numbers_",
        "_sonar_key",
        "{phone}",
    ),
    (
        "delete from intermediate.int_customers__addresses where _sonar_key = '{address}'",
        "screens_all_of_int_customers__addresses_ref_stg_sonar__addresses_",
        "_sonar_key",
        "{address}",
    ),
    (
        "delete from intermediate.int_crosswalk where entity = 'customers'"
        " and _sonar_key = '{customer}'",
        "assert_mart_ids_are_the_planned_ones",
        "_sonar_key",
        "{customer}",
    ),
    (
        "delete from splynx_staging.services_internet where _sonar_key = '{service}'",
        "accounts_for_all_of_services_internet_ref_int_services__internet_",
        "_sonar_key",
        "{service}",
    ),
    (
        "delete from splynx_staging.customer_billing where _sonar_key = '{customer}'",
        "assert_every_customer_has_its_rows",
        "customer_id",
        "{customer}",
    ),
    (
        "update splynx_staging.services_internet set customer_id = 999999"
        " where _sonar_key = '{orphan}'",
        "relationships_services_internet_customer_id__id__ref_customers_",
        "from_field",
        "999999",
    ),
    (
        "update splynx_staging.services_internet set unit_price = unit_price + 0.005"
        " where _sonar_key = '{orphan}'",
        "assert_service_prices_are_sonars_cents",
        "_sonar_key",
        "{orphan}",
    ),
    (
        "update splynx_staging.customers set login = upper(login) || '' where _sonar_key ="
        " '{customer}'; update splynx_staging.customers set login = (select lower(login) from"
        " splynx_staging.customers where _sonar_key = '{customer}') where _sonar_key = '{second}'",
        "unique_ignoring_case_customers_login",
        "times",
        "2",
    ),
    (
        "update splynx_staging.ipv4_networks_ip set customer_id = null where ip = '{ip}'",
        "assert_addresses_of_services_are_in_use",
        "_sonar_key",
        "{holder}",
    ),
    (
        "delete from splynx_staging.ipv4_networks_ip where id in (select max(ip.id)"
        " from splynx_staging.ipv4_networks_ip as ip join splynx_staging.ipv4_networks as network"
        " on network.id = ip.ipv4_networks_id where network._sonar_key = '{network}'"
        " and ip.is_used = '0')",
        "assert_networks_have_all_their_addresses",
        "_sonar_key",
        "{network}",
    ),
    (
        "delete from audit.audit_record_outcomes where collection = 'services'"
        " and _sonar_key = '{tariff}'",
        "assert_every_live_record_has_one_outcome",
        "_sonar_key",
        "{tariff}",
    ),
)


def test_a_row_missing_from_any_layer_fails_a_test_that_names_it(built: Built) -> None:
    services = built.rows("select _sonar_key from splynx_staging.services_internet order by id")
    customers = built.rows("select _sonar_key from splynx_staging.customers order by id")
    ((holder, ip, network),) = built.rows(
        "select service._sonar_key, ip.ip, network._sonar_key"
        " from splynx_staging.services_internet as service"
        " join splynx_staging.ipv4_networks_ip as ip on ip.ip = service.ipv4"
        " join splynx_staging.ipv4_networks as network on network.id = ip.ipv4_networks_id"
        " where exists (select 1 from splynx_staging.ipv4_networks_ip as other"
        " where other.ipv4_networks_id = network.id and other.is_used = '0')"
        " order by service.id desc limit 1"
    )
    names = {
        "contact": built.tenant.rows["contacts"][5]["id"],
        "phone": built.tenant.rows["phone_numbers"][5]["id"],
        "address": built.tenant.rows["addresses"][5]["id"],
        "tariff": built.tenant.rows["services"][5]["id"],
        "service": services[7][0],
        "orphan": services[8][0],
        "customer": customers[7][0],
        "second": customers[8][0],
        "holder": holder,
        "ip": ip,
        "network": network,
    }
    for damage, *_ in _DAMAGES:
        built.execute(*damage.format(**names).split(";"))

    ended = built.dbt("test", "--select", *(test for _, test, _, _ in _DAMAGES))

    assert ended.code == 1, ended.output
    for _, test, column, key in _DAMAGES:
        named = [result for name, result in ended.results.items() if name.startswith(test)]
        assert [result["status"] for result in named] == ["fail"], f"{test}\n{ended.output}"
        rows = built.rows(f"select {column}::text from {named[0]['relation_name']}")
        assert (key.format(**names),) in rows, test


def test_ids_are_planned_around_the_target_and_stand_once_loaded(built: Built) -> None:
    before = dict(built.rows(_IDS))
    taken, loaded, late = sorted(before, key=int)[:3]
    ((named, login),) = built.rows(
        "select _sonar_key, login from splynx_staging.customers"
        " where login <> _sonar_key order by id desc limit 1"
    )
    built.execute(
        _INSPECTED,
        f"insert into ops.target_id values ('{TARGET}', 'customers', {taken})",
        "insert into ops.target_business_key values"
        f" ('{TARGET}', 'customers', 'login', '{login.upper()}', {taken})",
    )

    ended = built.dbt("run", "--select", *_PLANNING)

    assert ended.code == 0, ended.output
    planned = dict(built.rows(_IDS))
    assert planned[taken] == max(before.values()) + 1
    assert planned == {**before, taken: planned[taken]}
    assert built.rows(
        f"select login from splynx_staging.customers where _sonar_key = '{named}'"
    ) == [(named,)]

    # One customer is loaded and so no stranger; another's id is taken before it could be loaded.
    built.execute(
        "insert into ops.id_map (target, entity, _sonar_key, planned_id, target_id, run_id)"
        f" values ('{TARGET}', 'customers', '{loaded}', {loaded}, {loaded}, 'r3')",
        f"insert into ops.target_id values ('{TARGET}', 'customers', {loaded}),"
        f" ('{TARGET}', 'customers', {late})",
    )

    ended = built.dbt("run", "--select", *_PLANNING)

    assert ended.code == 0, ended.output
    assert dict(built.rows(_IDS)) == {**planned, late: planned[taken] + 1}
    assert built.rows(
        "select count(*) from splynx_staging.services_internet as services"
        " left join splynx_staging.customers as customers"
        " on services._customer_key = customers._sonar_key"
        " where services.customer_id is distinct from customers.id"
    ) == [(0,)]
    assert built.rows(
        "select count(*) from intermediate.int_crosswalk"
        " where target = 'uninspected' and entity = 'customers' and origin = 'kept'"
    ) == [(len(before),)]
