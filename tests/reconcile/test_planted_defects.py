"""Every kind of defect in the catalogue is named by the check that claims to find it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from load.run import load
from runtime.errors import GateFailed
from runtime.run_ledger import Run
from tests import services
from tests.reconcile.planted import BY_ACCEPTANCE, BY_PLAN, KINDS, Named, Planted
from tests.reconcile.whole_world import TARGET, World, built

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]

SEED = 20_260


@pytest.fixture(scope="module")
def world(warehouses: services.Warehouses, splynxes: services.Splynxes) -> Iterator[World]:
    with built(warehouses, splynxes) as made:
        yield made


@pytest.fixture(autouse=True)
def named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the environment of each test name the module's target."""
    monkeypatch.setenv("SPLYNX_TARGET", world.db.address)


def _choose(world: World, planted: Planted) -> dict[str, object]:
    rows = sorted(world.ask(planted.pick), key=str)
    return random.Random(f"{SEED} {planted.name}").choice(rows)


def _plant(world: World, planted: Planted) -> list[Named]:
    """Plant it and return what has to be named, with the chosen row's keys."""
    chosen = _choose(world, planted)
    for statement in planted.statements:
        world.change(statement.format(**chosen))
    return [
        Named(n.entity, n.layer, n.kind, n.key.format(**chosen), n.words) for n in planted.names
    ]


def _missed(found: Sequence[tuple[Named, Sequence[str]]], wanted: Sequence[Named]) -> list[Named]:
    """Return what has not been named; a key stands alone, unless two rows were spoilt."""
    return [
        named
        for named in wanted
        if not any(
            (said.entity, said.layer, said.kind) == (named.entity, named.layer, named.kind)
            and named.words in said.words
            and ((named.key in keys) if named.key else True)
            for said, keys in found
        )
    ]


def _said(world: World) -> list[tuple[Named, Sequence[str]]]:
    return [
        (Named(entity, d.layer, d.kind, words=" ".join((d.what, *d.details))), d.keys)
        for entity, result in world.reconciled().items()
        for d in result.differences
    ]


def test_a_clean_world_agrees_at_first(world: World) -> None:
    assert _said(world) == []


@pytest.mark.parametrize("planted", KINDS, ids=lambda planted: planted.name)
def test_reconciliation_names_it(world: World, planted: Planted) -> None:
    with world.restored(*planted.touches):
        wanted = _plant(world, planted)
        found = _said(world)
    assert _missed(found, wanted) == [], found
    spoilt = {named.entity for named in planted.names} | set(planted.besides)
    assert {said.entity for said, _ in found} <= spoilt, found
    keys = {named.key for named in wanted}
    if not planted.besides:
        assert {key for _, named in found for key in named} <= keys, found


@pytest.mark.parametrize(
    "planted", [p for p in BY_PLAN if p.check == "plan"], ids=lambda planted: planted.name
)
def test_the_next_plan_names_it(world: World, planted: Planted) -> None:
    with world.restored(*planted.touches):
        (wanted,) = _plant(world, planted)
        found = world.planned()
    assert found.get((wanted.entity, wanted.kind)) == (wanted.key,), found
    assert {table for table, _ in found} <= {wanted.entity, *planted.besides}


@pytest.mark.parametrize(
    "planted", [p for p in BY_PLAN if p.check == "gate"], ids=lambda planted: planted.name
)
def test_the_gate_of_the_next_load_refuses_it(world: World, planted: Planted) -> None:
    (wanted,) = planted.names
    with world.restored(*planted.touches):
        _plant(world, planted)
        with pytest.raises(GateFailed, match=wanted.words):
            load(Run("load-2", world.warehouse, 0), world.db, world.manifest, dry_run=True)


def test_acceptance_names_each_of_its_kinds(world: World, tmp_path: Path) -> None:
    """All at once: one run of the suites takes longer than all other checks of this module."""
    touches = dict.fromkeys(table for planted in BY_ACCEPTANCE for table in planted.touches)
    with world.restored(*touches):
        wanted = [(p, named) for p in BY_ACCEPTANCE for named in _plant(world, p)]
        found = [f for f in world.accepted(tmp_path / "docs") if f.severity == "critical"]
    for planted, named in wanted:
        said = [f for f in found if named.words in f.what and f.what.startswith(named.entity)]
        assert len(said) == 1, (planted.name, found)
        assert named.key in said[0].keys or not named.key, (planted.name, said)
    assert len(found) == len(wanted), found


def test_a_hash_that_the_row_does_not_have_ends_with_the_second_load(world: World) -> None:
    """The first finds the row other than recorded and keeps it, the second looks and mends."""
    (planted,) = (p for p in BY_PLAN if p.name.startswith("a hash that the row does not have"))
    held = world.content(f"select * from {TARGET}clients")
    (wanted,) = _plant(world, planted)
    assert _said(world) == []  # no data is at fault
    first = load(Run("load-4", world.warehouse, 0), world.db, world.manifest)
    assert first.kept == [f"clients {wanted.key}"]
    assert world.planned() == {}
    load(Run("load-5", world.warehouse, 0), world.db, world.manifest)
    unmended = "select from ops.row_state where new_hash = prior_hash"
    assert world.ask(unmended) == []
    assert world.content(f"select * from {TARGET}clients") == held
    assert _said(world) == []


def test_a_clean_world_raises_nothing_afterwards(world: World, tmp_path: Path) -> None:
    assert _said(world) == []
    assert world.planned() == {}
    assert world.accepted(tmp_path / "docs") == ()
    assert load(Run("load-3", world.warehouse, 0), world.db, world.manifest, dry_run=True)
