"""Texts are cleaned once each, whatever interrupts it."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import Engine, text

from transform import clean_texts as module
from transform.clean_html import RULES
from transform.clean_texts import HtmlField, clean_texts, html_fields

pytestmark = pytest.mark.postgres

RAW = {
    "1": '<p onclick="x()">Ann</p>',
    "2": "no markup & no work",
    "3": "<b>b</b>",
    "4": "<b>b</b>",
    "5": None,
}


@pytest.fixture
def landed(warehouse: Engine) -> Engine:
    with warehouse.begin() as connection:
        connection.execute(
            text(
                "create table raw_sonar.tickets (_sonar_key text, payload jsonb, _run_id text,"
                " _deleted_at timestamptz)"
            )
        )
        for key, description in RAW.items():
            connection.execute(
                text("insert into raw_sonar.tickets values (:key, cast(:payload as jsonb), 'r')"),
                {"key": key, "payload": json.dumps({"id": key, "description": description})},
            )
    return warehouse


def _extracted(warehouse: Engine, source: str, run: str = "r") -> None:
    with warehouse.begin() as connection:
        connection.execute(
            text(
                "insert into ops.extract_ledger (run_id, source, collection, kind, state)"
                " values (:run, :source, 'tickets', 'connection', 'complete')"
            ),
            {"source": source, "run": run},
        )


def _cleaned(warehouse: Engine) -> list[tuple[str, str, int]]:
    with warehouse.connect() as connection:
        rows = connection.execute(
            text("select source, clean_text, rules from ops.clean_text order by 1, 2")
        )
        return [(row[0], row[1], row[2]) for row in rows]


def test_each_text_with_markup_is_cleaned_once(landed: Engine) -> None:
    assert clean_texts(landed) == 0  # nothing was extracted yet
    _extracted(landed, "old.example.com")

    assert (clean_texts(landed), clean_texts(landed)) == (2, 0)
    assert [shown for _, shown, _ in _cleaned(landed)] == ["<b>b</b>", "<p>Ann</p>"]


def test_other_rules_and_another_source_clean_anew(
    landed: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    _extracted(landed, "old.example.com")
    clean_texts(landed)
    monkeypatch.setattr(module, "RULES", RULES + 1)
    assert clean_texts(landed) == 2
    assert {rules for *_, rules in _cleaned(landed)} == {RULES + 1}

    _extracted(landed, "other.example.com", "s")
    assert clean_texts(landed) == 2
    assert len(_cleaned(landed)) == 4


def test_an_interrupted_run_keeps_what_is_done(
    landed: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    _extracted(landed, "old.example.com")
    monkeypatch.setattr(module, "_BATCH_ROWS", 1)
    written = module._write
    calls: list[int] = []

    def stops(*arguments: object) -> None:
        if calls:
            raise KeyboardInterrupt
        calls.append(1)
        written(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "_write", stops)
    with pytest.raises(KeyboardInterrupt):
        clean_texts(landed)
    assert len(_cleaned(landed)) == 1

    monkeypatch.setattr(module, "_write", written)
    assert clean_texts(landed) == 1


def test_the_seed_names_fields_of_collections() -> None:
    assert HtmlField("ticket_replies", "body") in html_fields()
