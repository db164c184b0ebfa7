"""What was found out about a Sonar changes how it is read; what a second witness denies is seen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, text

from extract.catalogue.discovery import Collection, Kind
from extract.probing.traits import NO, Finding, Traits, save
from extract.reading.reader import Extent
from extract.sonar.client import Manners
from extract.sonar.modes import bounded, mannered, walked
from runtime.errors import Unfinished
from tests import services
from tests.extract.runs import control, ledger, noted, requests, run

Sonars = Callable[..., services.Sonar]
FULL = Collection(
    name="things",
    kind=Kind.FULL,
    entity="Thing",
    is_connection=True,
    has_id=True,
    has_total=True,
    has_aggregation=True,
    takes_archived=False,
    required_arguments=(),
    excluded=None,
)


@pytest.mark.parametrize("traits", [Traits(ids_sorted=False), Traits(id_filter=False)], ids=str)
def test_pages_are_turned_where_ids_cannot_be_walked(traits: Traits) -> None:
    assert [one.kind for one in walked([FULL], traits)] == [Kind.PAGE]
    assert walked([FULL], Traits()) == (FULL,)


@pytest.mark.parametrize(
    ("traits", "extent"),
    [
        (Traits(), Extent(500)),
        (Traits(page_maximum=100), Extent(100)),
        (Traits(page_maximum=900), Extent(500)),
        (Traits(updated_at=False), Extent(500, changes=False)),
        (Traits(criteria_and=False), Extent(500, changes=False)),
    ],
    ids=str,
)
def test_the_extent_follows_the_traits(traits: Traits, extent: Extent) -> None:
    assert bounded(Extent(500), traits) == extent


def test_the_limit_that_the_operator_names_wins() -> None:
    traits = Traits(requests_per_minute=400)
    assert mannered(Manners(), traits).requests_per_minute == 400
    assert mannered(Manners(requests_per_minute=60), traits).requests_per_minute == 60


def _found(engine: Engine, question: str, answer: str) -> None:
    with engine.begin() as session:
        save(session, "127.0.0.1", [Finding(question, "", answer, "", "")])


@pytest.mark.postgres
def test_a_run_keeps_to_the_page_that_sonar_serves(warehouse: Engine, sonar: Sonars) -> None:
    made = sonar()
    control(made, "faults", kind="page_limit", limit=100)
    _found(warehouse, "page_maximum", "100")
    run("--include=addresses")
    assert ledger(warehouse)["addresses"]["grade"] == "proven"
    assert noted(warehouse)["retries"] == 0


@pytest.mark.postgres
@pytest.mark.parametrize(
    "question", ["ids_sorted", "updated_at", "batches"], ids=lambda name: f"no {name}"
)
def test_a_run_ends_the_same_without_a_convenience(
    warehouse: Engine, sonar: Sonars, question: str
) -> None:
    made = sonar()
    _found(warehouse, question, NO)
    for _ in range(2):
        before = requests(made)
        run("--include=contacts,phone_numbers")
        entries = [ledger(warehouse)[name] for name in ("contacts", "phone_numbers")]
        assert [entry["grade"] for entry in entries] == ["proven", "proven"]
        assert noted(warehouse)["consistent"] is True
    modes = {entry["mode"] for entry in entries}
    # Schema and look are two; without batches the look is two, without the others rows are read.
    assert requests(made) - before > 2
    assert modes == ({"unchanged"} if question == "batches" else {"full"})


@pytest.mark.postgres
def test_rows_that_sonar_hides_without_a_word_are_missed_by_the_witness(
    warehouse: Engine, sonar: Sonars
) -> None:
    made = sonar()
    control(made, "faults", kind="empty_collection", collection="phone_numbers")
    with pytest.raises(Unfinished) as unfinished:
        run("--include=phone_numbers,phone_number_types")
    entry = ledger(warehouse)["phone_numbers"]
    assert (entry["server_count"], entry["landed_count"]) == (0, 0)
    assert entry["state"] == "incomplete"
    assert entry["witness"].startswith("differs: ")
    assert any("phone_numbers" in item for item in unfinished.value.items)
    with warehouse.connect() as session:
        assert not session.execute(text("select 1 from raw_sonar.phone_numbers")).first()
