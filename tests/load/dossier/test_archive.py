"""The seal: every change of an archive is found and named, wherever it is made."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from load.dossier.__main__ import commands
from load.dossier.archive import SUMS, sealed, verified
from runtime.errors import ConfigError, ReconcileMismatch

_MEMBERS = {"verdict.json": b'{"level": "green"}\n', "seeds/a.csv": b"a,b\n1,2\n", "empty": b""}
_ARCHIVE, _SEAL = sealed(_MEMBERS)


def _with(**changed: bytes | None) -> bytes:
    """Return the archive as an ordinary tool would write it after a change."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(_ARCHIVE)) as old, zipfile.ZipFile(file, "w") as new:
        names = [*old.namelist(), *(name for name in changed if name not in old.namelist())]
        for name in names:
            content = changed.get(name, old.read(name) if name in old.namelist() else b"")
            if content is not None:
                new.writestr(name, content)
    return file.getvalue()


def test_the_same_members_make_the_same_bytes_in_any_order() -> None:
    again, seal = sealed(dict(reversed(_MEMBERS.items())))
    assert (again, seal) == (_ARCHIVE, _SEAL)
    assert verified(_ARCHIVE, _SEAL) == ([], _SEAL)
    assert verified(_ARCHIVE) == ([], _SEAL)


def test_sha256sum_can_read_the_list() -> None:
    with zipfile.ZipFile(io.BytesIO(_ARCHIVE)) as archive:
        lines = archive.read(SUMS).decode().splitlines()
    assert [line.split("  ")[1] for line in lines] == sorted(_MEMBERS)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (_with(**{"seeds/a.csv": b"a,b\n1,3\n"}), "changed: seeds/a.csv"),
        (_with(**{"seeds/a.csv": None}), "missing: seeds/a.csv"),
        (_with(more=b"x"), "added: more"),
        (_with(**{SUMS: None}), f"missing: {SUMS}"),
        (_with(**{SUMS: b"nothing of the kind\n"}), f"changed: {SUMS}"),
        (_with(), "changed: the archive around its members"),
        (_ARCHIVE + b"x", "changed: the archive around its members"),
        (b"no archive", "changed: the archive itself cannot be read"),
    ],
)
def test_a_change_is_named(content: bytes, problem: str) -> None:
    problems, _ = verified(content)
    assert problems == [problem]


def test_a_list_written_anew_is_found_by_the_signed_seal() -> None:
    forged, seal = sealed({**_MEMBERS, "verdict.json": b'{"level": "red"}\n'})
    assert verified(forged) == ([], seal)
    problems, _ = verified(forged, _SEAL)
    assert problems == [f"changed: {SUMS}, its hash is not the one that was signed"]


def test_every_flipped_byte_of_a_member_names_the_member() -> None:
    with zipfile.ZipFile(io.BytesIO(_ARCHIVE)) as archive:
        entries = archive.infolist()
    for entry in entries:
        start = entry.header_offset + 30 + len(entry.filename)  # a local header without extras
        for place in range(start, start + entry.file_size):
            flipped = bytearray(_ARCHIVE)
            flipped[place] ^= 1
            problems, _ = verified(bytes(flipped), _SEAL)
            assert any(entry.filename in problem for problem in problems), (place, problems)


@given(place=st.integers(0, len(_ARCHIVE) - 1), bit=st.integers(0, 7))
def test_no_flipped_bit_anywhere_goes_unseen(place: int, bit: int) -> None:
    flipped = bytearray(_ARCHIVE)
    flipped[place] ^= 1 << bit
    problems, _ = verified(bytes(flipped), _SEAL)
    assert problems


def test_the_command_says_which_member_and_ends_as_documented(tmp_path: Path) -> None:
    path = tmp_path / "dossier.zip"
    path.write_bytes(_ARCHIVE)
    done = CliRunner().invoke(commands, ["verify", str(path), "--seal", _SEAL])
    assert done.exit_code == 0
    assert _SEAL in done.output
    path.write_bytes(_with(**{"verdict.json": b"{}"}))
    done = CliRunner().invoke(commands, ["verify", str(path)])
    assert isinstance(done.exception, ReconcileMismatch)
    assert "changed: verdict.json" in done.output
    done = CliRunner().invoke(commands, ["verify", str(tmp_path / "none.zip")])
    assert isinstance(done.exception, ConfigError)
