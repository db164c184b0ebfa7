"""What Splynx's row became by the handover is written down as ours, where we read its database.

A load by MySQL tells staff's edits from its own rows by a hash of what it wrote. Without this, each
row with a handed-over password would count as edited, and rolling the load back would leave it. A
row that was another one before stays what it was: staff's. `apart` has later loads keep the
password while they bring the rest of the row up to date.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, text

from load.handover.allowed import Allowed
from load.handover.ledger import Item, Outcome
from load.target.targets import Target
from load.writing.intents import found_hashes
from runtime.manifest import Manifest
from runtime.run_ledger import Run

Hashes = Mapping[str, str]  # by Splynx's id


@dataclass(frozen=True, slots=True)
class Marks:
    """Reads rows in Splynx's database and keeps `ops.row_state` true."""

    run: Run
    target: Target
    splynx: Engine
    manifest: Manifest

    def hashes(self, allowed: Allowed, items: Sequence[Item]) -> Hashes:
        """Return the hashes of the rows as they are now."""
        keys = [(item.target_id,) for item in items]
        with self.splynx.connect() as connection:
            return found_hashes(connection, self.manifest.mart(allowed.table), keys)

    def keep(self, allowed: Allowed, before: Hashes, outcomes: Sequence[Outcome]) -> None:
        """Write down what rows became that were ours `before`."""
        items = [outcome.item for outcome in outcomes if outcome.state == "handed_over"]
        now = self.hashes(allowed, items)
        both = [
            (item.sonar_key, before[key], now[key])
            for item in items
            if (key := str(item.target_id)) in now and before.get(key, now[key]) != now[key]
        ]
        if not both:
            return
        with self.run.engine.begin() as ledger:
            ledger.execute(
                text(
                    "update ops.row_state as state"
                    " set new_hash = row.now, crc = null, apart = true"
                    " from unnest(cast(:keys as text[]), cast(:before as text[]),"
                    " cast(:now as text[])) as row (key, before, now)"
                    " where state.target = :target and state.table_name = :table"
                    " and state._sonar_key = row.key and state.state = 'written'"
                    " and state.new_hash = row.before"
                ),
                {
                    "target": self.target.name,
                    "table": allowed.table,
                    "keys": [one[0] for one in both],
                    "before": [one[1] for one in both],
                    "now": [one[2] for one in both],
                },
            )
