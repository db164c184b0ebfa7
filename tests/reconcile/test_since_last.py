"""Rehearsal against rehearsal: what is new, gone and still there, and in how many lines."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine

from load.reconcile.reconciliation import reconcile
from load.reconcile.since_last import MOST_LINES, Change, SinceLast, changes, since_last
from runtime.run_ledger import Run
from runtime.settings import splynx_db
from tests.reconcile.small_world import SmallWorld, build
from tests.services import Splynx

_COUNTS = (
    "source", "mart", "merged", "excluded", "rejected", "quarantined", "not_selected", "loaded",
    "in_target", "identical", "modified", "missing", "extra",
)  # fmt: skip


def _row(entity: str, *differences: dict[str, Any], verdict: str = "agrees", **counts: int) -> Any:
    return {
        "entity": entity,
        "verdict": verdict,
        "differences": list(differences),
        **dict.fromkeys(_COUNTS, 0),
        **counts,
    }


def _difference(what: str, count: int = 1) -> dict[str, Any]:
    return {"layer": "target", "kind": "missing", "what": what, "count": count, "cause": "c"}


def test_new_gone_and_still_there_are_told_apart_whatever_their_figures() -> None:
    before = [
        _row("a", _difference("mart has 30 rows", 3), _difference("gone"), verdict="differs"),
        _row("b", mart=5),
        _row("left"),
    ]
    now = [
        _row("a", _difference("mart has 31 rows", 4), verdict="differs"),
        _row("b", _difference("fresh"), mart=6, verdict="differs"),
        _row("came"),
    ]
    entities, seen = changes(before, now)
    assert [str(change) for change in entities] == [
        "b: agrees → differs, mart 5 → 6",
        "came: new, agrees",
        "left: no longer there, was agrees",
    ]
    assert [str(one) for one in seen] == [
        "still there: a · target · missing: mart has 31 rows (3 → 4)",
        "new: b · target · missing: fresh (1)",
        "gone: a · target · missing: gone (1)",
    ]


def test_the_same_again_is_no_change() -> None:
    rows = [_row("a", mart=5), _row("b")]
    assert changes(rows, rows) == ([], [])


def test_it_is_told_in_ten_lines_the_news_first() -> None:
    _, seen = changes([], [_row("z", *(_difference("x" * n) for n in range(1, 3)))])
    found = SinceLast(
        "r",
        datetime(2026, 1, 1, tzinfo=UTC),
        "t#1",
        tuple(Change(f"entity {n}", "agrees", "differs") for n in range(20)),
        tuple(seen),
    )
    lines = found.lines()
    assert len(lines) == MOST_LINES
    assert lines[0].endswith(
        "2 differences are new, 0 gone, 0 still there; 20 entities have another verdict or other"
        " counts"
    )
    assert lines[1].startswith("  new: z")
    assert lines[-1] == "  … and 14 more, in the report"
    assert len(replace(found, entities=found.entities[:7]).lines()) == MOST_LINES


@pytest.mark.postgres
@pytest.mark.mysql
def test_the_last_one_of_the_same_address_counts_whichever_its_target(
    warehouse: Engine, splynx: Splynx
) -> None:
    world: SmallWorld = build(warehouse, splynx)

    def reconciled(run_id: str) -> SinceLast | None:
        run = Run(run_id=run_id, engine=warehouse, lock_pid=0)
        reconcile(run, world.manifest, splynx_db())
        with warehouse.connect() as connection:
            return since_last(connection, world.target, run_id)

    assert reconciled("first") is None
    address = world.splynx.address
    world.spoil(
        "insert into ops.target (target, address, epoch, dialect, version, sql_mode, charset,"
        " local_infile, run_id, inspected_at) select name, address, epoch, 'mariadb', '', '', '',"
        f" false, 'r', '2020-01-01Z' from (values ('{address}#0', '{address}', 0),"
        " ('other#1', 'other', 1)) as made (name, address, epoch)",
        f"update ops.reconciliation set target = '{address}#0', run_id = 'rehearsal'",
        "insert into ops.reconciliation select 'elsewhere', 'other#1', r.entity, r.source, r.mart,"
        " r.merged, r.excluded, r.rejected, r.quarantined, r.loaded, r.in_target, r.identical,"
        " r.modified, r.missing, r.extra, r.verdict from ops.reconciliation as r",
    )
    world.spoil_target("update tariffs_internet set price = price + 0.01 where id = 2")
    found = reconciled("second")
    assert found is not None
    assert (found.run_id, found.target) == ("rehearsal", f"{address}#0")
    assert [(seen.fate, seen.entity) for seen in found.differences] == [("new", "tariffs_internet")]
    assert [str(change) for change in found.entities] == [
        "tariffs_internet: agrees → differs, identical 2 → 1, modified 0 → 1"
    ]
    again = reconciled("third")
    assert again is not None
    assert (again.run_id, again.entities) == ("second", ())
    assert [seen.fate for seen in again.differences] == ["still there"]
