"""What must not come into the repository is refused by the hooks, in a real one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_PRIVATE_KEY = "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n"
_TOKEN = "ey" + "J0eXAiOiJKV1QifQ.ey" + "JhdWQiOiIxIiwianRpIjoiZjEifQ.c2lnbmF0dXJl\n"
_SECRET = "SPLYNX_API_SECRET" + "=0123456789abcdef0123456789abcdef\n"


def _run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        check=False,
        cwd=folder,
        capture_output=True,
        text=True,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder.parent),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@example.com",
            "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a@example.com",
        },
    )


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository with one commit, the project's hooks and its tools."""
    folder = tmp_path_factory.mktemp("hooks") / "checkout"
    folder.mkdir()
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / ".gitignore").write_text(".venv\n", encoding="utf-8")
    shutil.copy(ROOT / ".pre-commit-config.yaml", folder)
    for command in (
        ("git", "init", "--quiet"),
        ("git", "add", "."),
        ("git", "commit", "--quiet", "--message", "first"),
        (".venv/bin/pre-commit", "install"),
    ):
        done = _run(folder, *command)
        assert done.returncode == 0, done.stderr
    return folder


def _commit(repository: Path, name: str, content: str) -> subprocess.CompletedProcess[str]:
    """Try to commit a file, even one that git ignores; leave nothing of it if it is refused."""
    (repository / name).write_text(content, encoding="utf-8")
    _run(repository, "git", "add", "--force", name)
    done = _run(repository, "git", "commit", "--message", "a change")
    if done.returncode != 0:
        _run(repository, "git", "rm", "--quiet", "--force", name)
    return done


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("notes.md", _PRIVATE_KEY, "Private key found: notes.md"),
        ("notes.md", f"a token: {_TOKEN}", "notes.md:1:a token: ey"),
        ("notes.md", f"# settings\n{_SECRET}", "notes.md:2:SPLYNX_API_SECRET"),
        (".env", "SONAR_URL=https://example.com\n", "holds passwords and stays here"),
        ("profiles.yml", "a: b\n", "holds passwords and stays here"),
        ("rows.csv", "a,b,c\n" * 100_000, "rows.csv (586 KB) exceeds 500 KB"),
    ],
    ids=["private key", "token", "secret of .env", "env file", "profiles", "large file"],
)
def test_what_must_not_come_in_is_refused_and_named(
    repository: Path, name: str, content: str, said: str
) -> None:
    before = _run(repository, "git", "rev-parse", "HEAD").stdout
    done = _commit(repository, name, content)
    assert done.returncode == 1
    assert said in done.stdout + done.stderr
    assert _run(repository, "git", "rev-parse", "HEAD").stdout == before


@pytest.mark.parametrize("name", ["notes.md", ".env.example"])
def test_an_ordinary_change_comes_in(repository: Path, name: str) -> None:
    done = _commit(repository, name, "# SONAR_API_KEY=\n")
    assert done.returncode == 0, done.stdout + done.stderr
    assert _run(repository, "git", "show", "--name-only", "--format=").stdout == f"{name}\n"
