"""Which rows a rollback touches, which stay, and why: in temporary tables of one connection.

`undo_row` holds every row that the run wrote; `undo_link` every reference of the target's rows to
rows that would be deleted (`load.rollback.ties`). A row with a `reason` stays. Reasons spread: what
a staying row leads to stays too, and so do the parts of a staying row (rows of other tables with
its very key: Splynx makes and expects them together).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from load.files.uploads import read_uploads
from load.mysql.undo import DELETED, EDITED, Written
from load.planning.routes import FILES
from load.planning.row_hash import (
    hash_of_line,
    key_text_of_state,
    key_value,
    line,
    pg_text,
)
from load.rollback.ties import Edge, Ties, spread
from load.target.facts import TableFacts
from load.target.targets import Target
from load.writing.intents import found_hashes
from runtime.manifest import GROUPS, Manifest, Mart

_PAGE = 1000

_TEMPORARY = """
drop table if exists undo_row, undo_link;
create temporary table undo_row (
    id bigint generated always as identity primary key,
    table_name text, scope integer, place integer, depth integer not null default 0,
    _sonar_key text, _customer_key text, cluster text, row_key jsonb, key text,
    kind text, written_hash text, image jsonb, image_hash text, found_hash text,
    reason text, undone boolean not null default false,
    taken boolean not null default false
);
create temporary table undo_link (
    child_table text, child_key text, child_id bigint, parent_id bigint, is_part boolean
);
"""

_ROWS = """
insert into undo_row (
    table_name, _sonar_key, _customer_key, row_key, kind, written_hash, image, reason, taken
)
select
    state.table_name, state._sonar_key, state._customer_key, state.row_key,
    case
        when state.api ? 'taken_back' then 'delete'
        when state.removed = 'deleted' then 'restore'
        when made.by_run = %(run)s then 'delete'
        else 'put back'
    end,
    state.new_hash,
    case when made.by_run = %(run)s and state.removed is distinct from 'deleted'
        then null else image.image end,
    case
        when not state.table_name = any(%(marts)s) then 'no mart writes this table any more'
        when state.api ? 'item' then 'not taken back over the API'
        when state.api ? 'in'
            then 'belongs to ' || (state.api -> 'in' ->> 0) || ' ' || (state.api -> 'in' ->> 1)
        when state.run_id <> %(run)s then 'written again by run ' || state.run_id
        when made.by_run is distinct from %(run)s and image.image is null
            then 'what it held before was not kept'
    end,
    coalesce(state.api ? 'taken_back', false)
from ops.row_state as state
cross join lateral (
    select case
        when state.table_name = any(%(files)s) then state.run_id
        else coalesce(state.inserted_by, case when state.old_hash is null then state.run_id end)
    end as by_run
) as made
left join ops.pre_image as image
    on image.target = state.target and image.run_id = %(run)s
    and image.table_name = state.table_name and image.row_key = state.row_key
where state.target = %(target)s and state.state = 'written'
    and (state.run_id = %(run)s or made.by_run = %(run)s or image.run_id is not null)
"""

# What a load is about to delete, as if a run had written nothing else: see load.removal.
REMOVED_ROWS = """
insert into undo_row (
    table_name, _sonar_key, _customer_key, row_key, kind, written_hash, image, reason
)
select
    state.table_name, state._sonar_key, state._customer_key, state.row_key, 'delete',
    state.new_hash, null, case when state.apart then 'edited since' end
from ops.row_state as state
where state.target = %(target)s and state.state = 'written' and state.removed = 'intended'
    and state.table_name = any(%(marts)s)
"""

# Files that other runs attached to rows that would be deleted.
_ATTACHED = """
select upload.run_id, count(*)
from ops.file_upload as upload
join unnest(cast(:places as text[]), cast(:owners as text[])) as known (place, table_name)
    on known.place = upload.place
join undo_row as owner on owner.kind = 'delete' and owner.table_name = known.table_name
    and owner.row_key ->> 'id' = upload.owner_id::text
where upload.target = :target and upload.state = 'stored'
    and upload.run_id <> :run
