"""Data Docs open from a file, without a network and without a complaint."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from expectations.acceptance import accept
from runtime.run_ledger import Run
from tests.reconcile.small_world import build
from tests.report.pages import chromium, opened
from tests.services import Splynx

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]


def test_they_ask_for_nothing_and_lead_to_every_mart(
    warehouse: Engine, splynx: Splynx, tmp_path: Path
) -> None:
    world = build(warehouse, splynx)
    world.spoil("update splynx_staging.customers set login = null where id = 4")
    index = accept(Run("accept-1", warehouse, lock_pid=0), world.manifest, tmp_path / "docs").docs
    pages = sorted((tmp_path / "docs").rglob("*.html"))
    assert len(pages) == 1 + 2 * len(world.manifest.marts)
    with chromium() as browser:
        shown = opened(browser, index, width=375)
        rows = shown.page.locator("tbody tr").all_inner_texts()
        assert [row.split() for row in rows] == [
            ["customer_info", "Succeeded"],
            ["customers", "Failed"],
            ["tariffs_internet", "Succeeded"],
        ]
        shown.page.click("text=customers")
        shown.page.wait_for_url("**/validations/customers/**")  # a click only asks for the page
        assert "customers" in shown.page.inner_text("body")
        for page in pages:
            shown.page.goto(page.as_uri())
        assert shown.complaints == []
        assert {url.split(":")[0] for url in shown.requests} == {"file"}
