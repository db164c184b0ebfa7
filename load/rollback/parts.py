"""Rows that Splynx has because of a row that went over the API, for a rollback by MySQL.

Those that travelled inside of it have no keys in the ledger that Splynx gave; those that Splynx
makes with it may be in no mart. Both go with it, so they are entered beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

from load.planning.row_hash import my_name, target_text
from load.rest.shape_meta import read_shapes
from runtime.manifest import Manifest, Mart

_PAGE = 1000


def enter_parts(warehouse: Connection, splynx: Connection, manifest: Manifest) -> bool:
    """Enter into `undo_row` what goes with rows that were taken back over the API, and is there.

    Returns whether rows were taken back over the API at all.
    """
    taken = {
        str(row[0])
        for row in warehouse.execute(text("select distinct table_name from undo_row where taken"))
    }
    for shape in read_shapes(manifest) if taken else ():
        for part in shape.parts if shape.name in taken else ():
            _enter(warehouse, splynx, part.shape.mart, part.owner, shape.name)
        for made in shape.made if shape.kind == "made" else ():
            if made.by in taken and made.attribute is None:
                _enter(warehouse, splynx, shape.mart, made.column, made.by)
    return bool(taken)


def _enter(warehouse: Connection, splynx: Connection, mart: Mart, owner: str, whole: str) -> None:
    """Enter the rows of `mart` whose column `owner` leads to a row of `whole`."""
    to = next(r.to_column for r in mart.references if r.column == owner and r.to_mart == whole)
    owners = warehouse.execute(
        text(
            "select row_key ->> :to from undo_row where taken and table_name = :whole"
            " and row_key ->> :to is not null"
        ),
        {"to": to, "whole": whole},
    )
    found = [str(row[0]) for row in owners]
    names = ", ".join(target_text(name) for name in mart.key)
    for start in range(0, len(found), _PAGE):
        some = tuple(found[start : start + _PAGE])
        rows = splynx.exec_driver_sql(
            f"select {target_text(owner)}, {names} from {my_name(mart.name)}"
            f" where {my_name(owner)} in ({', '.join(['%s'] * len(some))})",
            some,
        ).all()
        if rows:
            _put(warehouse, mart, whole, to, ["\x1f".join(map(str, row)) for row in rows])


def _put(warehouse: Connection, mart: Mart, whole: str, to: str, rows: Sequence[str]) -> None:
    """Enter rows, each the id of its owner and its own key, unless the run wrote them itself."""
    parts = ", ".join(f"cast(:name_{i} as text), one.key[{i + 1}]" for i in range(len(mart.key)))
    warehouse.execute(
        text(
            "insert into undo_row (table_name, _sonar_key, _customer_key, row_key, kind,"
            " written_hash, taken)"
            " select :mart, 'of ' || whole.table_name || ' ' || whole._sonar_key,"
            f" whole._customer_key, jsonb_build_object({parts}), 'delete', '', true"
            " from (select split_part(said, chr(31), 1) as owner,"
            " (string_to_array(said, chr(31)))[2:] as key"
            " from unnest(cast(:rows as text[])) as said) as one"
            " join undo_row as whole on whole.taken and whole.table_name = :whole"
            " and whole.row_key ->> :to = one.owner"
            " where not exists (select from undo_row as known where known.table_name = :mart"
            " and known.key = array_to_string(one.key, chr(31)))"
        ),
        {
            "mart": mart.name,
            "whole": whole,
            "to": to,
            "rows": rows,
            **{f"name_{i}": name for i, name in enumerate(mart.key)},
        },
    )
