"""`rollback`: take back what one run wrote, and nothing else.

Reads `ops.row_state` and `ops.pre_image`; deletes rows that the run inserted and puts back what it
updated, last loaded first, whole customers per transaction. Rows that staff edited or deleted
since, that others lead to, and whatever those need, stay and are listed (`ops.rollback_kept`).
`ops` follows each transaction; killed between the two, the next start sees in the target that the
work is done and only writes it down. What the run wrote over the API goes over the API first, since
no row by MySQL leads to one of those in between; then the rows that Splynx only marked are deleted
here. Ends with a proof: the rows that the run had not written have the checksum that they had
before.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, text

from load.files.forgetting import forget_files, held_by
from load.files.uploads import Upload, read_uploads
from load.mysql import read_facts
from load.mysql.checksums import Sum, columns_of, table_sum
from load.mysql.session import answering
from load.mysql.undo import RefusedAll, Stays, Undo, Written
from load.mysql.violations import foreign_keys, primary_keys
from load.rest import rollback as rest
from load.rollback.parts import enter_parts
from load.rollback.scope import Kept, Scope, scopes
from load.rollback.ties import edges
from load.rollback.words import (
    keep_words,
    known_run,
    refuse_later_runs,
    tables_of_the_api,
)
from load.target.facts import TableFacts
from load.target.targets import Target, current
from load.writing import intents
from load.writing.pre_images import unpack
from runtime.errors import GateFailed, ReconcileMismatch, Unfinished
from runtime.manifest import Manifest
from runtime.progress import Progress
from runtime.run_ledger import Run
from runtime.settings import SplynxApi, SplynxDb, named_target

BATCH_ROWS = 2000
_NAMED = 5

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Undone:
    """What a rollback did. `checked` tables were proven to hold the rest unchanged.

    `files` lost their rows, and their bytes stay on Splynx's disk; `bytes_left` are documents that
    stay with bytes that the run had uploaded. `over_api` was taken back over the API, where the run
    had written there.
    """

    run_id: str
    target: Target
    deleted: int = 0
    put_back: int = 0
    restored: int = 0
    files: int = 0
    bytes_left: int = 0
    kept: list[Kept] = field(default_factory=list)
    owners: list[str] = field(default_factory=list)
    uploads: Sequence[Upload] = ()
    over_api: rest.Undone | None = None
    checked: int = 0


def roll_back(
    run: Run, db: SplynxDb, manifest: Manifest, run_id: str, api: SplynxApi | None = None
) -> Undone:
    """Take back what run `run_id` wrote to the current target. May be run again at any time.

    Raises:
        ConfigError: no such run, or the target is not named twice.
        GateFailed: a later run wrote rows of this one again or gave them files, or the run wrote
            rows over the API and `api` is None; nothing was done.
        TargetError: Splynx failed; run again to go on.
        ReconcileMismatch: rows that are not of the run changed meanwhile.
        Unfinished: some rows stay; they are listed.
    """
    named_target(db)
    with answering(db) as splynx, run.engine.connect() as warehouse:
        target = current(warehouse, db.address)
        result = Undone(
            run_id,
            target,
            owners=list(intents.owners(manifest)),
            uploads=read_uploads(manifest),
        )
        run.note(undone=run_id, target=target.name)
        known_run(warehouse, run_id)
        by_api = tables_of_the_api(warehouse, run_id)
        if by_api and api is None:
            raise GateFailed(
                f"run {run_id} wrote rows of {', '.join(by_api)} over the API: set SPLYNX_URL and"
                " its key, so that they are taken back there too",
                report={"tables": by_api},
            )
        intents.settle(run, splynx, manifest, target)
        with run.engine.begin() as ledger:
            unpack(ledger, target)
        scope = Scope(warehouse, manifest, target, run_id)
        refuse_later_runs(warehouse, scope.later_runs())
        if by_api and api is not None:
            result.over_api = rest.take_back_first(run, api, manifest, target, run_id)
            run.note(
                over_api={
                    "deleted": result.over_api.deleted,
                    "hidden": result.over_api.hidden,
                    "put_back": result.over_api.put_back,
                }
            )
            scope = Scope(warehouse, manifest, target, run_id)
            scope.leave(result.over_api.kept)
        with read_facts.snapshot(splynx) as connection:
            if enter_parts(warehouse, connection, manifest):
                scope.place()
            tables = read_facts.table_facts(connection, scope.tables())
            _still_there(scope, tables)
            keys = foreign_keys(connection)
            scope.compare(connection, tables)
            there = {t: {name for name, _ in of_t} for t, of_t in columns_of(connection).items()}
            references = [edge for edge in edges(manifest, keys) if edge.within(there)]
            scope.link(connection, references, primary_keys(connection))
            before = _rest(connection, scope, manifest, tables)
        undo = Undo(splynx, tables, keys)
        try:
            _Rollback(run, scope, undo, result).carry_out(manifest)
        finally:
            undo.close()
            result.kept = keep_words(run, target, run_id, scope.kept())
            with run.engine.connect() as ledger:
                result.bytes_left = held_by(ledger, target.name, run_id, result.uploads)
            run.note(
                files=result.files,
                deleted=result.deleted,
                put_back=result.put_back,
                restored=result.restored,
                kept=len(result.kept),
            )
        with read_facts.snapshot(splynx) as connection:
            after = _rest(connection, scope, manifest, tables)
    _prove(run, before, after, result)
    if result.kept:
        raise Unfinished(
            f"{result.deleted} rows deleted, {result.put_back} put back, {len(result.kept)} stay "
            f"(ops.rollback_kept); everything else is unchanged in {result.checked} tables",
            [str(kept) for kept in result.kept],
        )
    return result


def _still_there(scope: Scope, tables: Mapping[str, TableFacts]) -> None:
    missing = sorted(set(scope.tables()) - tables.keys())
    if missing:
        raise GateFailed(
            f"the target has no table {', '.join(missing)} any more, so what was written there "
            "cannot be taken back: restore a backup instead"
        )


def _rest(
    splynx: Connection, scope: Scope, manifest: Manifest, tables: Mapping[str, TableFacts]
) -> dict[str, Sum]:
    """Return the sum of every table of the database without the run's rows."""
    columns = columns_of(splynx)
    found = {table: table_sum(splynx, table, of_table) for table, of_table in columns.items()}
    for name in scope.tables():
        mart = manifest.mart(name)
        for keys in scope.keys(mart, tables[name]):
            found[name] -= table_sum(splynx, name, columns[name], key=mart.key, keys=keys)
    return found


