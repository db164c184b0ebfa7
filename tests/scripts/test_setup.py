"""On a machine that lacks something, `make setup` says what to do and changes nothing unasked."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_PROGRAMS = "cat chmod cksum cp dirname env grep mkdir sh tail touch"
# Python 3.11 as Debian has it without python3.11-venv.
_PYTHON = 'case "$2" in *ensurepip*) exit 1;; *%d*) echo 3.11;; esac'


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """Return the folder of all programs of a bare machine, on which we are not root."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in _PROGRAMS.split():
        found = shutil.which(name)
        assert found is not None
        (programs / name).symlink_to(found)
    _program(programs, "id", "echo 1000")
    _program(programs, "sudo", "exit 1")  # as it ends with -n where a password is needed
    _program(programs, "apt-get", f"touch '{tmp_path}/installed'")
    _program(programs, "python3.11", _PYTHON)
    return programs


def _program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


def _setup(machine: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    checkout = machine.parent / "a checkout"
    compiled = shutil.ignore_patterns("__pycache__")  # which others may be writing
    shutil.copytree(ROOT / "scripts", checkout / "scripts", ignore=compiled)
    for name in ("requirements.lock", "requirements-uv.lock", ".env.example"):
        shutil.copy(ROOT / name, checkout)
    return subprocess.run(
        [checkout / "scripts" / "setup.sh"],
        check=False,
        cwd="/",
        capture_output=True,
        text=True,
        env={"PATH": str(machine), **environment},
    )


@pytest.mark.parametrize(
    ("lacks", "environment", "do"),
    [
        ((), {}, "run 'sudo apt-get install python3.11-venv', then make setup again"),
        (("sudo",), {}, "have 'apt-get install python3.11-venv' run as root, then make setup"),
        ((), {"SETUP_INSTALL": "no"}, "run 'apt-get install python3.11-venv' and then make setup"),
        (("apt-get",), {}, "install it with your package manager (on Debian it is"),
        (("python3.11",), {}, "no Python 3.11 to 3.13 found: install one, or name it with"),
    ],
    ids=["sudo with a password", "no sudo", "not to be installed", "no apt-get", "no Python"],
)
def test_what_is_missing_is_said_with_what_to_do(
    machine: Path, lacks: tuple[str, ...], environment: dict[str, str], do: str
) -> None:
    for name in lacks:
        (machine / name).unlink()
    done = _setup(machine, **environment)
    *_, said, last = done.stderr.splitlines()
    assert done.returncode == 2
    assert do in said
    assert last == "setup: 2 configuration, credentials or rights: mend them and start again"
    assert not (machine.parent / "installed").exists()
    assert not (machine.parent / "a checkout" / ".venv").exists()


def test_what_can_be_done_without_is_no_reason_to_stop(machine: Path) -> None:
    tools = machine.parent / "a checkout" / ".venv" / "bin"
    made = " ".join(f"'{tools}/{name}'" for name in ("python", "uv"))
    _program(machine, "python3.11", f"mkdir -p '{tools}'; touch {made}; chmod +x {made}")
    done = _setup(machine, SANDBOX_MARIADB_URL="mysql://root:password@127.0.0.1:13306")
    assert done.returncode == 0, done.stderr
    assert "a dump tool of MariaDB or MySQL (for make backup-splynx) is missing" in done.stderr
    assert "setup: 2" not in done.stderr
    assert "setup: going on without it\n" in done.stdout
    assert done.stdout.endswith("setup: ready; 'make' shows what can be done\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("name", ["build", ".env", ".local"])
def test_what_another_user_made_is_named(machine: Path, name: str) -> None:
    path = machine.parent / "a checkout" / name
    path.mkdir(parents=True)
    os.chown(path, 54321, 54321)
    done = _setup(machine)
    assert done.returncode == 2
    assert f"setup: {name} belongs to another user (made with sudo?): 'sudo chown -R" in done.stderr
