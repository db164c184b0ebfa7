"""Break the code on purpose, one line at a time, and see the named test turn red.

A test that stays green with its subject broken proves nothing. Works in a copy of the checkout, so
that an interruption can't leave a breakage behind. Ends with 1 when a breakage goes unnoticed, when
a line to break is gone, or when a named test fails unbroken.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "tests" / "breakages.yml"
_RED = 1  # pytest's code for "tests failed"; 2 and more mean that it could not run them


@dataclass(frozen=True, slots=True)
class Breakage:
    """In `file`, `line` becomes `broken`; `test` has to notice. `why` says what would go wrong."""

    why: str
    file: str
    line: str
    broken: str
    test: str


def _copy(folder: Path) -> Path:
    """Copy the tracked and the new files of the checkout; return the copy."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    copy = folder / "checkout"
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    return copy


def _pytest(copy: Path, tests: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )


def _is_noticed(copy: Path, breakage: Breakage) -> str | None:
    """Return None when the test turned red, else what is wrong."""
    path = copy / breakage.file
    sound = path.read_text(encoding="utf-8")
    if sound.count(breakage.line) != 1:
        return f"{breakage.file} holds the line {sound.count(breakage.line)} times, not once"
    path.write_text(sound.replace(breakage.line, breakage.broken), encoding="utf-8")
    try:
        done = _pytest(copy, [breakage.test])
    finally:
        path.write_text(sound, encoding="utf-8")
    if done.returncode == _RED:
        return None
    return f"pytest ended with {done.returncode}:\n{done.stdout[-2000:]}"


def main() -> int:
    """Prove every breakage of the list; return the exit code."""
    listed = [Breakage(**entry) for entry in yaml.safe_load(LIST.read_text(encoding="utf-8"))]
    wanted = " ".join(sys.argv[1:])  # words of a breakage's `why`, to prove that one alone
    breakages = [breakage for breakage in listed if wanted in breakage.why]
    if not breakages:
        print(f"no breakage of {LIST.name} is for the reason {wanted!r}")  # noqa: T201
        return 2
    with tempfile.TemporaryDirectory(prefix="prove-tests-") as folder:
        copy = _copy(Path(folder))
        tests = list(dict.fromkeys(b.test for b in breakages))
        print(f"{len(tests)} tests unbroken …", flush=True)  # noqa: T201 - a script's own output
        unbroken = _pytest(copy, tests)
        if unbroken.returncode != 0:
            print(unbroken.stdout[-4000:])  # noqa: T201
            return 1
        missed = 0
        for number, breakage in enumerate(breakages, 1):
            wrong = _is_noticed(copy, breakage)
            missed += wrong is not None
            verdict = "red, as it must be" if wrong is None else f"NOT NOTICED: {wrong}"
            line = f"[{number}/{len(breakages)}] {breakage.why}: {verdict}"
            print(line, flush=True)  # noqa: T201
    print(f"{len(breakages) - missed} of {len(breakages)} breakages noticed")  # noqa: T201
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