def _prove(run: Run, before: Mapping[str, Sum], after: Mapping[str, Sum], result: Undone) -> None:
    differing = sorted(
        table for table in before.keys() | after.keys() if before.get(table) != after.get(table)
    )
    result.checked = len(after)
    run.note(
        rest_unchanged=not differing,
        rest={table: [held.rows, held.checksum] for table, held in sorted(after.items())},
    )
    if differing:
        raise ReconcileMismatch(
            f"rows that the run had not written changed while it was taken back, in "
            f"{', '.join(differing[:_NAMED])}: did staff or Splynx itself work meanwhile? "
            f"{result.deleted} rows deleted, {result.put_back} put back, {len(result.kept)} stay",
            report={"tables": differing},
        )


class _Rollback:
    """One rollback at work."""

    def __init__(self, run: Run, scope: Scope, undo: Undo, result: Undone) -> None:
        self._run = run
        self._scope = scope
        self._undo = undo
        self._result = result
        self._progress = Progress("rollback", scope.todo(), "rows")

    def carry_out(self, manifest: Manifest) -> None:
        """Take back scope by scope, last loaded first."""
        with self._progress:
            for number, members in enumerate(scopes(manifest)):
                self._progress.part(", ".join(mart.name for mart in members))
                for first, last in self._scope.batches(number, BATCH_ROWS):
                    self._batch(number, first, last)
            for row in self._scope.restores():
                self._restore(row)

    def _restore(self, row: Written) -> None:
        """Put back a row that the run deleted; those that it leads to came before it."""
        try:
            self._undo.restore([row])
        except Stays as stays:
            self._scope.stay([row.number], stays.reason)
        except RefusedAll as refused:
            self._scope.stay([row.number], f"Splynx refuses (error {refused.code})")
        else:
            done = [(table, key) for table, key, _ in self._scope.undone([row.number])]
            with self._run.engine.begin() as ledger:
                _remember(ledger, self._result, done)
            self._result.restored += len(done)
            self._progress.advance(1)

    def _batch(self, number: int, first: str, last: str) -> None:
        """Take back whole clusters; where a row stays, what is left of them is tried again."""
        while rows := self._scope.rows(number, first, last):
            try:
                self._undo.undo([row for _, row in rows])
            except Stays as stays:
                self._scope.stay([stays.row.number], stays.reason)
            except RefusedAll as refused:
                self._one_by_one(number, rows, refused.code)
                return
            else:
                self._finish([row for _, row in rows])
                return

    def _one_by_one(self, number: int, rows: Sequence[tuple[str, Written]], code: int) -> None:
        """Find the cluster that the server refuses; it stays whole."""
        clusters = sorted({cluster for cluster, _ in rows})
        if len(clusters) > 1:
            for cluster in clusters:
                self._batch(number, cluster, cluster)
            return
        self._scope.stay([row.number for _, row in rows], f"Splynx refuses (error {code})")

    def _finish(self, rows: Sequence[Written]) -> None:
        """Write down what the target shows now."""
        done = self._scope.undone([row.number for row in rows])
        deleted = [(table, key) for table, key, kind in done if kind == "delete"]
        put_back = [(table, key) for table, key, kind in done if kind != "delete"]
        with self._run.engine.begin() as ledger:
            _forget(ledger, self._result, deleted)
            _set_back(ledger, self._result, put_back)
        self._result.deleted += len(deleted)
        self._result.put_back += len(put_back)
        self._progress.advance(len(rows))
        logger.info("event=undone deleted=%d put_back=%d", len(deleted), len(put_back))


