"""The page of the field mapping says what the project says now, and links to decisions."""

from __future__ import annotations

import re

import pytest

from runtime.manifest import marts_of
from tests.dbt.project import ROOT, Built, Dbt
from transform.field_mapping import counts_of, decisions_of, field_mapping

_DECISIONS = (ROOT / "docs" / "mapping-decisions.md").read_text(encoding="utf-8")


def _tables(page: str) -> dict[str, str]:
    """Return what the page says about each table."""
    parts = re.split(r"^## (\w+)$", page, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_the_committed_page_is_not_stale(parsed: Dbt) -> None:
    page = field_mapping(parsed.manifest(), _DECISIONS, "mapping-decisions.md")

    committed = (ROOT / "docs" / "field-mapping.md").read_text(encoding="utf-8")
    assert committed == page, "stale: run `.venv/bin/python -m transform field-mapping`"


def test_every_loaded_column_has_its_line(parsed: Dbt) -> None:
    document = parsed.manifest()
    page = field_mapping(document, _DECISIONS, "mapping-decisions.md")
    tables = _tables(page)

    marts = marts_of(document).marts
    assert set(tables) == {mart.name for mart in marts}
    for mart in marts:
        lines = re.findall(r"^\| `(\w+)` \|", tables[mart.name], re.MULTILINE)
        assert lines == [column.name for column in mart.columns]
    voice = tables["tariffs_voice"]
    assert "| `type` | varchar(6) | constant `'voip'`: Sonar does not tell kinds apart |" in voice
    assert "| `tax_id` | bigint | `service_taxes.tax_id` |" in voice
    assert "seed `map_account_statuses`" in tables["customers"]


def test_a_decision_is_found_with_its_anchor_and_confidence() -> None:
    decision = decisions_of(_DECISIONS)["D-007"]

    assert decision.anchor == (
        "d-007-portal-login-the-user-name-where-it-is-unambiguous-else-the-account-id"
    )
    assert {d.confidence for d in decisions_of(_DECISIONS).values()} == {"observed", "inferred"}


@pytest.mark.postgres
def test_a_built_warehouse_adds_how_filled_each_column_is(built: Built) -> None:
    document = built.dbt.manifest()
    built.execute(
        "update splynx_staging.tariffs_voice set tax_id = null",
        "delete from splynx_staging.services_voice",
    )
    with built.engine.connect() as connection:
        counts = counts_of(connection, marts_of(document).marts)

    page = field_mapping(document, _DECISIONS, "mapping-decisions.md", counts)
    tables = _tables(page)
    assert re.search(r"^\| `tax_id` .*\| 0 % \|$", tables["tariffs_voice"], re.MULTILINE)
    assert re.search(r"^\| `title` .*\| 100 % \|$", tables["tariffs_voice"], re.MULTILINE)
    assert re.search(r"^\| `id` .*\| no rows \|$", tables["services_voice"], re.MULTILINE)
    (rows, filled) = built.rows(
        "select count(*), count(end_date) from splynx_staging.services_custom"
    )[0]
    assert 0 < filled < rows
    share = max(1, round(100 * filled / rows))
    assert re.search(rf"^\| `end_date` .*\| {share} % \|$", tables["services_custom"], re.MULTILINE)
