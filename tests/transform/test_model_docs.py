"""dbt's page about the models: one file, with a warehouse or without."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests import services
from tests.dbt.project import ROOT

pytestmark = pytest.mark.postgres


def _page(folder: Path, url: URL) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "transform", "model-docs"],
        cwd=ROOT,
        env={
            **os.environ,
            "BUILD_DIR": str(folder / "build"),
            "LOCAL_DIR": str(folder / "local"),
            "WAREHOUSE_URL": services.plain(url),
            **services.parse(),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    page = folder / "build" / "dbt" / "static_index.html"
    assert str(page) in done.stdout
    return page.read_text(encoding="utf-8")


def test_the_page_of_the_models_is_one_file_with_or_without_a_warehouse(
    warehouses: services.Warehouses, tmp_path: Path
) -> None:
    def shows_the_models(url: URL) -> None:
        page = _page(tmp_path, url)
        assert "One row per Sonar account that becomes a Splynx customer" in page
        assert "model.sonar_to_splynx.stg_sonar__accounts" in page
        assert services.plain(url) not in page
        assert str(url.password) not in page

    with warehouses.fresh(services.PARSED_FOR) as url:
        shows_the_models(url)
    shows_the_models(url)  # the warehouse is gone