_THESE = "unnest(cast(:tables as text[]), cast(:keys as text[])) as done (table_name, _sonar_key)"


def _named(result: Undone, rows: Sequence[tuple[str, str]]) -> dict[str, object]:
    return {
        "target": result.target.name,
        "run": result.run_id,
        "tables": [table for table, _ in rows],
        "keys": [key for _, key in rows],
    }


_NO_IMAGE = text(
    "delete from ops.pre_image as image using ops.row_state as state,"
    f" {_THESE} where state.target = :target and state.table_name = done.table_name"
    " and state._sonar_key = done._sonar_key and image.target = state.target"
    " and image.run_id = :run and image.table_name = state.table_name"
    " and image.row_key = state.row_key"
)


def _forget(ledger: Connection, result: Undone, rows: Sequence[tuple[str, str]]) -> None:
    """Forget rows that are no longer in the target."""
    if not rows:
        return
    named = _named(result, rows)
    result.files += forget_files(ledger, result.target.name, rows, result.uploads)
    ledger.execute(_NO_IMAGE, named)
    forgotten = (("id_map", "entity"), ("handover", "table_name"), ("row_state", "table_name"))
    for table, column in forgotten:
        ledger.execute(
            text(
                f"delete from ops.{table} as known using {_THESE} where known.target = :target"
                f" and known.{column} = done.table_name and known._sonar_key = done._sonar_key"
            ),
            named,
        )


def _remember(ledger: Connection, result: Undone, rows: Sequence[tuple[str, str]]) -> None:
    """Count rows as written again that were deleted and are back."""
    named = _named(result, rows)
    ledger.execute(
        text(
            "insert into ops.id_map (target, entity, _sonar_key, planned_id, target_id, run_id)"
            " select state.target, state.table_name, state._sonar_key, owner.id, owner.id,"
            " coalesce(state.inserted_by, state.run_id) from ops.row_state as state,"
            f" {_THESE}, lateral (select (min(value))::bigint as id, count(*) as parts"
            "  from jsonb_each_text(state.row_key)) as owner"
            " where state.target = :target and state.table_name = done.table_name"
            " and state._sonar_key = done._sonar_key and done.table_name = any(:owners)"
            " on conflict do nothing"
        ),
        {**named, "owners": result.owners},
    )
    ledger.execute(
        text(
            "update ops.row_state as state set removed = null,"
            " run_id = coalesce(state.inserted_by, state.run_id), changed_at = clock_timestamp()"
            f" from {_THESE} where state.target = :target"
            " and state.table_name = done.table_name and state._sonar_key = done._sonar_key"
        ),
        named,
    )
    ledger.execute(_NO_IMAGE, named)


def _set_back(ledger: Connection, result: Undone, rows: Sequence[tuple[str, str]]) -> None:
    """Give rows back to the run that wrote them before, with the hash of what it wrote."""
    if not rows:
        return
    named = _named(result, rows)
    ledger.execute(
        text(
            "update ops.row_state as state set"
            " new_hash = coalesce(state.prior_hash, state.old_hash, state.new_hash),"
            " old_hash = null, crc = state.prior_crc, base = state.prior_base,"
            " apart = state.prior_apart, removed = null,"
            " run_id = coalesce((select image.run_id from ops.pre_image as image"
            " where image.target = state.target and image.table_name = state.table_name"
            " and image.row_key = state.row_key and image.run_id <> :run"
            " order by image.taken_at desc limit 1), state.inserted_by, state.run_id),"
            " changed_at = clock_timestamp()"
            f" from {_THESE} where state.target = :target"
            " and state.table_name = done.table_name and state._sonar_key = done._sonar_key"
        ),
        named,
    )
    ledger.execute(_NO_IMAGE, named)
