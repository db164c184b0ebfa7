"""Put real output into README.md and the docs: every marked block is what its command printed.

A block stands between `<!-- output of: COMMAND; from: TEXT; to: TEXT -->` and `<!-- end -->`. The
commands are run in the order of the page; what one prints from the line that begins with the first
text on, and before the line that begins with the second (`the end`: all), is put into the block.
`; without: A > B, C > D` leaves out what stands from a line whose first words are A up to the next
whose first words are B, and says `…` instead: long tables are for the terminal.

Between `<!-- part of: FILE; from: TEXT; to: TEXT -->` and `<!-- end -->` stand such lines of a file
of the project. They are filled first, and alone with `--parts`, which runs no command.
"""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_BLOCK = re.compile(
    r"(<!-- output of: (?P<command>[^;]+); from: (?P<start>[^;]+); to: (?P<stop>[^;]+?)"
    r"(?:; without: (?P<without>.+?))? -->\n)"
    r".*?(?P<end><!-- end -->)",
    re.DOTALL,
)
_PART = re.compile(
    r"(<!-- part of: (?P<file>[^;]+); from: (?P<start>[^;]+); to: (?P<stop>[^;]+?) -->\n)"
    r".*?(?P<end><!-- end -->)",
    re.DOTALL,
)


def _between(lines: Sequence[str], start: str, stop: str, where: str) -> str:
    """Return the lines from the one that begins with `start` to before the one with `stop`."""
    for number, line in enumerate(lines):
        if line.startswith(start):
            shown = itertools.takewhile(lambda line: not line.startswith(stop), lines[number:])
            return "\n".join(shown).rstrip()
    raise SystemExit(f"{where} has no line that begins with '{start}'")


def _output(command: str, start: str, stop: str) -> str:
    done = subprocess.run(
        command.split(),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    return _between(lines, start, stop, f"the output of `{command}`")


def _cut(lines: list[str], first: str, then: str) -> list[str]:
    """Return the lines with `…` for those from `first` up to `then`."""
    begins = [n for n, line in enumerate(lines) if f"{line} ".startswith(f"{first} ")]
    ends = [n for n, line in enumerate(lines) if f"{line} ".startswith(f"{then} ")]
    begin = next(iter(begins), None)
    end = next((n for n in ends if begin is not None and n > begin), None)
    if begin is None or end is None:
        raise SystemExit(f"no lines from '{first}' up to '{then}'")
    return [*lines[:begin], "…", *lines[end:]]


def _filled(match: re.Match[str]) -> str:
    output = _output(match["command"].strip(), match["start"], match["stop"])
    if match["without"]:
        lines = output.splitlines()
        for cut in match["without"].split(","):
            first, _, then = cut.strip().partition(" > ")
            lines = _cut(lines, first, then)
        output = "\n".join(lines)
    return f"{match[1]}```\n{output}\n```\n{match['end']}"


def with_parts(page: str) -> str:
    """Return the text of a page with every part of a file as that file stands now."""

    def part(match: re.Match[str]) -> str:
        lines = (ROOT / match["file"].strip()).read_text(encoding="utf-8").splitlines()
        shown = _between(lines, match["start"], match["stop"], match["file"])
        return f"{match[1]}{shown}\n{match['end']}"

    return _PART.sub(part, page)


def main() -> None:
    """Fill the blocks of the pages named on the command line, README.md by default."""
    names = [name for name in sys.argv[1:] if name != "--parts"]
    for name in names or ["README.md"]:
        page = ROOT / name
        text = with_parts(page.read_text(encoding="utf-8"))
        if "--parts" not in sys.argv[1:]:
            text = _BLOCK.sub(_filled, text)
        page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
