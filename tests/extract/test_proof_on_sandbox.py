"""Looks, windows and witnesses against a real sandbox and a real warehouse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from extract.catalogue.discovery import Kind
from extract.proof.judgement import ID_FIGURES, Figures, Verdict, judge, landed_figures
from extract.proof.looks import BATCH, Asked, Look, look
from extract.proof.windows import Window, differing, landed_prefixes, server_prefixes
from extract.proof.witness import witness
from extract.sonar.client import Tally
from tests import services
from tests.extract.landed import Tenant, change, land

pytestmark = pytest.mark.postgres

LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)
ALL = Window(-1, None)


@pytest.fixture(scope="module")
def served(fast_servers: None) -> Iterator[Tenant]:  # noqa: ARG001 - goes first
    with ExitStack() as stack:
        yield Tenant(services.Sonars(stack).start("tiny", 1, {"archived_accounts": 3}))


@pytest.fixture
def tenant(served: Tenant) -> Iterator[Tenant]:
    yield served
    served.mend()


def _asked(tenant: Tenant, since: datetime | None = None) -> list[Asked]:
    return [
        Asked(one, since, tenant.leaves(name))
        for name, one in tenant.collections.items()
        if one.kind in {Kind.FULL, Kind.PAGE} and not one.skipped
    ]


def _looks(tenant: Tenant, asked: Sequence[Asked], tally: Tally | None = None) -> dict[str, Look]:
    return tenant.ask(lambda sonar: look(sonar, asked, tally))


def test_ten_collections_share_a_request_and_every_figure_is_what_landed(
    tenant: Tenant, warehouse: Engine
) -> None:
    tally = Tally()
    asked = _asked(tenant, LONG_AGO)
    looks = _looks(tenant, asked, tally)
    assert set(looks) == {one.collection.name for one in asked}
    assert tally.requests == -(-len(asked) // BATCH)
    full = [one for one in asked if one.collection.kind is Kind.FULL]
    tenant.land(warehouse, *(one.collection.name for one in full))
    with warehouse.connect() as connection:
        for one in full:
            seen = looks[one.collection.name]
            assert seen.figures == landed_figures(connection, one.collection, one.int_leaves)
            assert seen.changed == seen.figures.count
    assert sum(len(one.int_leaves) for one in full) > 10
    for seen in looks.values():
        assert abs(seen.at - datetime.now(UTC)) < timedelta(minutes=5)
        assert seen.at.microsecond == 0  # Sonar's clock: HTTP dates have whole seconds


def test_changes_are_counted_from_a_moment_on_and_only_where_asked(tenant: Tenant) -> None:
    moments = sorted(datetime.fromisoformat(row["updated_at"]) for row in tenant.rows("accounts"))
    accounts = tenant.collections["accounts"]
    middle = moments[len(moments) // 2]
    expected = sum(moment >= middle for moment in moments)
    assert 0 < expected < len(moments)
    seen = _looks(tenant, [Asked(accounts, middle)])["accounts"]
    assert seen.changed == expected
    assert set(seen.figures.sums) == set(ID_FIGURES)
    assert _looks(tenant, [Asked(accounts)])["accounts"].changed is None
    future = datetime.now(UTC) + timedelta(days=9000)
    assert _looks(tenant, [Asked(accounts, future)])["accounts"].changed == 0


def test_collections_without_totals_are_counted_alone(tenant: Tenant) -> None:
    name = "account_ip_assignments"
    seen = _looks(tenant, [Asked(tenant.collections[name], LONG_AGO)])[name]
    assert (seen.figures, seen.changed) == (Figures(len(tenant.rows(name))), None)
    whole = next(one for one in tenant.collections.values() if not one.has_total)
    assert _looks(tenant, [Asked(whole)])[whole.name].figures == Figures(None)


def test_one_denied_collection_does_not_hide_the_others(tenant: Tenant) -> None:
    asked = _asked(tenant)
    before = _looks(tenant, asked)
    tenant.control("faults", kind="denied_collection", collection="contacts")
    looks = _looks(tenant, asked)
    assert looks["contacts"].denied
    assert "permission" in (looks["contacts"].problem or "")
    assert looks["contacts"].figures == Figures(None)
    others = {name: one.figures for name, one in looks.items() if name != "contacts"}
    assert others == {name: one.figures for name, one in before.items() if name != "contacts"}
    assert not any(one.problem or one.denied for n, one in looks.items() if n != "contacts")


def test_passing_faults_leave_no_trace_in_the_figures(tenant: Tenant) -> None:
    asked = _asked(tenant, LONG_AGO)
    before = _looks(tenant, asked)
    for kind in ("server_error", "cut_off", "dropped", "errors_beside_data", "limit_reached"):
        tenant.control("faults", kind=kind, times=2)
        looks = _looks(tenant, asked)
        assert {n: (o.figures, o.changed, o.problem) for n, o in looks.items()} == {
            n: (o.figures, o.changed, o.problem) for n, o in before.items()
        }


def test_planted_differences_are_found_by_asking_a_real_server(
    tenant: Tenant, warehouse: Engine
) -> None:
    tenant.land(warehouse, "accounts")
    accounts, leaves = tenant.collections["accounts"], ("next_recurring_charge_amount",)
    ids = sorted(int(row["id"]) for row in tenant.rows("accounts"))

    def windows() -> list[Window]:
        async def ours(bounds: Sequence[int]) -> list[Figures]:
            with warehouse.connect() as connection:
                return landed_prefixes(connection, accounts, leaves, bounds)

        return tenant.ask(
            lambda talk: differing(
                lambda bounds: server_prefixes(talk, accounts, leaves, bounds),
                ours,
                ALL,
                smallest=1,
            )
        )

    assert windows() == []
    missing, changed, extra = ids[2], ids[7], ids[-1] + 4
    change(warehouse, f"delete from raw_sonar.accounts where _sonar_key = '{missing}'")
    change(
        warehouse,
        "update raw_sonar.accounts set payload ="
        " payload || '{\"next_recurring_charge_amount\": 123456789}'"
        f" where _sonar_key = '{changed}'",
    )
    change(
        warehouse,
        f"insert into raw_sonar.accounts values ('{extra}', '{{\"id\": \"{extra}\"}}', 'r1', null)",
    )
    found = windows()
    touched = [one for one in (*ids, extra) if any(_holds(window, one) for window in found)]
    assert touched == [missing, changed, extra]


def _holds(window: Window, one: int) -> bool:
    return window.low < one and (window.high is None or one <= window.high)


def _heard(tenant: Tenant, engine: Engine, name: str) -> str:
    collections = tuple(tenant.collections.values())
    collection = tenant.collections[name]
    return tenant.ask(
        lambda sonar: witness(sonar, engine, tenant.schema, collections, collection, counts={})
    )


def _judged(tenant: Tenant, engine: Engine, name: str) -> Verdict:
    collection, leaves = tenant.collections[name], tenant.leaves(name)
    asked = [Asked(collection, None, leaves)]
    looks = tenant.ask(lambda sonar: look(sonar, asked))
    with engine.connect() as connection:
        landed = landed_figures(connection, collection, leaves)
    return judge(collection, looks[name].figures, landed, gaps=0, sample=False)


def test_parents_agree_with_what_landed_archived_rows_included(
    tenant: Tenant, warehouse: Engine
) -> None:
    tenant.land(warehouse, "accounts", "phone_numbers", "companies")
    named = Counter(row["account_status_id"] for row in tenant.rows("accounts"))
    assert len(named) > 1
    said = _heard(tenant, warehouse, "accounts")
    assert said.startswith("agrees: by ")
    assert ".accounts over " in said
    assert _heard(tenant, warehouse, "phone_numbers").startswith("agrees: by ")
    assert _heard(tenant, warehouse, "companies") == "none"


def test_a_row_that_the_list_lost_is_missed_by_its_parent(
    tenant: Tenant, warehouse: Engine
) -> None:
    tenant.land(warehouse, "phone_numbers")
    tenant.control("faults", kind="empty_collection", collection="phone_numbers")
    land(warehouse, "phone_numbers", [])  # as the list says
    assert _judged(tenant, warehouse, "phone_numbers").grade == "proven"
    said = _heard(tenant, warehouse, "phone_numbers")
    assert said.startswith("differs: ")
    assert "0 landed (and" in said


def test_planted_rows_are_found_by_both_proofs(tenant: Tenant, warehouse: Engine) -> None:
    tenant.land(warehouse, "accounts")
    assert _judged(tenant, warehouse, "accounts").grade == "proven"
    lost = tenant.rows("accounts")[0]["id"]
    change(warehouse, f"delete from raw_sonar.accounts where _sonar_key = '{lost}'")
    reason = _judged(tenant, warehouse, "accounts").reason or ""
    assert "rows, 11 landed" in reason
    assert "sum of id" in reason
    assert _heard(tenant, warehouse, "accounts").startswith("differs: ")


@pytest.mark.parametrize(("by", "problem"), [(1, "13 rows, 12"), (-1, "11 rows, 12")])
def test_a_wrong_total_is_no_proof_although_the_witness_agrees(
    tenant: Tenant, warehouse: Engine, by: int, problem: str
) -> None:
    tenant.land(warehouse, "accounts")
    tenant.control("faults", kind="wrong_total", collection="accounts", by=by)
    verdict = _judged(tenant, warehouse, "accounts")
    assert verdict.state == "incomplete"
    assert problem in (verdict.reason or "")
    assert _heard(tenant, warehouse, "accounts").startswith("agrees: ")


def test_a_count_that_stops_is_never_proof(
    tenant: Tenant, warehouse: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "extract.proof.judgement.CAPPED_COUNT", 10
    )  # no tiny tenant has 10,000 rows
    tenant.land(warehouse, "phone_numbers")
    tenant.control("faults", kind="capped_total", collection="phone_numbers", limit=10)
    verdict = _judged(tenant, warehouse, "phone_numbers")
    assert (verdict.state, verdict.grade) == ("complete", "counted")
    assert "count stops at 10" in (verdict.reason or "")
    change(warehouse, "delete from raw_sonar.phone_numbers where payload->>'id' = '1'")
    assert _judged(tenant, warehouse, "phone_numbers").state == "incomplete"


def test_a_parent_that_does_not_answer_is_no_witness(tenant: Tenant, warehouse: Engine) -> None:
    tenant.land(warehouse, "phone_numbers")
    for parent in ("contacts", "phone_number_types"):
        tenant.control("faults", kind="denied_collection", collection=parent)
    assert _heard(tenant, warehouse, "phone_numbers") == "none"
