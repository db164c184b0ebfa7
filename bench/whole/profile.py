"""Where Python's time goes in a stage, looked at from outside by py-spy.

Only threads at work count: who waits for a server or a thread is not sampled. What a function does
in C counts for the function that called it.
"""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.frame import BenchError

_RATE = 10  # looks a second; the process is not stopped for them
_MOST = 5  # of packages and of functions
_OURS = frozenset({"runtime", "extract", "transform", "expectations", "load"})
_NO_FRAMES = ("process ", "thread (")
_LINE = re.compile(r":\d+\)$")
_TEMPLATES = "<template>"  # what jinja2 calls its compiled code


@contextmanager
def sampled(process: int, samples: Path) -> Iterator[None]:
    """Sample a process and all that it starts, until it ends.

    Raises:
        BenchError: py-spy could not look at it.
    """
    command = [
        *(str(Path(sysconfig.get_path("scripts"), "py-spy")), "record", "--pid", str(process)),
        *("--subprocesses", "--nonblocking", "--function", "--rate", str(_RATE)),
        *("--format", "raw", "--output", str(samples)),
    ]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as looking:
        yield
        said = looking.stderr.read() if looking.stderr else ""
    if not samples.exists():
        raise BenchError(f"no profile (py-spy needs root, or ptrace_scope 0):\n{said[-500:]}")


def summary(lines: Iterable[str]) -> Mapping[str, Any]:
    """Return the samples, and the shares of the dearest packages and functions, largest first.

    Args:
        lines: `frame;frame;... count`, outermost frame first, as py-spy writes them.
    """
    packages: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    for line in lines:
        stack, _, count = line.strip().rpartition(" ")
        if not count.isdecimal():  # read while it changed: nobody is stopped for a look
            continue
        frames = [
            _LINE.sub(")", each) for each in stack.split(";") if not each.startswith(_NO_FRAMES)
        ]
        if not frames:
            continue
        package = _package(frames)
        packages[package] += int(count)
        functions["imports" if package == "imports" else frames[-1]] += int(count)
    total = packages.total()
    return {
        "samples": total,
        "packages": {name: round(n / total, 3) for name, n in packages.most_common(_MOST)},
        "functions": {name: round(n / total, 3) for name, n in functions.most_common(_MOST)},
    }


def _package(frames: list[str]) -> str:
    """Return whose code was at work; an import is one, whoever asked for it."""
    if any("<frozen importlib" in frame for frame in frames):
        return "imports"
    file = frames[-1].rpartition("(")[2].rstrip(")")
    if file.startswith(_TEMPLATES):
        return "jinja2"
    first = file.partition("/")[0].removesuffix(".py")
    if first in _OURS:
        return "this project"
    return "Python" if first in sys.stdlib_module_names or first.startswith("<") else first
