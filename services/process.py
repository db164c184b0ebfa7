"""Server processes that we start, find again and stop.

A process is remembered in `<folder>/process.json` as pid, start time and command line. All three
must fit before a signal is sent: pids are reused, and nothing is stopped that was not started here.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from runtime.errors import ConfigError, ServerError

HOST = "127.0.0.1"
_RECORD = "process.json"
_POLL_SECONDS = 0.02
_PORT_PATIENCE_SECONDS = 2.0
_CLOCK_SLACK_SECONDS = 2.0  # start times derive from the boot time, which moves with the clock


@dataclass(frozen=True, slots=True)
class Owned:
    """A process that we started. `started` is seconds since the epoch."""

    pid: int
    started: float
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """The system account under which a server runs; root must lend one to Postgres."""

    name: str
    uid: int
    gid: int


def start(
    command: Sequence[str],
    *,
    folder: Path,
    log: Path,
    environment: Mapping[str, str],
    account: Account | None = None,
) -> Owned:
    """Start `command` in `folder`, detached from this process and its terminal, and record it.

    Output is appended to `log`. The server outlives the command that started it.
    """
    with log.open("ab") as output:
        child = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    owned = Owned(child.pid, psutil.Process(child.pid).create_time(), tuple(command))
    # The child is watched by pid from here on; Popen would warn that it still runs.
    child.returncode = 0
    write_private(folder / _RECORD, json.dumps(asdict(owned)))
    return owned


def recorded(folder: Path) -> Owned | None:
    """Return the process recorded in `folder` if it still runs and is the one we started."""
    try:
        record = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
        owned = Owned(int(record["pid"]), float(record["started"]), tuple(record["command"]))
    except (FileNotFoundError, ValueError, KeyError):
        return None
    return owned if is_running(owned) else None


def find(argument: str) -> Owned | None:
    """Return a running process that was given exactly `argument`, such as our data folder.

    It finds the server whose starter was killed before it could write the record.
    """
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            command = process.cmdline()
            if argument in command[1:] and process.status() != psutil.STATUS_ZOMBIE:
                return Owned(process.pid, process.create_time(), tuple(command))
    return None


def is_running(owned: Owned) -> bool:
    """Tell whether exactly this process is alive; a zombie is not."""
    return _process(owned) is not None


def _process(owned: Owned) -> psutil.Process | None:
    try:
        process = psutil.Process(owned.pid)
        if (
            process.status() == psutil.STATUS_ZOMBIE
            or abs(process.create_time() - owned.started) > _CLOCK_SLACK_SECONDS
            # A process that is just ending has no command line any more, and still its files.
            or tuple(process.cmdline()) not in {(), owned.command}
        ):
            return None
    except psutil.Error:
        return None
    return process


def stop(
    owned: Owned,
    *,
    folder: Path,
    ask: signal.Signals = signal.SIGTERM,
    insist: signal.Signals = signal.SIGKILL,
    patience: float = 30.0,
) -> None:
    """Ask the process to end, insist after `patience` seconds, and forget it.

    Raises:
        ServerError: it is still there after both signals.
    """
    for attempt in (ask, insist):
        process = _process(owned)
        if process is None:
            break
        with suppress(psutil.NoSuchProcess):
            process.send_signal(attempt)
        deadline = time.monotonic() + patience
        while not _has_ended(owned) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
    if is_running(owned):
        raise ServerError(f"process {owned.pid} does not end: stop it by hand")
    forget(folder)


def _has_ended(owned: Owned) -> bool:
    with suppress(ChildProcessError):
        os.waitpid(owned.pid, os.WNOHANG)  # our own child would stay as a zombie
    return not is_running(owned)


def forget(folder: Path) -> None:
    """Remove the record of a process that has ended."""
    (folder / _RECORD).unlink(missing_ok=True)


def wait_until(
    condition: Callable[[], bool],
    *,
    seconds: float,
    what: str,
    log: Path,
    owned: Owned | None = None,
) -> None:
    """Poll `condition` until it holds.

    Raises:
        ServerError: the deadline passed, or `owned` ended meanwhile. It names the log, and does not
            repeat it: a server's log can hold anything.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if owned is not None and not is_running(owned):
            raise ServerError(f"{what}: it ended at once; the reason is at the end of {log}")
        if time.monotonic() > deadline:
            raise ServerError(f"{what}: not within {seconds:.0f} s; see the end of {log}")
        time.sleep(_POLL_SECONDS)


def free_port(preferred: int | None = None) -> int:
    """Return `preferred` where it is free on the loopback interface, else another free port.

    A server that was just killed holds its port a moment longer, so a preferred one is waited for.
    """
    if preferred is not None:
        deadline = time.monotonic() + _PORT_PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if _bindable(preferred) is not None:
                return preferred
            time.sleep(_POLL_SECONDS)
    port = _bindable(0)
    if port is None:
        raise ServerError(f"no free port on {HOST}")
    return port


def _bindable(port: int) -> int | None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            probe.bind((HOST, port))
            return int(probe.getsockname()[1])
    return None


def private_folder(folder: Path) -> None:
    """Make sure that `folder` exists, is ours, and that others cannot list it.

    Raises:
        ConfigError: it cannot be created, or belongs to another user.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as exc:
        raise ConfigError(
            f"{folder} cannot be created ({exc.strerror}): check its parent folder"
        ) from None
    if folder.stat().st_uid != os.geteuid():
        owner = folder.stat().st_uid
        raise ConfigError(
            f"{folder} belongs to user id {owner}: run as that user, or move the folder away"
        )


def write_private(path: Path, content: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as target:
        target.write(content)
        target.flush()
        os.fsync(target.fileno())
    unfinished.replace(path)


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Let one command at a time start or stop the server of `folder`; others wait."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
