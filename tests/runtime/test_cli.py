from __future__ import annotations

import click
import pytest

from runtime import cli
from runtime.errors import (
    ConfigError,
    GateFailed,
    MigrationError,
    ReconcileMismatch,
    TargetError,
    Unfinished,
)
from runtime.log import register_secret


def _command(error: BaseException | None) -> click.Command:
    @click.command()
    def command() -> None:
        click.echo("output")
        if error is not None:
            raise error

    return command


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (None, 0),
        (RuntimeError("boom"), 1),
        (MigrationError("ours"), 1),
        (ConfigError("mend"), 2),
        (GateFailed("no"), 3),
        (ReconcileMismatch("differs"), 4),
        (TargetError("gone"), 5),
        (Unfinished("left", ["a", "b"]), 6),
        (KeyboardInterrupt(), 130),
    ],
)
def test_an_error_becomes_its_code_and_a_last_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException | None,
    code: int,
) -> None:
    monkeypatch.setattr("sys.argv", ["load"])
    with pytest.raises(SystemExit) as ended:
        cli.main(_command(error), "load")
    assert ended.value.code == code
    out, err = capsys.readouterr()
    assert out == "output\n"
    assert err.splitlines()[-1].startswith(f"load: {code} ")


def test_only_a_bug_shows_a_traceback_and_never_a_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    register_secret("s3cr3t/with+signs")
    monkeypatch.setattr("sys.argv", ["load"])
    with pytest.raises(SystemExit):
        cli.main(_command(RuntimeError("at s3cr3t/with+signs and s3cr3t%2Fwith%2Bsigns")), "load")
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert "s3cr3t" not in err
    with pytest.raises(SystemExit):
        cli.main(_command(ConfigError("mend this")), "load")
    assert "Traceback" not in capsys.readouterr().err


def test_a_long_list_of_what_is_left_is_cut_and_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["extract"])
    with pytest.raises(SystemExit):
        cli.main(_command(Unfinished("left", [f"item {n}" for n in range(25)])), "extract")
    err = capsys.readouterr().err
    assert "  - item 19" in err
    assert "item 20" not in err
    assert "… and 5 more" in err


@pytest.mark.parametrize(("count", "listed"), [(5, 0), (6, 6), (60, 60)])
def test_a_check_lists_all_that_its_message_has_no_room_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], count: int, listed: int
) -> None:
    monkeypatch.setattr("sys.argv", ["load"])
    found = [f"column {n}" for n in range(count)]
    with pytest.raises(SystemExit):
        cli.main(_command(GateFailed("does not fit", report={"contract": found})), "load")
    err = capsys.readouterr().err
    assert [line[4:] for line in err.splitlines() if line.startswith("  - ")] == found[:listed]


@pytest.mark.parametrize("by_make", [True, False])
def test_who_came_by_make_is_told_how_make_takes_options(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    by_make: bool,
) -> None:
    @click.command()
    @click.option("--run", required=True)
    def command(run: str) -> None:
        click.echo(run)

    monkeypatch.setattr("sys.argv", ["load"])
    monkeypatch.delenv("MAKELEVEL", raising=False)
    if by_make:
        monkeypatch.setenv("MAKELEVEL", "1")
    with pytest.raises(SystemExit) as ended:
        cli.main(command, "load")
    assert ended.value.code == 2
    err = capsys.readouterr().err
    assert "Missing option '--run'" in err
    assert ("RUN= for --run" in err) is by_make
