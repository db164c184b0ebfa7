"""One reconciliation: every entity through every layer, and its record in `ops.reconciliation`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import orjson
from sqlalchemy import Connection, text

from load.reconcile import accounting, recorded
from load.reconcile.accounting import Account, Line
from load.reconcile.compare import Key, compare
from load.reconcile.results import (
    MAX_KEYS,
    Difference,
    EntityResult,
    SourceCounts,
    TargetCounts,
    changed_columns,
    load_difference,
)
from load.reconcile.sides import MartSide, Table, TargetSide
from load.reconcile.splynx import dangling, snapshot, table_of
from runtime.errors import ConfigError
from runtime.manifest import Manifest
from runtime.run_ledger import Run
from runtime.settings import SplynxDb


def _texts(keys: Sequence[Key]) -> tuple[str, ...]:
    return tuple("/".join(str(part) for part in key) for key in keys[:MAX_KEYS])


def current_target(connection: Connection, address: str) -> str:
    """Return the target that was inspected last, which must be the one we are to read.

    Raises:
        ConfigError: nothing was inspected, or something else.
    """
    row = connection.execute(text("select target, address from ops.current_target")).first()
    if row is None:
        raise ConfigError("no target has been inspected: run make inspect, then make load")
    if row.address != address:
        raise ConfigError(
            f"the last inspection was of {row.address}, SPLYNX_MYSQL_URL leads to {address}: "
            "set it to the loaded target, or run make inspect for this one"
        )
    return str(row.target)


class _TableCheck:
    """The comparison of one mart with its table, inside both snapshots."""

    def __init__(self, warehouse: Connection, splynx: Connection, target: str, line: Line) -> None:
        self._warehouse = warehouse
        self._splynx = splynx
        self._target = target
        self._mart = line.mart
        self._table: Table = table_of(splynx, line.mart)
        self._ours = MartSide(warehouse, self._table)
        self._theirs = TargetSide(splynx, self._table)

    def run(self) -> tuple[TargetCounts, list[Difference]]:
        found = compare(self._ours, self._theirs)
        refused = recorded.refused(self._warehouse, self._table, self._target)
        left = recorded.not_selected(self._warehouse, self._table, self._target)
        absent = dict(zip(found.missing, self._ours.sonar_keys(found.missing), strict=True))
        quarantined = sum(name in refused for name in absent.values())
        missing = {
            key: name
            for key, name in absent.items()
            if name not in refused and not left.get(name, False)
        }
        changed = self._changed(found.modified, left)
        gone, unexplained = recorded.sort_surplus(
            self._warehouse, self._table, self._target, found.surplus
        )
        counts = TargetCounts(
            quarantined=quarantined,
            not_selected=len(absent) - quarantined - len(missing),
            loaded=recorded.written(self._warehouse, self._table, self._target),
            in_target=found.identical + len(found.modified) + len(gone) + len(unexplained),
            identical=found.identical,
            modified=len(found.modified),
            missing=len(missing),
            extra=len(gone) + len(unexplained),
        )
        differences = [
            *self._rows_differ(changed, missing, gone, unexplained),
            *self._references_differ(),
        ]
        return counts, differences

    def _changed(self, modified: Sequence[Key], left: Mapping[str, bool]) -> list[Key]:
        """Return the rows that differ although the last load was to bring them up to date."""
        if not left:
            return list(modified)
        names = self._ours.sonar_keys(modified)
        return [key for key, name in zip(modified, names, strict=True) if name not in left]

    def _rows_differ(
        self,
        changed: Sequence[Key],
        missing: dict[Key, str],
        gone: Sequence[Key],
        unexplained: Sequence[Key],
    ) -> Iterator[Difference]:
        name = self._table.name
        if missing:
            yield Difference(
                layer="target",
                kind="missing",
                what=f"rows of {name} are not in the target (keys of Sonar)",
                count=len(missing),
                keys=tuple(missing.values())[:MAX_KEYS],
            )
        theirs = recorded.edited_by_staff(self._warehouse, self._table, self._target, changed)
        known = set(theirs)
        others = [key for key in changed if key not in known]
        for keys, what in (
            (others, f"rows of {name} differ from the mart (ids of the target)"),
            (theirs, f"rows of {name} hold what staff changed after a load (ids of the target)"),
        ):
            if keys:
                shown = keys[:MAX_KEYS]
                yield Difference(
                    layer="target",
                    kind="modified",
                    what=what,
                    count=len(keys),
                    keys=_texts(shown),
                    details=tuple(
                        changed_columns(
                            "/".join(map(str, k)), self._ours.row(k), self._theirs.row(k)
                        )
                        for k in shown
                    ),
                )
        if gone:
            yield Difference(
                layer="target",
                kind="extra",
                what=f"rows of {name} were written by a load and are in the mart no more (ids)",
                count=len(gone),
                keys=_texts(gone),
            )
        if unexplained:
            yield Difference(
                layer="target",
                kind="extra",
                what=f"rows of {name} appeared since the inspection, and no load wrote them (ids)",
                count=len(unexplained),
                keys=_texts(unexplained),
            )

    def _references_differ(self) -> Iterator[Difference]:
        for reference, keys in dangling(self._splynx, self._mart):
            ours = self._ours.holds(keys)
            if ours:
                yield Difference(
                    layer="target",
                    kind="reference",
                    what=f"{self._table.name}: {reference} leads nowhere in the target (ids)",
                    count=len(ours),
                    keys=_texts(ours),
                )


def _of_account(warehouse: Connection, account: Account, *, with_raw: bool) -> list[Difference]:
    """Return what is wrong with an account; raw rows are looked at once, not for each child."""
    uneven = accounting.account_difference(account)
    found = [*accounting.raw_differences(warehouse, account)] if with_raw else []
    return [*found, *([uneven] if uneven is not None else [])]


def _of_mart(warehouse: Connection, splynx: Connection, target: str, line: Line) -> EntityResult:
    rows = accounting.mart_rows(warehouse, line.mart)
    differences = list(accounting.mart_differences(warehouse, line))
    if line.account is not None:
        differences += _of_account(warehouse, line.account, with_raw=not line.is_child)
    counts, found = _TableCheck(warehouse, splynx, target, line).run()
    unloaded = load_difference(rows, counts)
    return EntityResult(
        entity=line.mart.name,
        counts=line.account.counts if line.account is not None else SourceCounts(),
        mart=rows,
        target=counts,
        differences=(*differences, *([unloaded] if unloaded else []), *found),
    )


def _of_records(warehouse: Connection, account: Account) -> EntityResult:
    return EntityResult(
        entity=account.collection,
        counts=account.counts,
        mart=account.mart,
        differences=tuple(_of_account(warehouse, account, with_raw=True)),
        is_loaded=False,
    )


def _record(connection: Connection, run_id: str, target: str, result: EntityResult) -> None:
    connection.execute(
        text(
            "insert into ops.reconciliation (run_id, target, entity, source, mart, merged,"
            " excluded, rejected, quarantined, not_selected, loaded, in_target, identical,"
            " modified, missing, extra, verdict, differences) values"
            " (:run, :target, :entity, :source, :mart, :merged,"
            " :excluded, :rejected, :quarantined, :not_selected, :loaded, :in_target, :identical,"
            " :modified, :missing, :extra, :verdict, cast(:differences as jsonb))"
            " on conflict (run_id, entity) do update set source = excluded.source,"
            " mart = excluded.mart, merged = excluded.merged, excluded = excluded.excluded,"
            " rejected = excluded.rejected, quarantined = excluded.quarantined,"
            " not_selected = excluded.not_selected,"
            " loaded = excluded.loaded, in_target = excluded.in_target,"
            " identical = excluded.identical, modified = excluded.modified,"
            " missing = excluded.missing, extra = excluded.extra, verdict = excluded.verdict,"
            " differences = excluded.differences, reconciled_at = clock_timestamp()"
        ),
        {
            "run": run_id,
            "target": target,
            "entity": result.entity,
            "source": result.counts.source,
            "mart": result.mart,
            "merged": result.counts.merged,
            "excluded": result.counts.excluded,
            "rejected": result.counts.rejected,
            "quarantined": result.target.quarantined,
            "not_selected": result.target.not_selected,
            "loaded": result.target.loaded,
            "in_target": result.target.in_target,
            "identical": result.target.identical,
            "modified": result.target.modified,
            "missing": result.target.missing,
            "extra": result.target.extra,
            "verdict": result.verdict,
            "differences": orjson.dumps([d.as_dict() for d in result.differences]).decode(),
        },
    )


def reconcile(run: Run, manifest: Manifest, db: SplynxDb) -> list[EntityResult]:
    """Compare all layers of all entities, record the results and return them, marts first.

    Each side is read in one snapshot, so a writer at work elsewhere can't tear the comparison.

    Raises:
        ConfigError: not transformed, not inspected, another target, or credentials refused.
        TargetError: the target cannot be reached.
    """
    reading = run.engine.connect().execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    )
    with reading as warehouse, snapshot(db) as splynx:
        target = current_target(warehouse, db.address)
        accounts = accounting.read_accounts(warehouse)
        audited = accounting.audited_marts(warehouse)
        lines, others = accounting.assign(manifest.marts, accounts, audited)
        results = [_of_mart(warehouse, splynx, target, line) for line in lines]
        results += [_of_records(warehouse, account) for account in others]
    with run.engine.begin() as connection:
        for result in results:
            _record(connection, run.run_id, target, result)
    return results
