"""Which rows go with some customers: the closure of the manifest's references, in SQL.

| rows | come along when |
|---|---|
| of a customer | the customer is chosen, or shares a cluster with one (`load.planning.clusters`): \
parents bring their children, an allocation brings the other payer |
| trailing | they lead to a row of a chosen customer, straight or over other trailing rows |
| foundation, trailing | a chosen row leads to them |
| foundation, trailing | the first column of their key leads to a chosen row: a part of it |

A trailing row that also leads to a row that is neither chosen nor in the target stays out. Fills
the temporary table `load_chosen`; reads marts and `load_plan`, on the connection that made the
plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Connection, text

from load.planning.clusters import Links
from load.planning.row_hash import pg_name, pg_relation
from runtime.manifest import Manifest, Mart, Reference

_TABLE = """
drop table if exists load_chosen;
create temporary table load_chosen (
    table_name text, _sonar_key text, primary key (table_name, _sonar_key)
);
"""


def relatives(keys: Iterable[str], joined: Iterable[tuple[str, str]]) -> set[str]:
    """Return the customers of all clusters that hold one of `keys`. Pure."""
    links = Links(joined)
    named = set(keys)
    wanted = {links.name(key) for key in named}
    return named | wanted | {key for key, name in links.renamed() if name in wanted}


class Closure:
    """Fills `load_chosen` from customers and single rows to begin with."""

    def __init__(self, warehouse: Connection, manifest: Manifest) -> None:
        self._warehouse = warehouse
        self._marts = {mart.name: mart for mart in manifest.marts}
        self._order = manifest.marts
        warehouse.exec_driver_sql(_TABLE)

    def choose(self, customers: Sequence[str], rows: Sequence[tuple[str, str]] = ()) -> None:
        """Choose all rows of these customers, these `rows` (table, record), and what goes along."""
        for mart in self._of_group("customer"):
            self._warehouse.execute(
                text(
                    f"insert into load_chosen select :mart, _sonar_key from {pg_relation(mart)}"
                    " where _customer_key = any(:keys)"
                ),
                {"mart": mart.name, "keys": list(customers)},
            )
        self._warehouse.execute(
            text(
                "insert into load_chosen select * from"
                " unnest(cast(:tables as text[]), cast(:keys as text[])) on conflict do nothing"
            ),
            {"tables": [row[0] for row in rows], "keys": [row[1] for row in rows]},
        )
        for mart in self._of_group("trailing"):
            for reference in mart.references:
                if self._marts[reference.to_mart].group != "foundation":
                    self._down(mart, reference)
        self._complete()
        self._leave_out()

    def _of_group(self, group: str) -> Iterator[Mart]:
        return (mart for mart in self._order if mart.group == group)

    def _complete(self) -> None:
        """Add what chosen rows lead to, and the parts of chosen rows, until nothing is missing."""
        grown = set(self._marts)
        while grown:
            before, grown = grown, set()
            for mart in reversed(self._order):
                for reference in mart.references:
                    other = self._marts[reference.to_mart]
                    is_part = mart.group != "customer" and reference.column == mart.key[0]
                    if (
                        mart.name in before
                        and other.group != "customer"
                        and self._up(mart, reference)
                    ):
                        grown.add(other.name)
                    if other.name in before and is_part and self._down(mart, reference):
                        grown.add(mart.name)

    def _up(self, mart: Mart, reference: Reference) -> int:
        """Choose the rows that chosen rows of `mart` lead to."""
        return self._add(reference.to_mart, "parent", self._pairs(mart, reference, "child"))

    def _down(self, mart: Mart, reference: Reference) -> int:
        """Choose the rows of `mart` that lead to chosen rows."""
        return self._add(mart.name, "child", self._pairs(mart, reference, "parent"))

    def _pairs(self, mart: Mart, reference: Reference, chosen: str) -> str:
        """Return what stands behind FROM: rows with the rows that they lead to."""
        parent = self._marts[reference.to_mart]
        known = parent if chosen == "parent" else mart
        return (
            f"{pg_relation(mart)} as child join {pg_relation(parent)} as parent"
            f" on parent.{pg_name(reference.to_column)} = child.{pg_name(reference.column)}"
            f" join load_chosen as chosen on chosen._sonar_key = {chosen}._sonar_key"
            f" and chosen.table_name = '{known.name}'"
        )

    def _add(self, name: str, taken: str, pairs: str) -> int:
        return self._warehouse.exec_driver_sql(
            f"insert into load_chosen select distinct %(mart)s, {taken}._sonar_key from {pairs}"
            " on conflict do nothing",
            {"mart": name},
        ).rowcount

    def _leave_out(self) -> None:
        """Take out trailing rows that lead to rows that will not be in the target."""
        removed = 1
        while removed:
            removed = 0
            for mart in self._of_group("trailing"):
                for reference in mart.references:
                    other = self._marts[reference.to_mart]
                    removed += self._warehouse.exec_driver_sql(
                        f"""
                        delete from load_chosen as chosen
                        using {pg_relation(mart)} as child, {pg_relation(other)} as parent,
                            load_plan as plan
                        where chosen.table_name = %(mart)s
                            and child._sonar_key = chosen._sonar_key
                            and parent.{pg_name(reference.to_column)}
                                = child.{pg_name(reference.column)}
                            and plan.table_name = %(other)s
                            and plan._sonar_key = parent._sonar_key and plan.class = 'insert'
                            and not exists (
                                select from load_chosen as needed
                                where needed.table_name = %(other)s
                                    and needed._sonar_key = parent._sonar_key
                            )
                        """,
                        {"mart": mart.name, "other": other.name},
                    ).rowcount
