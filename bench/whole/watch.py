"""What a command and everything that it starts took together: seconds, CPU, memory at its peak."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.frame import BenchError
from bench.whole import profile

_INTERVAL = 0.3  # seconds between two looks at the memory
_MIB = 1024 * 1024
_SAID = 2000  # characters of an output that are kept
INCOMPLETE = 6


@dataclass(frozen=True, slots=True)
class Stage:
    """What a stage took. Memory is of all its processes together, pages they share counted once."""

    seconds: float
    cpu: float
    servers: Mapping[str, float]
    peak_mib: float
    with_warehouse_mib: float
    code: int
    last_words: str


@dataclass(frozen=True, slots=True)
class Where:
    """Where commands run: the project's folder, all of the environment, and the servers.

    `warehouse`: the id of the first process of the Postgres. `servers`: by name, what returns the
    CPU seconds that a server has used so far.
    """

    folder: Path
    environment: Mapping[str, str]
    warehouse: int
    servers: Mapping[str, Callable[[], float]]


class _Memory:
    """Looks at processes until it is told to stop; a page of n processes counts 1/n for each."""

    def __init__(self, ours: int, warehouse: int) -> None:
        self.peak = self.with_warehouse = 0.0
        self._ours, self._warehouse = ours, warehouse
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> _Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            ours, warehouse = _tree(self._ours), _tree(self._warehouse)
            self.peak = max(self.peak, ours)
            self.with_warehouse = max(self.with_warehouse, ours + warehouse)
            if self._ended.wait(_INTERVAL):
                return


def _tree(top: int) -> float:
    """Return the MiB of a process and its descendants, asking for no other process."""
    waiting, total = [top], 0
    while waiting:
        pid = waiting.pop()
        total += _resident(pid)
        with suppress(OSError):  # a process or a thread may just have ended
            for thread in Path(f"/proc/{pid}/task").iterdir():
                waiting += map(int, (thread / "children").read_text(encoding="ascii").split())
    return total / _MIB


def _resident(pid: int) -> int:
    """Return the proportional share of memory; 0 for a process that has just ended."""
    with suppress(OSError), Path(f"/proc/{pid}/smaps_rollup").open(encoding="ascii") as lines:
        for line in lines:
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def run(arguments: Sequence[str], where: Where, samples: Path | None = None) -> Stage:
    """Run `python -m <arguments>` to its end.

    Args:
        arguments: a module of this project and its arguments.
        where: where it runs, and what it works with.
        samples: where a profile of its Python goes, if one is wanted.

    Raises:
        BenchError: it failed. That it could not do all (6) is for the caller to judge.
    """
    before, started = {name: used() for name, used in where.servers.items()}, time.monotonic()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=where.folder,
            env=dict(where.environment),
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        looked_at = profile.sampled(process.pid, samples) if samples else nullcontext()
        with looked_at, _Memory(process.pid, where.warehouse) as memory:
            _, status, used = os.wait4(process.pid, 0)
            seconds = time.monotonic() - started
        process.returncode = code = os.waitstatus_to_exitcode(status)
        said.seek(0)
        output = said.read().decode(errors="replace")
    if code not in {0, INCOMPLETE}:
        raise BenchError(f"{' '.join(arguments[:3])} ended with {code}:\n{output[-_SAID:]}")
    return Stage(
        seconds=seconds,
        cpu=used.ru_utime + used.ru_stime,
        servers={name: used() - before[name] for name, used in where.servers.items()},
        peak_mib=memory.peak,
        with_warehouse_mib=memory.with_warehouse,
        code=code,
        last_words=output[-_SAID:],
    )
