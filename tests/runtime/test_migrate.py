from __future__ import annotations

import pytest
from sqlalchemy import URL

from runtime import migrate
from runtime.errors import ConfigError
from runtime.migrate import read_waves, stages_of, usual_route


def test_without_waves_each_stage_comes_once() -> None:
    names = [stage.name for stage in stages_of()]
    assert len(names) == len(set(names))
    assert names[-3:] == ["load", "reconcile", "report"]


def test_each_wave_is_reconciled_before_the_next_and_the_last_is_everything() -> None:
    stages = stages_of(read_waves("1,10"))
    first = next(i for i, stage in enumerate(stages) if stage.command == ("load", "plan")) + 1
    assert [(stage.command, stage.must_be_whole) for stage in stages[first:-1]] == [
        (("load", "run", "--limit", "1"), True),
        (("load.reconcile",), True),
        (("load", "run", "--limit", "10"), True),
        (("load.reconcile",), True),
        (("load", "run"), False),
        (("load.reconcile",), False),
    ]


def test_a_wave_is_reconciled_by_its_own_rows_where_there_is_a_database(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SPLYNX_MYSQL_URL", "mysql://u:p@localhost/splynx")
    commands = [stage.command for stage in stages_of((1,)) if stage.command[0] == "load.reconcile"]
    assert commands == [("load.reconcile", "--chosen"), ("load.reconcile",)]


@pytest.mark.parametrize(
    ("text", "sizes"), [(None, ()), ("", ()), ("1, 10 100", (1, 10, 100)), ("1,10,all", (1, 10))]
)
def test_waves_are_read(text: str | None, sizes: tuple[int, ...]) -> None:
    assert read_waves(text) == sizes


@pytest.mark.parametrize("text", ["10,1", "0,1", "1,1", "ten", "all,1", "-1"])
def test_waves_that_do_not_rise_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"1,10,100"):
        read_waves(text)


def test_the_route_goes_to_the_plan_and_to_every_load(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPLYNX_MYSQL_URL", "mysql://u:p@localhost/splynx")
    commands = [stage.command for stage in stages_of((1,), "hybrid", "labels customers")]
    way = ("--route", "hybrid", "--rest-tables", "labels customers")
    assert ("load", "plan", *way) in commands
    assert ("load", "run", *way, "--limit", "1") in commands
    assert ("load", "run", *way) in commands
    assert ("load", "inspect") in commands


def test_without_a_database_the_api_is_inspected_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPLYNX_URL", "https://splynx.example")
    assert usual_route() == "rest"
    assert ("load", "inspect", "--route", "rest") in [
        stage.command for stage in stages_of((), usual_route())
    ]
    monkeypatch.setenv("SPLYNX_MYSQL_URL", "mysql://u:p@localhost/splynx")
    assert usual_route() == "hybrid"
    assert ("load", "inspect") in [stage.command for stage in stages_of((), "rest")]
    monkeypatch.delenv("SPLYNX_URL")
    assert usual_route() == "mysql"


@pytest.mark.postgres
@pytest.mark.parametrize("code", [0, 2])
def test_a_report_after_a_halt_is_said_to_be_of_other_runs_too(
    warehouse_url: URL,  # noqa: ARG001 - sets WAREHOUSE_URL
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    code: int,
) -> None:
    ran: list[str] = []

    def run(stage: migrate.Stage, environment: object) -> int:  # noqa: ARG001
        ran.append(stage.name)
        return code if stage.name == "extract" else 0

    monkeypatch.setattr(migrate, "_run", run)
    if code:
        with pytest.raises(ConfigError, match="extract ended with 2"):
            migrate.migrate()
        assert ran == ["extract", "report"]
    else:
        migrate.migrate()
    assert ("stopped at extract" in capsys.readouterr().out) is (code != 0)
