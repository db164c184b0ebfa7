"""Defects by chance, in any table: reconciliation names the row. `make prove` has a thousand.

The quick version spoils the miniature; the long one spoils all marts and tables of a whole way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import orjson
import pytest
from sqlalchemy.exc import DataError, IntegrityError

from runtime.manifest import marts_of
from runtime.settings import splynx_db
from tests import proving, services
from tests.e2e.way import way
from tests.reconcile.mutations import PLACES, Chance, Mutation
from tests.reconcile.whole_world import World, built

pytestmark = [pytest.mark.postgres, pytest.mark.mysql, pytest.mark.prove]

SEED = 11
_REFUSED = (DataError, IntegrityError)  # what the database itself does not take


@pytest.fixture(scope="module")
def world(warehouses: services.Warehouses, splynxes: services.Splynxes) -> Iterator[World]:
    with ExitStack() as stack:
        if not proving.proving():
            yield stack.enter_context(built(warehouses, splynxes))
            return
        made = stack.enter_context(way(warehouses, splynxes, "demo"))
        made.succeed("runtime", "migrate")
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for name in ("SPLYNX_MYSQL_URL", "SPLYNX_TARGET"):
            patch.setenv(name, made.environment[name])
        document = orjson.loads((made.build / "dbt" / "manifest.json").read_bytes())
        yield World(made.warehouse, made.splynx.engine, marts_of(document), splynx_db())


def _names(world: World, mutation: Mutation) -> bool | None:
    """Plant it, and tell whether a difference of its table has the key of its row.

    None: nothing was spoilt. Its row is not there, because no load can place it, or is as it was.
    """
    if mutation.held and not world.content(mutation.held):
        return None
    row = f"select * from {mutation.touches}{mutation.rows}"
    with world.restored(mutation.touches, rows=mutation.rows):
        before = world.content(row)
        world.change(mutation.statement)
        if world.content(row) == before:
            return None
        result = world.reconciled_one(mutation.table)
    return any(mutation.keys.intersection(found.keys) for found in result.differences)


def test_every_defect_is_named(
    world: World, record_property: Callable[[str, object], None]
) -> None:
    wanted = proving.cases(quick=20, long=1_000)
    chance = Chance(world)
    planted: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    unnamed = []
    seed = SEED
    while sum(planted.values()) < wanted:
        mutation = chance.mutation(seed)
        seed += 1
        try:
            is_named = _names(world, mutation)
        except _REFUSED:
            left_out["a database refused it"] += 1
            continue
        if is_named is None:
            left_out["nothing was spoilt"] += 1
            continue
        planted[f"{mutation.place} {mutation.action}"] += 1
        if not is_named:
            unnamed.append(f"{seed - 1}: {mutation}")
    record_property("planted", dict(planted))
    record_property("left out", dict(left_out))
    assert unnamed == []
    assert world.spoilt() == []
    assert {name.split()[0] for name in planted} == set(PLACES)
    after = {name: r.differences for name, r in world.reconciled().items() if r.differences}
    assert after == {}