group by 1 order by 1
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A row that stays, and why."""

    table: str
    sonar_key: str
    reason: str

    def __str__(self) -> str:
        """Name the row by key."""
        return f"{self.table} {self.sonar_key}: {self.reason}"


def scopes(manifest: Manifest) -> list[list[Mart]]:
    """Return the marts that are undone together, last loaded first."""
    found: list[list[Mart]] = []
    for group in reversed(GROUPS):
        members = [mart for mart in reversed(manifest.marts) if mart.group == group]
        found.extend([members] if group == "customer" else [[mart] for mart in members])
    return [scope for scope in found if scope]


class Scope:
    """The rows of one run, as `warehouse` (one connection with temporary tables) knows them."""

    def __init__(
        self,
        warehouse: Connection,
        manifest: Manifest,
        target: Target,
        run_id: str,
        rows: str = _ROWS,
    ) -> None:
        self._warehouse = warehouse
        self._manifest = manifest
        self._facts: Mapping[str, TableFacts] = {}
        self._marts = {mart.name: mart for mart in manifest.marts}
        warehouse.exec_driver_sql(_TEMPORARY)
        self._named = {"run": run_id, "target": target.name}
        files = [mart.name for mart in manifest.marts if mart.routes == {FILES}]
        warehouse.exec_driver_sql(rows, {**self._named, "marts": list(self._marts), "files": files})
        self.place()
        warehouse.exec_driver_sql(
            "create index on undo_row (table_name, key);"
            ' create index on undo_row (scope, cluster collate "C"); analyze undo_row',
            {},
        )

    def place(self) -> None:
        """Give each row its place in the order, and the texts by which others find it."""
        marts = list(self._manifest.marts)
        for scope, members in enumerate(scopes(self._manifest)):
            for mart in members:
                texts = [f"image ->> {pg_text(column.name)}" for column in mart.columns]
                names = ", ".join(pg_text(column.name) for column in mart.columns)
                self._warehouse.exec_driver_sql(
                    f"update undo_row set scope = %(scope)s, place = %(place)s,"
                    f" key = {key_text_of_state(mart)},"
                    f" cluster = coalesce(_customer_key, _sonar_key),"
                    f" image_hash = case when image ?& array[{names}]"
                    f" then {hash_of_line(mart, line(texts))} end"
                    " where table_name = %(mart)s",
                    {"scope": scope, "place": marts.index(mart), "mart": mart.name},
                )

    def tables(self) -> list[str]:
        """Return the tables of marts in which the run wrote rows."""
        found = self._warehouse.execute(text("select distinct table_name from undo_row"))
        return [row[0] for row in found if row[0] in self._marts]

    def keys(self, mart: Mart, facts: TableFacts) -> Iterator[list[tuple[int | str, ...]]]:
        """Yield the keys of the run's rows of one mart, in pages."""
        last = 0
        while True:
            rows = self._warehouse.execute(
                text(
                    "select id, row_key from undo_row where table_name = :mart and id > :last"
                    f" order by id limit {_PAGE}"
                ),
                {"mart": mart.name, "last": last},
            ).all()
            if not rows:
                return
            last = rows[-1][0]
            yield [
                tuple(key_value(row[1][name], facts.columns[name]) for name in mart.key)
                for row in rows
            ]

    def compare(self, splynx: Connection, tables: Mapping[str, TableFacts]) -> None:
        """Look at every row in the target: what is not as the run left it gets its reason.

        Rows of files are of Splynx's own making and taken as they are found; so are those that were
        taken back over the API, which has looked at them. A link that staff led
        elsewhere has another key now: it is no longer the run's, and keeps the file.
        """
        self._facts = tables
        for name in self.tables():
            mart = self._marts[name]
            for keys in self.keys(mart, tables[name]):
                shown = found_hashes(splynx, mart, keys)
                known = "true" if mart.routes == {FILES} else "undo_row.taken"
                self._warehouse.execute(
                    text(
                        "update undo_row set found_hash = found.hash, written_hash ="
                        f" case when {known} then found.hash else undo_row.written_hash end"
                        " from unnest(cast(:keys as text[]), cast(:hashes as text[]))"
                        " as found (key, hash)"
                        " where undo_row.table_name = :mart and undo_row.key = found.key"
                    ),
                    {"mart": name, "keys": list(shown), "hashes": list(shown.values())},
                )
        self._warehouse.exec_driver_sql(
            f"update undo_row set reason = case when found_hash is null then '{DELETED}'"
            f" else '{EDITED}' end"
            " where reason is null and ("
            " kind in ('delete', 'restore') and found_hash <> written_hash"
            " or kind = 'put back' and (found_hash is null"
            " or found_hash <> written_hash and found_hash is distinct from image_hash))",
            {},
        )

    def link(
        self,
        splynx: Connection,
        references: Sequence[Edge],
        named: Mapping[str, Sequence[str]],
    ) -> None:
        """Find what leads to rows that would be deleted, and what stays because of it.

        `named`: the columns that name a row of a table without a mart.
        """
        touched = {name: self._facts[name] for name in self.tables()}
        Ties(self._warehouse, self._marts, touched).find(splynx, references, named)

    def leave(self, kept: Sequence[Kept]) -> None:
        """Have these rows stay, each for its reason; call it before `link`."""
        self._warehouse.execute(
            text(
                "update undo_row set reason = kept.reason"
                " from unnest(cast(:tables as text[]), cast(:keys as text[]),"
                " cast(:reasons as text[])) as kept (table_name, _sonar_key, reason)"
                " where undo_row.table_name = kept.table_name"
                " and undo_row._sonar_key = kept._sonar_key"
            ),
            {
                "tables": [one.table for one in kept],
                "keys": [one.sonar_key for one in kept],
                "reasons": [one.reason for one in kept],
            },
        )

    def stay(self, numbers: Sequence[int], reason: str) -> None:
        """Have these rows stay, and what they need."""
        self._warehouse.execute(
            text("update undo_row set reason = :reason where id = any(:ids) and reason is null"),
            {"ids": list(numbers), "reason": reason},
        )
        spread(self._warehouse)

    def batches(self, scope: int, size: int) -> Iterator[tuple[str, str]]:
        """Yield (first, last) clusters of runs of about `size` rows, clusters whole."""
        last = ""
        while True:
            found = self._warehouse.execute(
                text(
                    'select min(name collate "C"), max(name collate "C") from ('
                    ' select cluster as name, sum(count(*)) over (order by cluster collate "C")'
                    " - count(*) as before from undo_row where scope = :scope"
                    " and kind <> 'restore'"
                    ' and reason is null and not undone and cluster collate "C" > :last'
                    f' group by cluster order by cluster collate "C" limit {size}'
                    ") as run where before < :size"
                ),
                {"scope": scope, "last": last, "size": size},
            ).one()
            if found[0] is None:
                return
            last = found[1]
            yield found[0], found[1]

    def rows(self, scope: int, first: str, last: str) -> list[tuple[str, Written]]:
        """Return (cluster, row) of what is to be undone from cluster `first` to `last`.

        Children first: last loaded mart first, in a mart the deepest first. Rows that are to come
        back are not among them.
        """
        found = self._warehouse.execute(
            text(
                "select cluster, id, table_name, row_key, written_hash, image, image_hash, depth"
                " from undo_row where scope = :scope and reason is null and not undone"
                " and kind <> 'restore'"
                ' and cluster collate "C" between :first and :last'
                " order by place desc, depth desc, id"
            ),
            {"scope": scope, "first": first, "last": last},
        )
        return [
            (row[0], Written(row[1], self._marts[row[2]], _texts(row[3]), *row[4:]))
            for row in found
        ]

    def restores(self) -> list[Written]:
        """Return deleted rows that are to come back: first loaded mart first."""
        found = self._warehouse.execute(
            text(
                "select id, table_name, row_key, written_hash, image from undo_row"
                " where kind = 'restore' and reason is null and not undone order by place, id"
            )
        )
        return [
            Written(row[0], self._marts[row[1]], row[2], row[3], row[4], None, 0) for row in found
        ]

    def undone(self, numbers: Sequence[int]) -> list[tuple[str, str, str]]:
        """Mark rows as undone; return (table, key of the record, kind) of each."""
        found = self._warehouse.execute(
            text(
                "update undo_row set undone = true where id = any(:ids)"
                " returning table_name, _sonar_key, kind"
            ),
            {"ids": list(numbers)},
        )
        return [(row[0], row[1], row[2]) for row in found]

    def todo(self) -> int:
        """Return how many rows are to be undone."""
        return int(
            self._warehouse.execute(
                text("select count(*) from undo_row where reason is null and not undone")
            ).scalar_one()
        )

    def later_runs(self) -> dict[str, int]:
        """Return the runs that wrote rows of this run again or gave them files, and how many."""
        found = self._warehouse.execute(
            text(
                "select substring(reason from length('written again by run ') + 1), count(*)"
                " from undo_row where reason like 'written again by run %' group by 1 order by 1"
            )
        )
        later = Counter({row[0]: row[1] for row in found})
        attached = [upload for upload in read_uploads(self._manifest) if not upload.is_own]
        named = {
            **self._named,
            "places": [upload.place for upload in attached],
            "owners": [upload.owner.name for upload in attached],
        }
        for row in self._warehouse.execute(text(_ATTACHED), named):
            later[row[0]] += row[1]
        return later

    def kept(self) -> list[tuple[Kept, Mapping[str, Any]]]:
        """Return the rows that stay with their keys in the target, in load order."""
        found = self._warehouse.execute(
            text(
                "select table_name, _sonar_key, reason ||"
                " case when taken then '; over the API it is deleted already' else '' end,"
                " row_key from undo_row"
                " where reason is not null order by place nulls last, table_name, _sonar_key"
            )
        )
        return [(Kept(row[0], row[1], row[2]), row[3]) for row in found]


def _texts(key: Mapping[str, object]) -> dict[str, str]:
    """Return a key as texts; the ids of files are written down as numbers."""
    return {name: str(value) for name, value in key.items()}
