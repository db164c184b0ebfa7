"""Recognisable secrets in every field that looks like one: none leaves Sonar.

The tenant is that of Sonar's whole public schema. The sandbox tells by rules of its own which
fields look secret, and they are wider than the extractor's list.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from graphql import get_named_type, is_leaf_type

from extract.catalogue.deny import is_secret
from sandbox.sonar.schema import SCHEMA_FILE, object_types
from tests import services
from tests.extract import whole
from tests.extract.published import published_schema
from tests.extract.whole import Extraction
from tests.sandbox.sonar_process import ROOT

pytestmark = pytest.mark.postgres

TEXTS = {"String", "Text", "Clob", "URL", "HttpsUrl"}


@pytest.fixture(scope="module")
def extraction(
    tmp_path_factory: pytest.TempPathFactory, warehouses: services.Warehouses
) -> Extraction:
    return whole.extraction(tmp_path_factory, warehouses)


def test_every_field_that_is_denied_holds_a_recognisable_secret(extraction: Extraction) -> None:
    denied = {
        f"{kind.name}.{name}"
        for kind in object_types(published_schema())
        for name, field in kind.fields.items()
        if is_leaf_type(scalar := get_named_type(field.type))
        and scalar.name in TEXTS
        and is_secret(kind.name, name, scalar.name)
    }
    assert len(denied) >= 30
    assert denied - set(extraction.truth["secrets"]) == set()


def test_no_secret_is_in_the_warehouse_the_output_or_a_file(extraction: Extraction) -> None:
    marker = extraction.truth["marker"]
    assert len(marker) > 5
    assert extraction.places_with(marker) == []
    # The search sees what is there: tables of all kinds, and the output.
    assert "tables/raw_sonar.radius_accounts" in extraction.places_with('"username"')
    assert "tables/ops.extract_ledger" in extraction.places_with("radius_server_credentials")
    assert "output.txt" in extraction.places_with("radius_server_credentials")
    assert "tables/raw_sonar._dlt_version" in extraction.places_with("radius_accounts")


def test_a_field_that_is_let_through_is_found(
    tmp_path: Path, warehouses: services.Warehouses
) -> None:
    code = tmp_path / "code"
    for package in ("extract", "runtime"):
        shutil.copytree(ROOT / package, code / package)
    deny = code / "extract" / "catalogue" / "deny.py"
    strict = deny.read_text(encoding="utf-8")
    let_through = strict.replace('"RadiusAccount.password",', "").replace("password|passwd|", "")
    assert len(let_through) < len(strict) - 30
    deny.write_text(let_through, encoding="utf-8")
    folder = tmp_path / "extraction"
    folder.mkdir()
    made = whole.extract(SCHEMA_FILE, folder, warehouses, "--include=radius_accounts", code=code)
    assert made.places_with("S3CR3T-RadiusAccount-password-") != []
