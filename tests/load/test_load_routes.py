"""Which route each table takes, and what a moved table takes along."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from load.planning.routes import HYBRID, MYSQL, REST, assigned
from runtime.errors import ConfigError
from runtime.manifest import Manifest, Mart, Reference
from tests.load.miniature import column, mart

BOTH = frozenset({MYSQL, REST})


def _mart(name: str, leads_to: str | None = None, **rest: Any) -> Mart:
    references = [Reference("to_id", leads_to, "id")] if leads_to else []
    made = mart(name, "customer", [column("id", "bigint"), column("to_id", "bigint")], references)
    return replace(made, routes=BOTH, rest={"identity": ["id"], "path": "x", **rest})


MANIFEST = Manifest(
    (
        _mart("labels"),
        _mart("customers"),
        replace(_mart("customers_labels", "customers"), rest={"in": "customers", "as": "labels"}),
        replace(_mart("customer_info", "customers"), rest={"made": [{"by": "customers"}]}),
        _mart("invoices", "customers"),
        replace(_mart("invoice_payers", "invoices"), routes=frozenset({MYSQL})),
        replace(_mart("documents", "customers"), routes=frozenset({REST}), preferred=REST),
        replace(_mart("pictures"), preferred=REST),
    ),
    "routes",
)


def test_by_hybrid_each_table_goes_by_the_first_of_its_routes() -> None:
    assert assigned(MANIFEST, HYBRID).rest == {"documents", "pictures"}
    assert assigned(MANIFEST, MYSQL).rest == {"documents"}
    assert assigned(MANIFEST, REST).mysql == frozenset()
    for route in (HYBRID, MYSQL, REST):
        found = assigned(MANIFEST, route)
        assert found.mysql | found.rest == {mart.name for mart in MANIFEST.marts}
        assert not found.mysql & found.rest


def test_a_moved_table_takes_along_what_splynx_ties_to_it() -> None:
    assert assigned(MANIFEST, HYBRID, ["labels"]).mysql == {
        "customers", "customers_labels", "customer_info", "invoices", "invoice_payers",
    }  # fmt: skip
    assert assigned(MANIFEST, HYBRID, ["invoices"]).rest == {
        "documents", "pictures", "invoices", "invoice_payers",
    }  # fmt: skip
    assert assigned(MANIFEST, HYBRID, ["customers"]).mysql == {"labels"}


@pytest.mark.parametrize(
    ("moved", "said"),
    [
        ("nothing", "no mart is named nothing"),
        ("invoice_payers", "has no route over the API"),
        ("customers_labels", "come with those of customers: name customers instead"),
        ("customer_info", "come with those of customers: name customers instead"),
    ],
)
def test_what_cannot_be_moved_is_refused(moved: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        assigned(MANIFEST, HYBRID, [moved])


def test_tables_are_moved_by_hybrid_alone() -> None:
    with pytest.raises(ConfigError, match="ROUTE=hybrid"):
        assigned(MANIFEST, MYSQL, ["labels"])
