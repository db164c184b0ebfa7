"""The list of findings: whole, closed, and what the code says of each difference."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any, get_args

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, text

import load.reconcile
from load.reconcile import __main__ as command
from load.reconcile import findings
from load.reconcile.reconciliation import reconcile
from load.reconcile.results import Cause, Difference, by_cause
from runtime.errors import ReconcileMismatch
from runtime.run_ledger import Run
from runtime.settings import splynx_db
from tests.reconcile.small_world import SmallWorld, build
from tests.services import Splynx

FOLDER = Path(load.reconcile.__file__).parent


def _calls(name: str) -> list[tuple[str, ast.Call]]:
    return [
        (path.name, node)
        for path in sorted(FOLDER.glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    ]


def test_every_difference_that_the_code_can_make_has_an_entry() -> None:
    # mypy lets nothing but these names through to `difference`, which alone makes them
    assert set(get_args(findings.Name)) == set(findings.findings())
    assert [path for path, _ in _calls("Difference")] == ["results.py"]


def test_every_entry_is_made_somewhere() -> None:
    said = {
        node.value
        for path in FOLDER.glob("*.py")
        if path.name != "findings.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert set(findings.findings()) - said == set()


def test_causes_are_a_closed_list_and_each_is_used() -> None:
    used = {entry.cause for entry in findings.findings().values()} | set(get_args(Cause))
    assert used == set(findings.causes())


def test_layers_classes_and_owners_are_those_of_the_types() -> None:
    for name, entry in findings.findings().items():
        assert entry.layer in get_args(findings.Layer), name
        assert entry.kind in get_args(findings.Kind), name
        assert entry.owner in get_args(findings.Owner), name


@pytest.fixture
def world(warehouse: Engine, splynx: Splynx) -> SmallWorld:
    return build(warehouse, splynx)


def _found(world: SmallWorld) -> list[Difference]:
    run = Run(run_id="reconcile-1", engine=world.warehouse, lock_pid=0)
    results = reconcile(run, world.manifest, splynx_db())
    return [difference for result in results for difference in result.differences]


def _staff(world: SmallWorld, key: int, kind: str) -> str:
    return (
        "insert into ops.staff_edit (target, table_name, key, _sonar_key, kind, column_names,"
        f" run_id) values ('{world.target}', 'customers', '{{{key}}}', '{key}', '{kind}', '{{}}',"
        " 'r')"
    )


@pytest.mark.postgres
@pytest.mark.mysql
def test_rows_that_are_not_in_the_target_are_told_apart_by_what_is_recorded(
    world: SmallWorld,
) -> None:
    world.spoil_target(
        "delete from customers where id in (11, 12, 14)",
        "delete from customer_info where customer_id in (11, 12, 14)",
    )
    world.spoil(
        "delete from ops.row_state where _sonar_key = '11' and table_name like 'customer%%'",
        _staff(world, 12, "vanished"),
    )
    found = {(d.layer, d.cause, d.owner): d.keys for d in _found(world) if "customers" in d.what}
    assert found == {
        ("target", "unexplained", "data engineer"): ("14",),
        ("target", "not_loaded_yet", "data engineer"): ("11",),
        ("target", "removed_by_staff", "staff"): ("12",),
    }


@pytest.mark.postgres
@pytest.mark.mysql
def test_cause_and_owner_are_recorded_and_counted(world: SmallWorld) -> None:
    world.spoil_target("update customers set name = 'by staff' where id in (7, 8)")
    world.spoil(_staff(world, 8, "edited"))
    run = Run(run_id="reconcile-1", engine=world.warehouse, lock_pid=0)
    results = reconcile(run, world.manifest, splynx_db())
    assert by_cause(results) == [
        ("unexplained", "data engineer", 1), ("edited_by_staff", "staff", 1)
    ]  # fmt: skip
    with world.warehouse.connect() as connection:
        kept: list[dict[str, Any]] = connection.execute(
            text("select differences from ops.reconciliation where entity = 'customers'")
        ).scalar_one()
    assert [(d["cause"], d["owner"], d["keys"]) for d in kept] == [
        ("unexplained", "data engineer", ["7"]), ("edited_by_staff", "staff", ["8"])
    ]  # fmt: skip


@pytest.mark.postgres
@pytest.mark.mysql
def test_the_command_says_how_many_are_unexplained_and_for_whom_the_others_are(
    world: SmallWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "read_manifest", lambda: world.manifest)
    ran = CliRunner().invoke(command.cli)
    assert ran.exception is None, ran.output
    world.spoil_target("update customers set name = 'by staff' where id = 8")
    world.spoil(_staff(world, 8, "edited"))
    ran = CliRunner().invoke(command.cli)
    assert isinstance(ran.exception, ReconcileMismatch)
    assert ran.exception.exit_code == 4
    assert "0 of 1 differences are unexplained, first: customers" in str(ran.exception)
    assert "differences, edited by staff: 1 (for: staff)" in ran.output
    assert "customers · target · modified · edited by staff, for: staff: rows" in ran.output
    assert "1 differences are new, 0 gone, 0 still there" in ran.output
    world.spoil_target("update customers set name = 'by nobody' where id = 7")
    ran = CliRunner().invoke(command.cli)
    assert "1 of 2 differences are unexplained" in str(ran.exception)
    assert "differences, unexplained: 1 (for: data engineer)" in ran.output


@pytest.mark.postgres
@pytest.mark.mysql
def test_an_interrupted_load_is_told_from_a_record_that_was_lost(world: SmallWorld) -> None:
    state = "update ops.row_state set state = 'intended' where table_name = 'customers'"
    world.spoil(f"{state} and _sonar_key = '3'")
    assert [d.cause for d in _found(world)] == ["interrupted"]
    world.spoil("delete from ops.row_state where table_name = 'customers' and _sonar_key = '3'")
    assert [d.cause for d in _found(world) if d.layer == "load"] == ["unexplained"]


@pytest.mark.postgres
@pytest.mark.mysql
def test_a_record_that_sonar_removed_or_brought_since_the_transform_is_explained(
    world: SmallWorld,
) -> None:
    world.spoil(
        "update raw_sonar.contacts set _deleted_at = now() where _sonar_key = '5'",
        "insert into raw_sonar.contacts values ('31', '{}', 'later', null)",
        "update ops.extract_ledger set server_sums = '{}' where collection = 'contacts'",
        "insert into ops.step (run_id, step, started_at) values ('later', 'extract', now()),"
        " ('early', 'transform', now() - interval '1 hour')",
    )
    causes = {(d.kind, d.cause, d.keys) for d in _found(world) if d.layer == "raw"}
    assert causes == {
        ("missing", "gone_from_sonar", ("5",)),
        ("unaccounted", "not_transformed_yet", ("31",)),
    }
