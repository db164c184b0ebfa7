"""What the pages name exists: make targets, files, variables; and no block of output is empty."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.readme import with_parts

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
CODE = ("runtime", "services", "sandbox", "extract", "transform", "load", "expectations", "scripts")


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


def _texts() -> Iterator[str]:
    """Yield every text of the code, whole where it stands on several lines."""
    yield (ROOT / "scripts" / "setup.sh").read_text(encoding="utf-8")
    for folder in CODE:
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    parts = (p.value if isinstance(p, ast.Constant) else "…" for p in node.values)
                    yield "".join(map(str, parts))
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def test_every_message_that_the_readme_explains_is_one_of_ours() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme.split("## When something stops")[1].split("## Development")[0]
    cells = [line.split(" | ")[0] for line in table.splitlines() if line.startswith("| ")]
    quoted = [text for cell in cells for text in re.findall(r"`([^`]+)`", cell)]
    parts = {part.strip(" ,") for text in quoted for part in text.split("…")} - {""}
    assert len(parts) > 20
    texts = list(_texts())
    assert {part for part in parts if not any(part in text for text in texts)} == set()


def test_every_page_can_be_reached_from_the_readme() -> None:
    found, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        found.add(page)
        links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
        for linked in ((page.parent / link).resolve() for link in links):
            pages = linked.glob("*.md") if linked.is_dir() else [linked]
            waiting += [one for one in pages if one.suffix == ".md" and one not in found]
    assert [str(page.relative_to(ROOT)) for page in PAGES if page not in found] == []


@pytest.mark.parametrize("stage", ["extract", "load"])
def test_the_architecture_names_every_room_of_a_stage(stage: str) -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = [found.parent.name for found in (ROOT / stage).glob("*/__init__.py")]
    assert len(rooms) > 3
    assert [room for room in rooms if f"{room}/`" not in page] == []
