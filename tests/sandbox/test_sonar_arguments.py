"""Every argument of a collection over HTTP, against the same question asked of the plain rows."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type, is_list_type

from sandbox.sonar.criteria import in_network
from sandbox.sonar.schema import Attribute, load_schema, query_type
from tests.sandbox.sonar_process import SonarProcess, running

Row = Mapping[str, Any]

WHOLE = "paginator: {page: 1, records_per_page: 1000}"
COLLECTIONS = (
    "account_billing_parameters",
    "account_groups",
    "account_services",
    "account_statuses",
    "account_types",
    "accounts",
    "addresses",
    "companies",
    "contacts",
    "data_service_details",
    "files",
    "phone_numbers",
    "radius_accounts",
    "services",
)
READ: Mapping[str, Callable[[Any], Any]] = {  # how the values of a scalar are ordered
    "Int64Bit": int,
    "Int": int,
    "Boolean": bool,
    "Float": float,
    "Latitude": float,
    "Longitude": float,
    "Datetime": datetime.fromisoformat,
    "Date": date.fromisoformat,
    "Time": time.fromisoformat,
    "Geopoint": lambda text: tuple(float(part) for part in text.split(",")),
}


@pytest.fixture(scope="module")
def sonar(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SonarProcess]:
    with running(tmp_path_factory.mktemp("arguments"), "--size", "tiny", "--seed", "3") as server:
        places = {"1": "30.25, -97.75", "3": "30.5,-97.5", "4": "29.0,-95.0"}
        for key, place in places.items():
            change = {"action": "update", "collection": "accounts", "key": key}
            answer = server.control("POST", "rows", {**change, "values": {"geopoint": place}})
            assert answer.status == 200
        yield server


def leaves(collection: str) -> dict[str, str]:
    """Return the scalar of every attribute of a collection."""
    entities = get_named_type(query_type(load_schema()).fields[collection].type)
    assert isinstance(entities, GraphQLObjectType)
    entity = get_named_type(entities.fields["entities"].type)
    assert isinstance(entity, GraphQLObjectType)
    return {
        name: get_named_type(field.type).name
        for name, field in entity.fields.items()
        if is_leaf_type(get_named_type(field.type)) and not is_list_type(field.type)
    }


def archived_too(collection: str) -> str:
    return "include_archived: true" if collection == "accounts" else ""


def everything(server: SonarProcess, collection: str) -> list[Row]:
    names = " ".join(leaves(collection))
    query = f"{{ {collection}({archived_too(collection)} {WHOLE}) {{ entities {{ {names} }} }} }}"
    found: list[Row] = server.data(query)[collection]["entities"]
    assert found
    return found


def asked(server: SonarProcess, collection: str, arguments: str, **variables: Any) -> list[int]:
    """Return the ids that a query with these arguments finds; all variables are instants."""
    declared = ", ".join(f"${name}: Datetime!" for name in variables)
    query = f"""query{f"({declared})" if declared else ""} {{
        {collection}({archived_too(collection)} {WHOLE} {arguments}) {{ entities {{ id }} }} }}"""
    return [int(row["id"]) for row in server.data(query, **variables)[collection]["entities"]]


def ids(rows: list[Row], test: Callable[[Row], bool]) -> list[int]:
    return [int(row["id"]) for row in rows if test(row)]


def refused(server: SonarProcess, collection: str, arguments: str) -> Any:
    answer = server.post(f"{{ {collection}({arguments}) {{ entities {{ id }} }} }}")
    assert answer.status == 200
    error = answer.body["errors"][0]
    assert error["message"] == "validation"
    return error["extensions"]["validation"]


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_every_scalar_has_an_equality_shortcut(sonar: SonarProcess, collection: str) -> None:
    rows = everything(sonar, collection)
    arguments = query_type(load_schema()).fields[collection].args
    wanted = {name: next((r[name] for r in rows if r[name] is not None), None) for name in rows[0]}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    assert {"id", "sonar_unique_id", "created_at", "updated_at", "_version"} <= set(wanted)
    declared = ", ".join(f"${name}: {arguments[name].type}" for name in wanted)
    fields = " ".join(
        f"{'x' + name}: {collection}({archived_too(collection)} {WHOLE} {name}: ${name})"
        " { entities { id } }"
        for name in wanted
    )
    found = sonar.data(f"query ({declared}) {{ {fields} }}", **wanted)
    for name, value in wanted.items():
        got = [int(row["id"]) for row in found["x" + name]["entities"]]
        expected = ids(rows, lambda row: row[name] == value)  # noqa: B023  used at once
        assert got == expected, (name, value)


@pytest.mark.parametrize(
    ("collection", "argument", "same"),
    [
        ("accounts", 'created_at: "{}"', lambda row: row["id"] == "1"),
        ("accounts", 'geopoint: "30.25,-97.75"', lambda row: row["id"] == "1"),
        ("accounts", 'activation_time: "15:30"', lambda row: row["activation_time"] is not None),
        ("accounts", "account_type_id: 1", lambda row: row["account_type_id"] == "1"),
    ],
    ids=["an instant in another zone", "a place", "a time without seconds", "an id as a number"],
)
def test_a_shortcut_compares_values_not_spellings(
    sonar: SonarProcess, collection: str, argument: str, same: Callable[[Row], bool]
) -> None:
    rows = everything(sonar, collection)
    zoned = datetime.fromisoformat(rows[0]["created_at"]).isoformat().replace("+00:00", "Z")
    expected = ids(rows, same)
    assert expected
    assert asked(sonar, collection, argument.format(zoned)) == expected


def test_a_shortcut_with_a_value_of_another_kind_is_refused(sonar: SonarProcess) -> None:
    assert "created_at" in refused(sonar, "accounts", 'created_at: "yesterday"')
    assert "created_at" in refused(sonar, "accounts", 'created_at: "2024-01-01T00:00:00"')
    assert "next_bill_date" in refused(sonar, "accounts", 'next_bill_date: "1/7/2025"')


@pytest.mark.parametrize("collection", COLLECTIONS)
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
def test_every_leaf_sorts_with_null_as_the_least(
    sonar: SonarProcess, collection: str, direction: str
) -> None:
    rows, scalars = everything(sonar, collection), leaves(collection)
    fields = " ".join(
        f"""{"x" + name}: {collection}({archived_too(collection)} {WHOLE}
            sorter: [{{attribute: "{name}", direction: {direction}}}]) {{ entities {{ id }} }}"""
        for name in scalars
    )
    found = sonar.data(f"{{ {fields} }}")
    for name, scalar in scalars.items():
        read = READ.get(scalar, str)
        nulls = [row for row in rows if row[name] is None]
        others = sorted(
            (row for row in rows if row[name] is not None),
            key=lambda row: read(row[name]),
            reverse=direction == "DESC",
        )
        expected = [*nulls, *others] if direction == "ASC" else [*others, *nulls]
        got = [row["id"] for row in found["x" + name]["entities"]]
        assert got == [row["id"] for row in expected], name


def test_the_first_sorter_counts_most(sonar: SonarProcess) -> None:
    sorters = (
        '[{attribute: "account_type_id", direction: DESC}, {attribute: "name", direction: ASC}]'
    )
    rows = everything(sonar, "accounts")
    expected = sorted(rows, key=lambda row: (-int(row["account_type_id"]), row["name"]))
    got = asked(sonar, "accounts", f"sorter: {sorters}")
    assert got == [int(row["id"]) for row in expected]


RANGES: Mapping[str, Callable[[Any, Any], bool]] = {
    "GTE": lambda value, bound: value is not None and value >= bound,
    "GT": lambda value, bound: value is not None and value > bound,
    "LTE": lambda value, bound: value is not None and value <= bound,
    "LT": lambda value, bound: value is not None and value < bound,
    "EQ": lambda value, bound: value == bound,
    "NEQ": lambda value, bound: value != bound,
}


@pytest.mark.parametrize("operator", RANGES)
@pytest.mark.parametrize(
    ("collection", "member", "name"),
    [
        ("accounts", "integer_fields", "parent_account_id"),
        ("accounts", "integer_fields", "id"),
        ("accounts", "integer_fields", "next_recurring_charge_amount"),
        ("accounts", "datetime_fields", "archived_at"),
        ("accounts", "datetime_fields", "created_at"),
        ("accounts", "date_fields", "next_bill_date"),
        ("addresses", "float_fields", "latitude"),
        ("services", "float_fields", "amount"),
    ],
)
def test_ranges(
    sonar: SonarProcess, collection: str, member: str, name: str, operator: str
) -> None:
    rows, read = everything(sonar, collection), READ[leaves(collection)[name]]
    values = sorted((row[name] for row in rows if row[name] is not None), key=read)
    middle = values[len(values) // 2]
    written = middle if isinstance(middle, int) or member == "float_fields" else f'"{middle}"'
    item = f'{{attribute: "{name}", search_value: {written}, operator: {operator}}}'

    def holds(row: Row) -> bool:
        value = None if row[name] is None else read(row[name])
        return RANGES[operator](value, read(middle))

    assert asked(sonar, collection, f"search: [{{{member}: [{item}]}}]") == ids(rows, holds)


def test_several_bounds_on_one_attribute_are_anded(sonar: SonarProcess) -> None:
    rows = everything(sonar, "contacts")
    search = """search: [{integer_fields: [{attribute: "id", search_value: 3, operator: GTE}
        {attribute: "id", search_value: "12", operator: LT}
        {attribute: "id", search_value: 7, operator: NEQ}]
        string_fields: [{attribute: "name", search_value: "a", match: true}
            {attribute: "name", search_value: "e", match: true}]}]"""
    expected = ids(
        rows,
        lambda row: (
            3 <= int(row["id"]) < 12 and row["id"] != "7" and {"a", "e"} <= set(row["name"].lower())
        ),
    )
    assert 0 < len(expected) < 8
    assert asked(sonar, "contacts", search) == expected
    both = """search: [{date_fields: [
        {attribute: "next_bill_date", search_value: "2025-07-02", operator: GTE}
        {attribute: "next_bill_date", search_value: "2025-07-20", operator: LTE}]}]"""
    accounts = everything(sonar, "accounts")
    inside = ids(
        accounts, lambda row: "2025-07-02" <= (row["next_bill_date"] or "") <= "2025-07-20"
    )
    assert 0 < len(inside) < len(accounts)
    assert asked(sonar, "accounts", both) == inside


@pytest.mark.parametrize("operator", ["EQ", "NEQ", None])
@pytest.mark.parametrize("value", [True, False])
def test_booleans(sonar: SonarProcess, operator: str | None, value: bool) -> None:
    given = "" if operator is None else f", operator: {operator}"
    item = f'{{attribute: "marketing_opt_in", search_value: {str(value).lower()}{given}}}'
    rows = everything(sonar, "contacts")
    assert {row["marketing_opt_in"] for row in rows} == {True, False, None}
    expected = ids(rows, lambda row: (row["marketing_opt_in"] == value) is not (operator == "NEQ"))
    assert asked(sonar, "contacts", f"search: [{{boolean_fields: [{item}]}}]") == expected


@pytest.mark.parametrize("match", [True, False])
@pytest.mark.parametrize("partial", [True, False, None])
def test_texts(sonar: SonarProcess, match: bool, partial: bool | None) -> None:
    given = "" if partial is None else f", partial_matching: {str(partial).lower()}"
    item = (
        f'{{attribute: "email_address", search_value: "ROSA", match: {str(match).lower()}{given}}}'
    )
    item = item.replace("ROSA", "RENTALS0@EXAMPLE.ORG" if partial is False else "rentals0@")
    rows = everything(sonar, "contacts")
    shared = ids(rows, lambda row: row["email_address"] == "rentals0@example.org")
    assert len(shared) > 1
    expected = ids(rows, lambda row: (int(row["id"]) in shared) is match)
    assert asked(sonar, "contacts", f"search: [{{string_fields: [{item}]}}]") == expected


def test_null_and_not_null(sonar: SonarProcess) -> None:
    rows = everything(sonar, "contacts")
    without = ids(rows, lambda row: row["username"] is None and row["email_address"] is not None)
    assert 0 < len(without) < sum(row["username"] is None for row in rows)
    search = 'search: [{unset_fields: ["username"], exists: ["email_address"]}]'
    assert asked(sonar, "contacts", search) == without


def test_relations_can_exist_or_not(sonar: SonarProcess) -> None:
    every = {int(row["id"]) for row in everything(sonar, "accounts")}
    contacts = everything(sonar, "contacts")
    having = {
        int(row["contactable_id"]) for row in contacts if row["contactable_type"] == "Account"
    }
    exists = asked(sonar, "accounts", 'search: [{exists: ["contacts"]}]')
    unset = asked(sonar, "accounts", 'search: [{unset_fields: ["contacts"]}]')
    assert set(exists) == having & every
    assert set(unset) == every - having
    assert unset == [6]
    grouped = asked(sonar, "accounts", 'search: [{exists: ["account_groups"]}]')
    query = f"{{ accounts(include_archived: true {WHOLE}) {{ entities {{ id account_groups {{ entities {{ id }} }} }} }} }}"  # noqa: E501
    linked = sonar.data(query)["accounts"]["entities"]
    assert grouped == [int(r["id"]) for r in linked if r["account_groups"]["entities"]]
    assert 0 < len(grouped) < len(every)


SQUARE = ((30.0, -98.0), (30.0, -97.5), (31.0, -97.5), (31.0, -98.0))


def area(*corners: tuple[float, float]) -> str:
    vertices = ", ".join(f"{{latitude: {lat}, longitude: {lon}}}" for lat, lon in corners)
    return f"search: [{{geopoint_fields: [{vertices}]}}]"


def test_places_inside_an_area(sonar: SonarProcess) -> None:
    assert asked(sonar, "accounts", area(*SQUARE)) == [1, 3], "3 lies on the edge"
    half = area(SQUARE[0], SQUARE[1], SQUARE[3])
    assert asked(sonar, "accounts", half) == [1], "3 lies in the other half"
    rows = everything(sonar, "addresses")
    within = ids(
        rows,
        lambda row: (
            row["latitude"] is not None
            and 30.2 <= float(row["latitude"]) <= 31
            and -98 <= float(row["longitude"]) <= -97
        ),
    )
    assert 0 < len(within) < len(rows)
    box = area((30.2, -98.0), (30.2, -97.0), (31.0, -97.0), (31.0, -98.0))
    assert asked(sonar, "addresses", box) == within
    dent = area((29.0, -98.0), (29.0, -97.0), (32.0, -97.0), (30.2, -97.5), (32.0, -98.0))
    assert asked(sonar, "accounts", dent) == [1], "30.5 lies in the dent of the area"
    assert "search" in refused(sonar, "accounts", area(*SQUARE[:2]))
    assert "search" in refused(sonar, "contacts", area(*SQUARE))


@pytest.mark.parametrize(
    ("wanted", "match", "found"),
    [
        ("10.0.0.0/8", True, [1, 2]),
        ("10.0.0.0/8", False, [3, 4, 6]),
        ("10.0.0.7", True, [1]),
        ("2001:db8::/32", True, [4]),
        ("0.0.0.0/0", True, [1, 2, 3]),
    ],
)
def test_addresses_inside_a_subnet(wanted: str, match: bool, found: list[int]) -> None:
    subnets = ("10.0.0.7/32", "10.20.0.0/16", "192.0.2.1", "2001:db8:1::/56", None, "barn")
    assert ipaddress.ip_network(subnets[1] or "").subnet_of(ipaddress.IPv4Network("10.0.0.0/8"))
    known = {"subnet": Attribute("subnet", "SubnetScalar", required=True)}
    item = {"attribute": "subnet", "search_value": wanted, "match": match}
    test = in_network(known, item)
    assert [place for place, s in enumerate(subnets, start=1) if test({"subnet": s})] == found


def test_a_general_search_in_the_root_and_beside_it(sonar: SonarProcess) -> None:
    contacts = everything(sonar, "contacts")
    name = "Opal Mapleworth"
    (stray,) = [row for row in contacts if row["name"] == name]
    assert asked(sonar, "contacts", 'general_search: "OPAL maple"') == [int(stray["id"])]
    owner = next(row for row in contacts if row["username"])
    texts = {"username": owner["username"], "email_address": owner["email_address"]}
    for text in filter(None, texts.values()):
        assert int(owner["id"]) in asked(sonar, "contacts", f'general_search: "{text}"')
    search = f'general_search: "{owner["name"]}"'
    account = int(owner["contactable_id"])
    telephones = everything(sonar, "phone_numbers")
    numbers = ids(telephones, lambda row: row["contact_id"] == owner["id"])
    assert 0 < len(numbers) < len(telephones)
    beside = asked(sonar, "phone_numbers", f"{search} general_search_mode: ROOT_PLUS_RELATIONS")
    assert asked(sonar, "phone_numbers", search) == []
    assert asked(sonar, "phone_numbers", f"{search} general_search_mode: ROOT") == []
    assert beside == numbers
    login = f'general_search: "{owner["username"]}"'
    assert asked(sonar, "accounts", login) == []
    near = asked(sonar, "accounts", f"{login} general_search_mode: ROOT_PLUS_RELATIONS")
    assert account in near
    status = 'general_search: "Courtesy" general_search_mode: ROOT_PLUS_RELATIONS'
    rows = everything(sonar, "accounts")
    courtesy = ids(rows, lambda row: row["account_status_id"] == "2")
    assert courtesy
    assert asked(sonar, "accounts", status) == courtesy


@pytest.mark.parametrize(
    ("member", "item"),
    [
        ("integer_fields", '{attribute: "name", search_value: 1, operator: EQ}'),
        ("float_fields", '{attribute: "created_at", search_value: 1, operator: EQ}'),
        ("date_fields", '{attribute: "created_at", search_value: "2025-01-01", operator: EQ}'),
        ("date_fields", '{attribute: "next_bill_date", search_value: "soon", operator: EQ}'),
        ("boolean_fields", '{attribute: "name", search_value: true, operator: EQ}'),
        ("ip_address_fields", '{attribute: "name", search_value: "10.0.0.1", match: true}'),
        ("string_fields", '{attribute: "nothing", search_value: "x", match: true}'),
        ("unset_fields", '"nothing"'),
        ("exists", '"nothing"'),
    ],
)
def test_a_search_that_makes_no_sense_is_refused(
    sonar: SonarProcess, member: str, item: str
) -> None:
    assert "search" in refused(sonar, "accounts", f"search: [{{{member}: [{item}]}}]")


def test_counts_of_booleans_and_nested_counts(sonar: SonarProcess) -> None:
    query = f"""{{ contacts({WHOLE} aggregation: [{{field_name: "contactable_type",
        aggregation_function: COUNT, sub_aggregators: [
            {{field_name: "primary", aggregation_function: COUNT}}
            {{field_name: "id", aggregation_function: MAX}}]}}]) {{ aggregations {{ counts {{
            value count sub_aggregator_results {{ value counts {{ value count }} }} }} }} }} }}"""
    (answer,) = sonar.data(query)["contacts"]["aggregations"]
    rows = everything(sonar, "contacts")
    for bucket in answer["counts"]:
        group = [row for row in rows if row["contactable_type"] == bucket["value"]]
        assert bucket["count"] == str(len(group))
        primary, largest = bucket["sub_aggregator_results"]
        counted = {one["value"]: int(one["count"]) for one in primary["counts"]}
        assert counted.get("true", 0) == sum(row["primary"] for row in group)
        assert largest["value"] == str(max(int(row["id"]) for row in group))
    assert {bucket["value"] for bucket in answer["counts"]} == {"Account", "NetworkSite"}
