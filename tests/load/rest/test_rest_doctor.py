"""The doctor against the sandbox's API: each trouble has its line, and nothing is left behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from load.rest.examination import examine
from load.rest.needs import endpoints
from load.rest.probing import CREATE, LIST, NOBODY, READ, UPDATE, Endpoint, filled
from load.rest.shape_meta import read_shapes
from runtime.errors import MigrationError
from runtime.examination import Examination
from runtime.manifest import read_manifest
from runtime.settings import SplynxApi
from tests.extract.scripted import free_port
from tests.load.rest.talking import api, arrivals
from tests.sandbox.splynx_process import SplynxProcess

pytestmark = pytest.mark.mysql

CUSTOMERS = "admin/customers/customer"
SERVICES = "admin/customers/customer/{customer_id}/internet-services"
INFO = "admin/customers/customer-info/{customer_id}"
TICKETS = "admin/support/tickets"
ALL = frozenset({LIST, READ, CREATE, UPDATE})
SENT = frozenset({"name", "partner_id", "location_id", "category", "status"})


def endpoint(path: str, *tables: str, item: str | None = "{id}", **rest: Any) -> Endpoint:
    """Return an endpoint that is needed for everything, unless `rest` says otherwise."""
    values = {"operations": ALL, "sent": SENT, **rest}
    return Endpoint(path, None if item is None else f"{path}/{item}", tables=tables, **values)


def doctor(
    server: SplynxProcess | SplynxApi, *endpoints: Endpoint
) -> tuple[Examination, dict[str, tuple[str, str]], list[str]]:
    """Return the examination, its lines by what was asked, and what is parked."""
    examination = Examination()
    settings = api(server) if isinstance(server, SplynxProcess) else server
    parked = examine(examination, settings, endpoints)
    lines = {
        check.what: (check.state, f"{check.says}; {check.then}") for check in examination.checks
    }
    return examination, lines, parked


@contextmanager
def denied(server: SplynxProcess, controller: str, *actions: str) -> Iterator[None]:
    """Take rights away for a while."""
    named = ", ".join(f"'{action}'" for action in actions)
    where = f"controller = '{controller}' and action in ({named})"
    server.execute(f"update permissions_api_key set action = concat('no_', action) where {where}")
    try:
        yield
    finally:
        server.execute("update permissions_api_key set action = replace(action, 'no_', '')")


def rows(server: SplynxProcess) -> list[int]:
    """Return how many rows there are of what the doctor asks about, nested ones included."""
    tables = ("customers", "partners", "services_internet", "ticket", "customer_info", "tax")
    return [int(server.scalar(f"select count(*) from {name}")) for name in tables]


def test_all_is_well_and_nothing_is_left_behind(server: SplynxProcess) -> None:
    server.customer()  # so that there is something that a probe could touch
    server.execute("update customers set last_update = '2020-01-01'")
    newest = "select max(last_update) from customers"
    before = rows(server), server.row(newest)
    nested = Endpoint(
        SERVICES, f"{SERVICES}--{{id}}", ALL, frozenset({"tariff_id"}), ("services_internet",)
    )
    info = Endpoint(INFO, INFO, frozenset({READ, UPDATE}), frozenset(), ("customer_info",))
    labels = endpoint("admin/config/labels", "labels")
    examination, lines, parked = doctor(
        server, endpoint(CUSTOMERS, "customers"), nested, info, labels
    )
    assert examination.error is None
    assert parked == []
    assert lines["Splynx's API"] == (
        "ok", f"{api(server).address} takes the key or user, by basic; "
    )  # fmt: skip
    assert lines["endpoints"] == ("ok", "4 of 4 refuse nothing of what was asked; ")
    # what demands nothing of a new record is not asked whether it takes an empty one
    assert lines["right to create"][1].startswith(
        f"not asked at 2: {SERVICES}, admin/config/labels"
    )
    assert (rows(server), server.row(newest)) == before


def test_missing_rights_are_named_with_controller_and_actions(server: SplynxProcess) -> None:
    wanted = (
        endpoint(CUSTOMERS, "customers"),
        endpoint("admin/inventory/vendors", "vendors", sent=frozenset({"name"})),
    )
    with denied(server, CUSTOMERS, "add", "update", "view"):
        examination, lines, _ = doctor(server, *wanted)
    state, says = lines[CUSTOMERS]
    assert state == "mend"
    assert f"HTTP 403): grant the actions add, update, view of {CUSTOMERS} under" in says
    assert "admin/inventory/vendors" not in lines
    assert lines["endpoints"][1].startswith("1 of 2")
    assert isinstance(examination.error, MigrationError)
    assert examination.error.exit_code == 2


def test_a_module_that_is_off_is_parked_and_told_apart(server: SplynxProcess) -> None:
    wanted = endpoint(TICKETS, "ticket", sent=frozenset({"subject"}))
    taxes = endpoint("admin/config/taxes", "tax", sent=frozenset())  # which offers no POST
    with_none = endpoint("admin/administration/roles", "roles", sent=frozenset())
    server.control("POST", "modules", {"module": "support", "on": False})
    try:
        before = arrivals(server)
        examination, lines, parked = doctor(server, wanted)
        asked = arrivals(server) - before
        examination_of_all, all_lines, _ = doctor(server, wanted, taxes, with_none)
    finally:
        server.control("POST", "modules", {"module": "support", "on": True})
    assert examination.error is None
    assert asked == 2  # the first contact, and one question
    state, says = lines[TICKETS]
    assert state == "attention"
    assert "is switched off (HTTP 405, METHOD_DISABLED): switch it on under Config" in says
    assert "ticket: parked until then" in says
    assert parked == [f"ticket ({TICKETS})"]
    assert all_lines[TICKETS][0] == "attention"
    assert all_lines["admin/config/taxes"][0] == "mend"
    assert "has no PUT for admin/config/taxes" in all_lines["admin/config/taxes"][1]
    assert (
        "this Splynx has no admin/administration/roles (HTTP 404"
        in (all_lines["admin/administration/roles"][1])
    )
    assert examination_of_all.error is not None


def test_attributes_are_compared_with_what_the_endpoint_has(server: SplynxProcess) -> None:
    flags = ("is_unique", "is_add", "show_in_list", "searchable", "readonly", "disabled")
    field = {
        **dict.fromkeys(flags, "0"),
        "name": "tax_number",
        "title": "Tax number",
        "type": "string",
        "is_required": "1",
    }
    definition = "admin/config/additional-fields/customers"
    answer = server.call("POST", definition, json=field)
    assert answer.status == 201, answer
    try:
        wanted = endpoint(CUSTOMERS, "customers", sent=SENT - {"name"} | {"favourite_colour"})
        examination, lines, _ = doctor(server, wanted)
        sends_it = endpoint(CUSTOMERS, "customers", fields=frozenset({"tax_number"}))
        assert doctor(server, sends_it)[0].error is None
    finally:
        server.call("DELETE", f"{definition}--tax_number")
    said = [check for check in examination.checks if check.what == CUSTOMERS]
    assert [check.state for check in said] == ["mend", "attention"]
    assert said[0].says.startswith("demands name, tax_number, which the migration does not send")
    assert said[1].says == "has no favourite_colour"
    assert lines.keys() == {"Splynx's API", CUSTOMERS}


def test_an_empty_record_that_is_taken_is_said(server: SplynxProcess) -> None:
    server.fault(kind="answer", method="POST", path=CUSTOMERS, status=201, body={"id": 4711})
    examination, lines, _ = doctor(server, endpoint(CUSTOMERS, "customers"))
    assert lines[CUSTOMERS][0] == "attention"
    assert "4711; delete that record in Splynx" in lines[CUSTOMERS][1]
    assert examination.error is None


def test_a_failing_endpoint_does_not_stop_the_others(server: SplynxProcess) -> None:
    server.fault(kind="server_error", method="PUT", path=CUSTOMERS, times=None)
    server.fault(kind="server_error", method="POST", path=CUSTOMERS, times=None)
    partners = endpoint("admin/administration/partners", "partners", sent=frozenset({"name"}))
    _, lines, _ = doctor(server, endpoint(CUSTOMERS, "customers"), partners)
    assert lines[CUSTOMERS][0] == "attention"
    assert "customers: to update may fail" in lines[CUSTOMERS][1]
    assert lines["endpoints"][1].startswith("1 of 2")


def test_wrong_credentials_and_no_server_are_one_line(server: SplynxProcess) -> None:
    right = api(server)
    wrong = SplynxApi(right.url, right.address, "basic", right.user, "wrong-secret")
    before = arrivals(server)
    examination, lines, _ = doctor(wrong, *(endpoint(f"{CUSTOMERS}-{n}") for n in range(9)))
    assert arrivals(server) - before == 1  # many wrong ones might lock the key
    assert examination.error is not None
    assert (examination.error.exit_code, len(lines)) == (2, 1)
    assert "HTTP 401, UNAUTHORIZED): check SPLYNX_API_KEY" in lines["Splynx's API"][1]
    nowhere = f"http://127.0.0.1:{free_port()}"
    examination, lines, _ = doctor(SplynxApi(nowhere, "here", "basic", "key", "secret"))
    assert examination.error is not None
    assert (examination.error.exit_code, len(lines)) == (5, 1)


def test_every_name_in_a_path_is_filled() -> None:
    assert filled("a/{customer_id}--{id}/x", NOBODY) == f"a/{NOBODY}--{NOBODY}/x"
    assert filled("a/b", 0) == "a/b"


@pytest.mark.postgres
@pytest.mark.usefixtures("warehouse_url")  # dbt wants one to parse the project
def test_the_sandbox_allows_all_that_the_project_needs(server: SplynxProcess) -> None:
    wanted = endpoints(read_shapes(read_manifest()))
    examination, lines, parked = doctor(server, *wanted)
    assert [(c.what, c.says) for c in examination.checks if c.state == "mend"] == []
    assert parked == []
    said = {"Splynx's API", "endpoints", "right to update", "right to create"}
    troubled = lines.keys() - said
    assert {what: lines[what] for what in troubled} == {}
    assert len(wanted) > 30
