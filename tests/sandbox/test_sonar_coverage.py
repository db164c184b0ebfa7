"""What of the published schema is served and what is left out."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner
from graphql import build_schema

from sandbox.sonar.__main__ import cli
from sandbox.sonar.coverage import coverage, table
from sandbox.sonar.schema import SCHEMA_FILE

THEIRS = """
type Query { things(id: Int, size: Size, last: Int): [Thing] others: [Other] }
type Thing { id: Int parts(id: Int, name: String): [Thing] other: Other }
type Other { id: Int }
enum Size { SMALL LARGE }
"""
OURS = """
type Query { things(id: Int, size: Size): [Thing] }
type Thing { id: Int parts(id: Int): [Thing] }
enum Size { SMALL }
"""


def test_what_is_left_out_is_listed() -> None:
    found = coverage(build_schema(OURS), build_schema(THEIRS))
    assert found.queries == {"things": True, "others": False}
    assert found.members == {
        "Query": ("things(last:)",),
        "Thing": ("other", "parts(name:)"),
        "Size": ("LARGE",),
    }
    lines = list(table(found))
    assert {"| things | present |", "| others | left out |"} <= set(lines)
    assert "| Thing | other, parts(name:) |" in lines
    assert "root queries: 1 present, 1 left out" in lines
    assert coverage(build_schema(OURS), build_schema(OURS)).members == {}


def test_the_command_prints_the_tables(tmp_path: Path) -> None:
    published = tmp_path / "published.graphql"
    published.write_text(SCHEMA_FILE.read_text(encoding="utf-8").replace("  services(", "  goods("))
    ended = CliRunner().invoke(cli, ["coverage", "--published", str(published)])
    assert ended.exit_code == 0, ended.output
    assert "| goods | left out |" in ended.output
    assert "| contacts | present |" in ended.output
    assert "| Account | " not in ended.output.replace("| Account | goods |", "")


def test_without_a_published_schema_there_is_nothing_to_compare(tmp_path: Path) -> None:
    ended = CliRunner().invoke(cli, ["coverage", "--published", str(tmp_path / "none.graphql")])
    assert ended.exit_code == 0
    assert "nothing to compare" in ended.output
