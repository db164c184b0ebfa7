"""The pictures: what they show, and that an SVG comes out which everybody can read."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

from load.report.collect_runs import target_changes
from load.report.facts import Entity, Money, MoneyAccount, MoneyLine, TargetChange, Timing
from load.report.pictures import differences, draw, durations, outcomes, totals
from load.report.shares import funnel

_SVG = "{http://www.w3.org/2000/svg}"
_ENTITY = Entity("customers", 10, 8, 0, 1, 1, 0, 8, 8, 8, "agrees", (), is_loaded=True)
_MONEY = Money(
    (MoneyLine("balance", "Owed <by> customers", 1234, 0, 1200, 2),),
    (),
    2,
    (),
    1,
    (MoneyAccount("31", 1234, 1200, "record_rejected", 0),),
)


def test_every_entity_with_something_to_tell_has_a_bar_and_a_sheet_holds_thirty() -> None:
    many = [replace(_ENTITY, name=f"table_{n}") for n in range(31)]
    empty = replace(_ENTITY, name="empty", source=0, mart=0, excluded=0, rejected=0, in_target=0)
    whole = replace(_ENTITY, name="whole", source=8, excluded=0, rejected=0)
    first, second = outcomes([*many, empty, whole])
    assert "; of 1 more every record is in the target" in first.title
    drawn = [
        value["entity"] for picture in (first, second) for value in picture.spec["data"]["values"]
    ]
    assert set(drawn) == {entity.name for entity in many}
    assert {value["entity"] for value in second.spec["data"]["values"]} == {"table_30"}


def test_a_record_without_a_table_of_its_own_is_not_missing() -> None:
    contacts = replace(_ENTITY, name="contacts", in_target=0, loaded=0, is_loaded=False)
    assert {part.name: part.rows for part in funnel(contacts)} == {
        "in other marts": 8,
        "excluded": 1,
        "rejected": 1,
    }


def test_a_picture_is_a_labelled_svg_with_marks_and_asks_for_nothing() -> None:
    drawn = draw(totals(_MONEY))
    root = ET.fromstring(drawn)  # noqa: S314 - our own drawing
    assert root.attrib["role"] == "img"
    named = root.attrib["aria-labelledby"].split()
    assert [element.attrib["id"] for element in root if "id" in element.attrib][:2] == named
    assert "Owed <by> customers" in {text.text for text in root.iter(f"{_SVG}text")}
    bars = [
        path
        for path in root.iter(f"{_SVG}path")
        if path.attrib.get("fill") in {"#E69F00", "#0072B2"}
    ]
    assert len(bars) >= 2
    assert "graphics-symbol" not in drawn
    assert "http" not in drawn.replace("http://www.w3.org/", "")


def test_differences_are_splynx_less_sonar_by_cause() -> None:
    picture = differences(_MONEY)
    assert picture is not None
    assert picture.spec["data"]["values"] == [
        {"account": "31", "what": "record rejected", "amount": -0.34}
    ]
    assert differences(replace(_MONEY, largest=())) is None


def test_timings_name_the_runs() -> None:
    picture = durations([Timing("extract", 0, 2.5), Timing("extract", 1, 3.0)])
    assert picture is not None
    assert [value["run"] for value in picture.spec["data"]["values"]] == ["latest", "1 before"]
    assert durations([]) is None


def test_changes_of_the_target_are_what_two_inspections_do_not_share() -> None:
    before = {
        "target": "h/db#1",
        "rows": {"customers": 1, "tax": 2},
        "columns": {"customers": {"id": "int(11)", "login": "varchar(50)"}},
        "switches": {"blocking": "off"},
    }
    after = {
        "target": "h/db#1",
        "rows": {"customers": 4, "tax": 2},
        "columns": {"customers": {"id": "int(11)", "login": "varchar(80)", "new": "text"}},
        "switches": {"blocking": "on"},
        "missing": ["labels"],
    }
    assert target_changes(before, {**after, "missing": []}) == (
        TargetChange("", "switch blocking", "off", "on"),
        TargetChange("customers", "column login", "varchar(50)", "varchar(80)"),
        TargetChange("customers", "column new", "-", "text"),
        TargetChange("customers", "rows", "1", "4"),
    )
    assert TargetChange("labels", "table", "-", "missing") in target_changes(
        {**before, "missing": []}, after
    )
    by_api = {name: value for name, value in after.items() if name != "columns"}
    assert not [c for c in target_changes(before, by_api) if c.what.startswith("column")]
