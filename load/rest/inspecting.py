"""`inspect --route rest`: what a Splynx is and holds, for those who cannot reach its database.

Replaces what `ops.target_*` says about the target, in one transaction: ids and business keys of
every table that the API lists, attributes and which of them are required from OPTIONS. What the API
does not tell stays unknown: lengths, keys, checksums, rows that are marked as deleted, and the
settings that would act on an import, which the operator attests.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, text

from load.planning.row_hash import pg_relation
from load.rest.client import Splynx
from load.rest.listing import Held, Listed, listable, listed
from load.rest.shapes import Shape, Shapes
from load.target import switches
from load.target.facts import ColumnFact, ServerFacts, TableFacts
from load.target.inspection import target_at
from load.target.store import (
    clear,
    insert_business_keys,
    insert_ids,
    store_server,
    store_table,
)
from load.target.targets import Target
from runtime.errors import GateFailed
from runtime.run_ledger import Run
from runtime.settings import SplynxApi

_UNKNOWN = ServerFacts(dialect="rest", version="", sql_mode="", charset="", local_infile=False)


@dataclass(frozen=True, slots=True)
class RestInspection:
    """What an inspection found. `unread` are tables that could not be listed, and why."""

    target: Target
    rows: Mapping[str, int]
    unread: Mapping[str, str]
    switches: Sequence[switches.Finding]


def inspect(run: Run, api: SplynxApi, shapes: Shapes, *, new_epoch: bool = False) -> RestInspection:
    """Inspect the target over its API and make it the warehouse's current one.

    Raises:
        GateFailed: a killed load left creations of which nobody knows whether they came about.
        Failure: as load.rest.listing.listed.
    """
    target = target_at(run.engine, api.address, new_epoch=new_epoch)
    _refuse_open_creations(run.engine, target, shapes)
    found = asyncio.run(_listed(api, list(listable(shapes))))
    with run.engine.begin() as warehouse:
        clear(warehouse, target)
        for held in found.tables:
            _store(warehouse, target, held)
        unseen = switches.unseen(switches.declared())
        attested = switches.with_attestations(warehouse, target, unseen)
        switches.store(warehouse, target, attested, run.run_id)
        store_server(warehouse, target, _UNKNOWN, run.run_id)
    inspection = RestInspection(
        target,
        {held.shape.name: len(held.ids) for held in found.tables},
        {table: str(failure) for table, failure in found.refused.items()},
        attested,
    )
    run.note(
        target=target.name,
        rows=inspection.rows,
        unread=inspection.unread,
        switches={finding.switch.name: finding.state for finding in attested},
    )
    return inspection


async def _listed(api: SplynxApi, shapes: Sequence[Shape]) -> Listed:
    async with Splynx(api) as splynx:
        return await listed(splynx, shapes)


def _refuse_open_creations(warehouse: Engine, target: Target, shapes: Shapes) -> None:
    """Refuse while a row of ours may be there unknown to us: it would pass for a stranger's.

    Of a record that is gone from Sonar nobody looks it up any more, so that it does not count.
    """
    count = 0
    with warehouse.connect() as connection:
        for shape in shapes:
            relation = {"relation": pg_relation(shape.mart)}
            if connection.execute(text("select to_regclass(:relation)"), relation).scalar() is None:
                continue
            count += connection.execute(
                text(
                    f"select count(*) from ops.row_state as state join {relation['relation']}"
                    " as mart using (_sonar_key) where target = :target and table_name = :table"
                    " and state = 'intended' and row_key ? 'id' and row_key ->> 'id' is null"
                ),
                {"target": target.name, "table": shape.name},
            ).scalar_one()
    if count:
        raise GateFailed(
            f"a load that was interrupted left {count} creations open: start it again first "
            "(`make load ROUTE=rest`), which looks each of them up"
        )


def _store(warehouse: Connection, target: Target, held: Held) -> None:
    store_table(warehouse, target, facts(held), len(held.ids))
    if held.ids:
        insert_ids(warehouse, target, held.shape.name, sorted(held.ids))
    for columns, values in held.keys.items():
        insert_business_keys(warehouse, target, held.shape.name, columns, list(values.items()))


def facts(held: Held) -> TableFacts:
    """Return what OPTIONS tells of a table, by column where an attribute is one. Pure."""
    columns = {attribute: column for column, attribute in held.shape.attributes.items()}
    attributes = held.options.attributes.values() if held.options else ()
    found = {
        columns.get(one.name, one.name): ColumnFact(
            name=columns.get(one.name, one.name),
            position=position,
            data_type=one.type.lower(),
            column_type=one.type,
            max_length=None,
            numeric_precision=None,
            numeric_scale=None,
            is_unsigned=False,
            is_nullable=not one.is_required,
            has_default=not one.is_required,
            is_auto_increment=one.name == "id",
            charset=None,
            enum_values=None,
        )
        for position, one in enumerate(attributes, start=1)
    }
    return TableFacts(held.shape.name, engine=None, charset=None, columns=found, keys=())
