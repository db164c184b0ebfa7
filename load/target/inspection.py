"""`inspect`: read what the target is and holds, and replace what `ops.target_*` says about it.

Reads Splynx in one consistent snapshot; writes the warehouse in one transaction, so that dbt sees
the old facts or the new ones and never a mixture. Business keys are all that are in use, those of
our rows included; ids are those that `ops.id_map` does not know as ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection, Engine

from load.backup import restore as backup_restore
from load.mysql import read_facts
from load.mysql.checksums import Sum, columns_of, table_sum
from load.mysql.session import answering
from load.target import switches
from load.target.ahead import ahead
from load.target.facts import ServerFacts, TableFacts
from load.target.store import (
    Write,
    business_keys_in_use,
    clear,
    forget_ids,
    ids_in_use,
    store_server,
    store_table,
)
from load.target.targets import Target, latest_of
from load.writing import intents
from runtime.errors import GateFailed
from runtime.manifest import Manifest
from runtime.run_ledger import Run
from runtime.settings import SplynxDb

_AHEAD = 8  # pages of the target in memory


@dataclass(frozen=True, slots=True)
class Inspection:
    """What an inspection found, for its printed summary."""

    target: Target
    server: ServerFacts
    held: Mapping[str, Sum]
    next_ids: Mapping[str, int]
    missing: tuple[str, ...]
    settled: intents.Settled
    switches: Sequence[switches.Finding]

    @property
    def rows(self) -> dict[str, int]:
        """Rows by table."""
        return {table: held.rows for table, held in self.held.items()}


def _refuse_engines(tables: Mapping[str, TableFacts]) -> None:
    wrong = [f"{t.name} is {t.engine}" for t in tables.values() if t.engine != "InnoDB"]
    if wrong:
        raise GateFailed(
            f"a load could not be taken back: {', '.join(sorted(wrong))}; "
            "convert to InnoDB (alter table … engine=InnoDB) and inspect again",
            report={"engines": sorted(wrong)},
        )


def _referenced(tables: Mapping[str, TableFacts]) -> set[str]:
    return {key.ref_table for t in tables.values() for key in t.keys if key.ref_table} - set(tables)


def _store(
    run: Run,
    splynx: Connection,
    target: Target,
    manifest: Manifest,
    tables: Mapping[str, TableFacts],
) -> tuple[dict[str, Sum], dict[str, int], list[switches.Finding]]:
    """Replace all facts of `target`; return what the marts' tables hold, next ids, and switches.

    The target is read some pages ahead of what is written, because either takes about as long.
    """
    others = read_facts.table_facts(splynx, _referenced(tables))
    next_ids = read_facts.next_ids(splynx, [*tables, *others])
    columns = columns_of(splynx)
    held: dict[str, Sum] = {}

    def what_is_held() -> Iterator[Write]:
        for mart in manifest.marts:
            if mart.name in tables:
                table = tables[mart.name]
                one = held[mart.name] = table_sum(splynx, mart.name, columns[mart.name])
                yield partial(
                    store_table,
                    target=target,
                    table=table,
                    rows=one.rows,
                    checksum=one.checksum,
                    next_id=next_ids.get(mart.name),
                )
                yield from ids_in_use(splynx, target, table)
                yield from business_keys_in_use(splynx, target, mart, table)
        for table in others.values():
            yield from ids_in_use(splynx, target, table)

    with run.engine.begin() as warehouse:
        clear(warehouse, target, ids=False)
        forget_ids(warehouse, target, but=[*tables, *others])
        for write in ahead(what_is_held(), _AHEAD):
            write(warehouse)
        found = switches.with_attestations(
            warehouse, target, switches.look(splynx, switches.declared())
        )
        switches.store(warehouse, target, found, run.run_id)
        store_server(warehouse, target, read_facts.server_facts(splynx), run.run_id)
    return held, next_ids, found


def target_at(warehouse: Engine, address: str, *, new_epoch: bool) -> Target:
    """Return the target that an inspection of `address` is of: the latest epoch, or a new one."""
    with warehouse.connect() as connection:
        known = latest_of(connection, address)
    if known is None:
        return Target(address, 1)
    return Target(address, known.epoch + 1) if new_epoch else known


def _refuse_half_a_restore(warehouse: Engine, address: str, *, new_epoch: bool) -> None:
    with warehouse.begin() as connection:
        place = backup_restore.unfinished(connection, address)
        if place and new_epoch:
            backup_restore.close_all(connection, address)
        elif place:
            raise GateFailed(
                f"the restore of {place} was interrupted, so {address} is incomplete: start it "
                "again, or restore it by other means and open a new epoch "
                "(`make inspect NEW_EPOCH=1`)"
            )


def inspect(run: Run, db: SplynxDb, manifest: Manifest, *, new_epoch: bool = False) -> Inspection:
    """Inspect the target and make it the warehouse's current one.

    First settles what a killed load left open, because an id that we wrote but did not record would
    look like a stranger's. A new epoch starts with nothing of ours in the target.

    Raises:
        GateFailed: a mart's table is not InnoDB, or a restore was interrupted.
        ConfigError, TargetError: as `load.mysql.session.fail`.
    """
    _refuse_half_a_restore(run.engine, db.address, new_epoch=new_epoch)
    target = target_at(run.engine, db.address, new_epoch=new_epoch)
    names = [mart.name for mart in manifest.marts]
    with answering(db) as engine:
        settled = intents.settle(run, engine, manifest, target)
        with read_facts.snapshot(engine) as splynx:
            tables = read_facts.table_facts(splynx, names)
            _refuse_engines(tables)
            server = read_facts.server_facts(splynx)
            held, next_ids, found = _store(run, splynx, target, manifest, tables)
    missing = tuple(name for name in names if name not in tables)
    inspection = Inspection(target, server, held, next_ids, missing, settled, found)
    run.note(
        target=target.name,
        rows=inspection.rows,
        checksums={table: one.checksum for table, one in held.items()},
        columns={
            table.name: {column.name: column.column_type for column in table.columns.values()}
            for table in tables.values()
        },
        missing=missing,
        switches={finding.switch.name: finding.state for finding in found},
        **settled.counts(),
    )
    return inspection
