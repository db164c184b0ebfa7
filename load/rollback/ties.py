"""What leads to rows that would be deleted, and what stays because of it: `undo_link`.

References are found over the target's own foreign keys and over those of the manifest. Reasons to
stay spread along them: see `load.rollback.scope`, whose temporary tables these are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from load.files.uploads import read_uploads
from load.mysql import read_facts
from load.mysql.violations import ForeignKey
from load.planning.clusters import Links
from load.planning.row_hash import my_name, target_text
from load.target.facts import INTEGERS, TableFacts
from runtime.manifest import Manifest, Mart

_PAGE = 1000
_FEW = 5000  # rows to delete of a table whose references are asked for by key
_DEEPEST = 100  # of a chain of parents in one table; rows in a circle have no order anyway

_NOT_OURS = """
create index on undo_link (parent_id);
create index on undo_link (child_id);
analyze undo_link;
update undo_row as parent set reason = 'row ' || replace(link.child_key, chr(31), ', ')
    || ' of ' || link.child_table || ', which is not of this run, leads to it'
from undo_link as link
where link.parent_id = parent.id and link.child_id is null and parent.reason is null
"""
_DEEPER = """
update undo_row as child set depth = parent.depth + 1
from undo_link as link join undo_row as parent on parent.id = link.parent_id
where child.id = link.child_id and child.table_name = parent.table_name
    and child.depth <= parent.depth
"""
_CLUSTERS = """
select distinct child.scope, child.cluster, parent.cluster
from undo_link as link
join undo_row as child on child.id = link.child_id
join undo_row as parent on parent.id = link.parent_id
where child.scope = parent.scope and child.cluster <> parent.cluster
"""
_SPREAD = """
update undo_row as parent set reason = 'needed by ' || child.table_name || ' ' || child._sonar_key
from undo_link as link join undo_row as child on child.id = link.child_id
where parent.id = link.parent_id and parent.kind = 'delete' and parent.reason is null
    and not parent.undone and child.reason is not null;
update undo_row as part set reason = 'belongs to ' || owner.table_name || ' ' || owner._sonar_key
from undo_link as link join undo_row as owner on owner.id = link.parent_id
where part.id = link.child_id and link.is_part and part.kind = 'delete' and part.reason is null
    and not part.undone and owner.reason is not null
