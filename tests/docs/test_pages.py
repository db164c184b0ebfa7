"""What the pages name exists: make targets, files, variables; and no block of output is empty."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.readme import with_parts

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
CODE = ("runtime", "services", "sandbox", "extract", "load", "expectations", "scripts")


def _names(pages: list[Path]) -> list[str]:
    return [str(page.relative_to(ROOT)) for page in pages]


@pytest.fixture(scope="module")
def targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z][a-z-]+):", makefile, re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=_names(PAGES))
def test_every_make_target_that_a_page_names_exists(page: Path, targets: set[str]) -> None:
    text = page.read_text(encoding="utf-8")
    shells = "\n".join(re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    commands = re.findall(r"`make ([^`]+)`", text) + re.findall(r"^make (.+)$", shells, re.M)
    named = {
        word
        for command in commands
        for word in re.sub(r'"[^"]*"', "", command.split("#")[0]).split()
        if re.fullmatch(r"[a-z][a-z-]+", word)
    }
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=_names(PAGES))
def test_every_file_that_a_page_links_exists(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_variable_of_the_configuration_table_is_read_somewhere() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme.split("## Configuration")[1].split("### Exit codes")[0]
    named = set(re.findall(r"`([A-Z][A-Z_]{4,})(?:=\w+)?`", table))
    assert len(named) > 5
    files = [
        path
        for folder in CODE
        for pattern in ("*.py", "*.sh")
        for path in (ROOT / folder).rglob(pattern)
    ]
    code = "\n".join(path.read_text(encoding="utf-8") for path in files)
    assert {name for name in named if name not in code} == set()


@pytest.mark.parametrize("page", PAGES, ids=_names(PAGES))
def test_no_block_of_output_is_empty(page: Path) -> None:
    blocks = re.findall(
        r"<!-- output of: .+? -->\n(.*?)<!-- end -->", page.read_text(encoding="utf-8"), re.DOTALL
    )
    assert [block for block in blocks if len(block.strip().splitlines()) < 3] == []


def test_every_target_is_explained_by_make_help(targets: set[str]) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    explained = set(re.findall(r"^([a-z][a-z-]+):[^#\n]*## ", makefile, re.MULTILINE))
    assert explained == targets


@pytest.mark.parametrize("page", PAGES, ids=_names(PAGES))
def test_parts_of_other_pages_are_as_they_stand_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert with_parts(text) == text, "stale: run `.venv/bin/python scripts/readme.py --parts`"


def test_a_part_is_taken_from_its_first_to_before_its_last_line() -> None:
    marks = "<!-- part of: docs/what-is-migrated.md; from: | domain; to: ## -->\n{}<!-- end -->"
    filled = with_parts(marks.format("old\n"))
    assert filled.splitlines()[1].startswith("| domain | collections of Sonar |")
    assert not [line for line in filled.splitlines()[1:-1] if not line.startswith("|") and line]
    assert with_parts(filled) == filled
    with pytest.raises(SystemExit, match="no line that begins with 'nothing'"):
        with_parts(marks.replace("| domain", "nothing").format(""))
