"""`ops.handover` and what is still to be done: which row, when, with what end. Never a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from load.handover.allowed import Allowed, FromSonar, OfPayments
from load.target.targets import Target
from runtime.run_ledger import Run

# Ends that another run would not better by itself; the others are tried again.
SETTLED = ("handed_over", "kept", "empty")


@dataclass(frozen=True, slots=True)
class Item:
    """One row of Splynx that needs a secret, by keys; `proof` is what its attribute must be.

    It goes into `attribute`. `record_key` and `changed_at` are of the record that Sonar has it in,
    where it has one. `was_announced`: an earlier run was about to send it and did not say how that
    ended.
    """

    sonar_key: str
    customer_key: str | None
    target_id: int
    customer_id: int
    proof: str | None
    record_key: str | None
    changed_at: datetime | None
    was_announced: bool
    attribute: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an item; `reason` names attributes and codes only."""

    item: Item
    state: str
    reason: str | None = None
    changed_at: datetime | None = None


# A row that was taken back and loaded anew needs its secret anew: what the ledger says counts only
# if it is younger than the row.
_WRITTEN = """
    inner join ops.id_map as ids
        on ids.target = :target and ids.entity = :table and ids._sonar_key = row._sonar_key
    inner join ops.row_state as written
        on written.target = :target and written.table_name = :table
        and written._sonar_key = row._sonar_key and written.state = 'written'
    left join ops.handover as known
        on known.target = :target and known.table_name = :table and known.attribute = :attribute
        and known._sonar_key = row._sonar_key and known.changed_at >= ids.loaded_at
"""

_FROM_SONAR = """
select row._sonar_key, row._customer_key, ids.target_id, owner.target_id as customer_id,
    mart.{proof}::text as proof, row.record_key, row.changed_at,
    known.state is not distinct from 'intended' as was_announced, :attribute as attribute
from {relation} as row
    inner join splynx_staging.{table} as mart on mart._sonar_key = row._sonar_key
    inner join ops.id_map as owner
        on owner.target = :target and owner.entity = 'customers'
        and owner._sonar_key = row._customer_key
{written}
where known.state is null or known.state <> all(:settled)
    or known.source_changed_at < row.changed_at
order by length(row._sonar_key), row._sonar_key
"""

# A place of a customer has no id of its own: it is the customer's id and the account's.
_OF_PAYMENTS = """
select row._sonar_key, row._customer_key, row.account_id as target_id,
    owner.target_id as customer_id, mart.{proof}::text as proof, row.record_key, row.changed_at,
    known.state is not distinct from 'intended' as was_announced, row.attribute
from {relation} as row
    inner join splynx_staging.customers as mart on mart._sonar_key = row._customer_key
    inner join ops.id_map as owner
        on owner.target = :target and owner.entity = 'customers'
        and owner._sonar_key = row._customer_key
    inner join ops.row_state as written
        on written.target = :target and written.table_name = :table
        and written._sonar_key = row._sonar_key and written.state = 'written'
    left join ops.handover as known
        on known.target = :target and known.table_name = :table
        and known.attribute = row.attribute and known._sonar_key = row._sonar_key
        and known.changed_at >= owner.loaded_at
where row.collection = :collection and row.field = :attribute and (
    known.state is null or known.state <> all(:settled) or known.source_changed_at < row.changed_at
)
order by length(row._sonar_key), row._sonar_key
"""

# Only customers that a load inserted: who was in Splynx before has a password of his own. Who may
# not use Splynx any more needs none.
_PORTAL = """
select row._sonar_key, row._customer_key, ids.target_id, ids.target_id as customer_id,
    row.{proof}::text as proof, null as record_key, null::timestamptz as changed_at,
    known.state is not distinct from 'intended' as was_announced, :attribute as attribute
from splynx_staging.{table} as row
{written}
where (known.state is null or known.state <> all(:settled))
    and written.inserted_by is not null and row.status <> 'disabled'
order by length(row._sonar_key), row._sonar_key
"""


def todo(warehouse: Connection, target: Target, allowed: Allowed) -> list[Item]:
    """Return the rows in Splynx that still need the secret, in the order of their keys."""
    parts = {"proof": allowed.proof, "table": allowed.table, "written": _WRITTEN}
    if isinstance(allowed, OfPayments):
        sql = _OF_PAYMENTS.format(**parts, relation=allowed.relation)
    elif isinstance(allowed, FromSonar):
        sql = _FROM_SONAR.format(relation=allowed.relation, **parts)
    else:
        sql = _PORTAL.format(**parts)
    rows: Sequence[Sequence[Any]] = warehouse.execute(
        text(sql),
        {
            "target": target.name,
            "table": allowed.table,
            "attribute": allowed.attribute,
            "collection": allowed.collection if isinstance(allowed, FromSonar) else None,
            "settled": list(SETTLED),
        },
    ).all()
    return [Item(*row) for row in rows]


def announce(run: Run, target: Target, allowed: Allowed, items: Sequence[Item]) -> None:
    """Commit that these are about to be sent."""
    outcomes = [Outcome(item, "intended", changed_at=item.changed_at) for item in items]
    keep(run, target, allowed, outcomes)


def keep(run: Run, target: Target, allowed: Allowed, outcomes: Sequence[Outcome]) -> None:
    """Commit what became of items."""
    if not outcomes:
        return
    with run.engine.begin() as ledger:
        ledger.execute(
            text(
                "insert into ops.handover (target, table_name, attribute, _sonar_key,"
                " _customer_key, state, reason, source_changed_at, run_id)"
                " select :target, :table, row.attribute, row.key, row.customer, row.state,"
                " row.reason, row.changed_at, :run from unnest(cast(:keys as text[]),"
                " cast(:attributes as text[]), cast(:customers as text[]),"
                " cast(:states as text[]), cast(:reasons as text[]),"
                " cast(:moments as timestamptz[]))"
                " as row (key, attribute, customer, state, reason, changed_at)"
                " on conflict (target, table_name, attribute, _sonar_key) do update set"
                " state = excluded.state, reason = excluded.reason, run_id = excluded.run_id,"
                " _customer_key = excluded._customer_key,"
                " source_changed_at = excluded.source_changed_at, changed_at = clock_timestamp()"
            ),
            {
                "target": target.name,
                "table": allowed.table,
                "run": run.run_id,
                "keys": [outcome.item.sonar_key for outcome in outcomes],
                "attributes": [outcome.item.attribute for outcome in outcomes],
                "customers": [outcome.item.customer_key for outcome in outcomes],
                "states": [outcome.state for outcome in outcomes],
                "reasons": [outcome.reason for outcome in outcomes],
                "moments": [outcome.changed_at for outcome in outcomes],
            },
        )