"""


@dataclass(frozen=True, slots=True)
class Edge:
    """A reference between two tables of the target."""

    table: str
    columns: tuple[str, ...]
    to_table: str
    to_columns: tuple[str, ...]

    def within(self, columns: Mapping[str, Collection[str]]) -> bool:
        """Return whether both sides are there; a mart may be newer than the target."""
        return set(self.columns) <= set(columns.get(self.table, ())) and set(
            self.to_columns
        ) <= set(columns.get(self.to_table, ()))


def edges(manifest: Manifest, keys: Sequence[ForeignKey]) -> list[Edge]:
    """Return the references of the target, real and declared, each once."""
    found = {Edge(key.table, key.columns, key.to_table, key.to_columns) for key in keys}
    found |= {
        Edge(table, (column,), upload.file.name, ("id",))
        for upload in read_uploads(manifest)
        if upload.file is not None
        for table, column in upload.also_in.items()
    }
    found |= {
        Edge(mart.name, (r.column,), r.to_mart, (r.to_column,))
        for mart in manifest.marts
        for r in mart.references
    }
    return sorted(found, key=lambda edge: (edge.to_table, edge.table, edge.columns))


@dataclass(frozen=True, slots=True)
class Ties:
    """The references to rows of `undo_row`; `facts`: of the tables that have rows there."""

    warehouse: Connection
    marts: Mapping[str, Mart]
    facts: Mapping[str, TableFacts]

    def find(
        self,
        splynx: Connection,
        references: Sequence[Edge],
        named: Mapping[str, Sequence[str]],
    ) -> None:
        """Find what leads to rows that would be deleted. `named`: columns that name a row.

        What rows of others lead to stays. Rows that lead to each other are undone in one
        transaction, children first.
        """
        for edge in references:
            if edge.to_table not in self.facts:
                continue
            child = self.marts.get(edge.table)
            columns = child.key if child else named.get(edge.table, edge.columns)
            parent = self.marts[edge.to_table]
            is_part = child is not None and child.key == edge.columns
            statement = (
                f"select {_key_text('child', columns)}, {_key_text('parent', parent.key)}"
                f" from {my_name(edge.table)} as child join {my_name(edge.to_table)} as parent on "
                + " and ".join(
                    f"parent.{my_name(to)} = child.{my_name(column)}"
                    for column, to in zip(edge.columns, edge.to_columns, strict=True)
                )
            )
            for condition in self._to_deleted(parent):
                for page in read_facts.pages(splynx, statement + condition):
                    self._keep(edge, page, is_part=is_part and parent.key == edge.to_columns)
        self.warehouse.exec_driver_sql(_NOT_OURS, {})
        self._order()
        self._name_clusters()
        spread(self.warehouse)

    def _to_deleted(self, parent: Mart) -> Iterator[str]:
        """Yield conditions for references that lead to rows to delete; one for all if many."""
        facts = self.facts[parent.name].columns
        if any(facts[name].data_type not in INTEGERS for name in parent.key):
            yield ""
            return
        found = self.warehouse.execute(
            text(
                "select row_key from undo_row where table_name = :mart and kind = 'delete'"
                f" and not undone limit {_FEW + 1}"
            ),
            {"mart": parent.name},
        ).all()
        if len(found) > _FEW:
            yield ""
            return
        names = ", ".join(f"parent.{my_name(name)}" for name in parent.key)
        for start in range(0, len(found), _PAGE):
            keys = ", ".join(
                "(" + ", ".join(str(int(row[0][name])) for name in parent.key) + ")"
                for row in found[start : start + _PAGE]
            )
            yield f" where ({names}) in ({keys})"

    def _keep(self, edge: Edge, page: Sequence[tuple[Any, ...]], *, is_part: bool) -> None:
        self.warehouse.execute(
            text(
                "insert into undo_link"
                " select :child, pair.child_key, child.id, parent.id, :is_part"
                " from unnest(cast(:children as text[]), cast(:parents as text[]))"
                " as pair (child_key, parent_key)"
                " join undo_row as parent on parent.table_name = :parent"
                " and parent.key = pair.parent_key and parent.kind = 'delete'"
                " left join undo_row as child on child.table_name = :child"
                " and child.key = pair.child_key"
                " where child.id is distinct from parent.id"
            ),
            {
                "child": edge.table,
                "parent": edge.to_table,
                "is_part": is_part,
                "children": [row[0] for row in page],
                "parents": [row[1] for row in page],
            },
        )

    def _order(self) -> None:
        """Give rows of a table that lead to each other their depth, so that children go first."""
        for _ in range(_DEEPEST):
            if not self.warehouse.exec_driver_sql(_DEEPER, {}).rowcount:
                return

    def _name_clusters(self) -> None:
        """Put rows of one scope that lead to each other into one transaction."""
        found = self.warehouse.exec_driver_sql(_CLUSTERS, {}).all()
        for scope in {row[0] for row in found}:
            renamed = list(Links((row[1], row[2]) for row in found if row[0] == scope).renamed())
            self.warehouse.execute(
                text(
                    "update undo_row set cluster = link.name"
                    " from unnest(cast(:keys as text[]), cast(:names as text[]))"
                    " as link (key, name)"
                    " where undo_row.scope = :scope and undo_row.cluster = link.key"
                ),
                {
                    "scope": scope,
                    "keys": [key for key, _ in renamed],
                    "names": [name for _, name in renamed],
                },
            )


def spread(warehouse: Connection) -> None:
    """Have everything stay that a staying row needs."""
    while any(
        warehouse.exec_driver_sql(statement, {}).rowcount for statement in _SPREAD.split(";")
    ):
        pass


def _key_text(alias: str, columns: Sequence[str]) -> str:
    parts = ", ".join(target_text(name, alias) for name in columns)
    return f"concat_ws(char(31 using utf8mb4), {parts})"
