"""What the load wrote down about a table: written rows, refused rows, which keys are ours.

These are records, not code: they are held against the live target, never trusted for it. The hash
of a row is left to the next plan, which names a wrong one: no row of either side is at fault, and
loads mend it (the first finds the row other than recorded and keeps it, the second looks at it).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection, text

from load.reconcile.compare import Key
from load.reconcile.normal_form import literal, quoted_postgres
from load.reconcile.results import MAX_KEYS
from load.reconcile.sides import Table

_KEYS = 5_000  # keys asked about in one query

# The records of a table. `stands`: a load wrote the row, and none removed it. What the API makes
# inside another row has no id of its own, so its rows are told apart.
_RECORDS = """(
    select s.*, s.row_key ->> 'id' as row_id, s.state = 'written' and s.removed is null as stands
    from ops.row_state as s where s.target = :target and s.table_name = :table{only}
) as s"""
_IDS = (
    " left join ops.id_map as ids on ids.target = s.target and ids.entity = s.table_name"
    " and ids._sonar_key = s._sonar_key"
)
# An id that the row was not written under, or where the mart has neither the planned nor the given.
_WRONG_ID = (
    "s.stands and not s.by_api and (ids.target_id::text is distinct from s.row_id"
    " or mart.id not in (ids.planned_id, ids.target_id))"
)


@dataclass(frozen=True, slots=True)
class Counts:
    """What the records of a table come to, as counted in one pass.

    `written` are the rows of the mart that a load recorded as written, and not merely intended. The
    others say whether there is anything to name: they are no fewer than the rows that `wrong_ids`,
    `orphans` and `unfinished` return.
    """

    written: int
    wrong_ids: int
    orphans: int
    intended: int


def _mart(table: Table) -> str:
    return f"{quoted_postgres(table.schema)}.{quoted_postgres(table.name)}"


def _looked_at(table: Table) -> str:
    """Return the condition that a record `s` is of a row that is looked at."""
    if table.part is None:
        return ""
    return f" and s._sonar_key in (select _sonar_key from {_mart(table)})"


def counts(connection: Connection, table: Table, target: str) -> Counts:
    """Count the records of a table: mostly there is nothing to name, and one look is enough."""
    only, customers = "", list[str]()
    if table.part is not None:
        only = f" and (s._sonar_key in (select _sonar_key from {_mart(table)})"
        only += " or s._customer_key = any(:customers))"
        customers = list(table.part.customers)
    has_ids = table.key == ("id",)
    row = connection.execute(
        text(
            "select"
            " count(*) filter (where s.state = 'written' and mart._sonar_key is not null),"
            f" count(*) filter (where {_WRONG_ID if has_ids else 'false'}),"
            " count(*) filter (where s.stands and not s.by_api and mart._sonar_key is null),"
            " count(*) filter (where s.state = 'intended')"
            f" from {_RECORDS.format(only=only)}"
            f" left join {_mart(table)} as mart on mart._sonar_key = s._sonar_key"
            f"{_IDS if has_ids else ''}"
        ),
        {"target": target, "table": table.name, **({"customers": customers} if only else {})},
    ).one()
    return Counts(*(int(number) for number in row))


def unwritten(
    connection: Connection,
    table: Table,
    target: str,
    excused: Collection[str],
    relation: str | None = None,
) -> list[str]:
    """Return the Sonar keys of the first mart rows that the load did not record as written.

    `relation` is what to select from (as `mart`), if not the whole mart.
    """
    rows = connection.execute(
        text(
            f"select mart._sonar_key from {relation or _mart(table) + ' as mart'}"
            " where mart._sonar_key <> all(cast(:excused as text[]))"
            " and not exists (select from ops.row_state as s where s.target = :target"
            " and s.table_name = :table and s.state = 'written'"
            " and s._sonar_key = mart._sonar_key) order by 1 limit :most"
        ),
        {"target": target, "table": table.name, "excused": list(excused), "most": MAX_KEYS},
    )
    return [str(row[0]) for row in rows]


def wrong_ids(connection: Connection, table: Table, target: str) -> tuple[list[str], list[str]]:
    """Return the Sonar keys of written rows without an id in the map, and with a wrong one."""
    if table.key != ("id",):
        return [], []
    rows = connection.execute(
        text(
            "select s._sonar_key, ids.target_id is null as forgotten"
            f" from {_RECORDS.format(only=_looked_at(table))}"
            f" left join {_mart(table)} as mart on mart._sonar_key = s._sonar_key{_IDS}"
            f" where {_WRONG_ID} order by 1"
        ),
        {"target": target, "table": table.name},
    ).all()
    return (
        [str(row[0]) for row in rows if row.forgotten],
        [str(row[0]) for row in rows if not row.forgotten],
    )


def orphans(connection: Connection, table: Table, target: str) -> dict[tuple[str, ...], str]:
    """Return the written rows whose record has left the mart: Sonar's key by the row's, as texts.

    Rows of the API are left out, as above, and rows that a load removed.
    """
    mart, only = _mart(table), ""
    customers: list[str] = []
    if table.part is not None:
        # what is in the part is in the whole: mostly nothing is left to be looked for there
        only = " and s._customer_key = any(:customers)"
        only += f" and s._sonar_key not in (select _sonar_key from {mart})"
        mart, customers = table.part.whole, list(table.part.customers)
    rows = connection.execute(
        text(
            f"select s.row_key, s._sonar_key from {_RECORDS.format(only=only)}"
            " where s.stands and not s.by_api and s.row_key ?& cast(:names as text[])"
            f" and not exists (select from {mart} as mart where mart._sonar_key = s._sonar_key)"
            " order by s._sonar_key"
        ),
        {
            "target": target,
            "table": table.name,
            "names": list(table.key),
            **({"customers": customers} if only else {}),
        },
    )
    return {tuple(str(row[0][name]) for name in table.key): str(row[1]) for row in rows}


def refused(connection: Connection, table: Table, target: str) -> set[str]:
    """Return the Sonar keys of rows whose latest word is a refusal, not a write."""
    rows = connection.execute(
        text(
            "select distinct r._sonar_key from ops.refusal as r"
            " where r.target = :target and r.table_name = :table and not exists ("
            "  select from ops.row_state as s where s.target = r.target"
            "  and s.table_name = r.table_name and s._sonar_key = r._sonar_key"
            "  and s.state = 'written' and s.changed_at > r.refused_at)"
        ),
        {"target": target, "table": table.name},
    )
    return {str(row[0]) for row in rows}


def unfinished(connection: Connection, table: Table, target: str) -> set[str]:
    """Return the Sonar keys of rows that are in the target and were refused before they were done.

    Only the API leaves such rows: it creates a row before the rest of its cluster is there.
    """
    rows = connection.execute(
        text(
            "select s._sonar_key from ops.row_state as s where s.target = :target"
            f" and s.table_name = :table and s.state = 'intended'{_looked_at(table)} and exists ("
            "  select from ops.refusal as r where r.target = s.target"
            "  and r.table_name = s.table_name and r._sonar_key = s._sonar_key)"
        ),
        {"target": target, "table": table.name},
    )
    return {str(row[0]) for row in rows}


def not_selected(connection: Connection, table: Table, target: str) -> dict[str, bool]:
    """Return the Sonar keys of rows that the last load left out by choice, and if they are new.

    What `chosen_or_known` leaves aside is not among them.
    """
    rows = connection.execute(
        text(
            "select n._sonar_key, not exists (select from ops.row_state as s"
            "  where s.target = n.target and s.table_name = n.table_name"
            "  and s._sonar_key = n._sonar_key and s.state = 'written')"
            " from ops.not_selected as n where n.target = :target and n.table_name = :table"
            f"{_looked_at(table).replace('s._sonar_key', 'n._sonar_key')}"
        ),
        {"target": target, "table": table.name},
    )
    return {str(row[0]): bool(row[1]) for row in rows}


def chosen_or_known(relation: str, table: Table, target: str) -> str:
    """Return what to select from: rows that were chosen, or of which a load wrote something down.

    The others are what a load of some customers left to a later one: nobody can expect them.
    """
    where = f"target = {literal(target)} and table_name = {literal(table.name)}"
    where = where.replace(":", "\\:")  # a colon begins a parameter of a statement
    return (
        f"(select * from {relation} where _sonar_key in (select _sonar_key from ops.chosen"
        f" where {where} union all select _sonar_key from ops.row_state where {where}"
        f" union all select _sonar_key from ops.refusal where {where})) as mart"
    )


def is_of_choice(connection: Connection, target: str) -> bool:
    """Tell whether the latest load was of chosen customers only."""
    found = text("select exists (select from ops.choice where target = :target)")
    return bool(connection.execute(found, {"target": target}).scalar_one())


def written_among(
    connection: Connection, table: Table, target: str, keys: Collection[str]
) -> set[str]:
    """Return those of these Sonar keys that the load recorded as written."""
    rows = connection.execute(
        text(
            "select _sonar_key from ops.row_state where target = :target"
            " and table_name = :table and state = 'written' and _sonar_key = any(:keys)"
        ),
        {"target": target, "table": table.name, "keys": list(keys)},
    )
    return {str(row[0]) for row in rows}


def intended(connection: Connection, table: Table, target: str) -> int:
    """Return how many rows of the mart a load announced and never said to have written."""
    return int(
        connection.execute(
            text(
                f"select count(*) from {_mart(table)} as mart where exists ("
                " select from ops.row_state as s where s.target = :target"
                " and s.table_name = :table and s.state = 'intended'"
                " and s._sonar_key = mart._sonar_key)"
            ),
            {"target": target, "table": table.name},
        ).scalar_one()
    )


def _row_key(table: Table, key: Key) -> str:
    names: Mapping[str, str] = dict(zip(table.key, map(str, key), strict=True))
    return orjson.dumps(names).decode()


def _ours_among(connection: Connection, table: Table, target: str, keys: Sequence[Key]) -> set[Key]:
    by_text = {_row_key(table, key): key for key in keys}
    rows = connection.execute(
        text(
            "select asked.key from unnest(cast(:keys as text[])) as asked (key)"
            " where exists (select from ops.row_state as s where s.target = :target"
            "  and s.table_name = :table and s.row_key = asked.key::jsonb)"
        ),
        {"target": target, "table": table.name, "keys": list(by_text)},
    )
    ours = {by_text[row[0]] for row in rows}
    if len(table.key) == 1 and table.is_ranged:
        mapped = connection.execute(
            text(
                "select target_id from ops.id_map where target = :target and entity = :table"
                " and target_id = any(:ids)"
            ),
            {"target": target, "table": table.name, "ids": [key[0] for key in keys]},
        )
        ours |= {(int(row[0]),) for row in mapped}
    return ours


def _there_before(
    connection: Connection, table: Table, target: str, keys: Sequence[Key]
) -> set[Key]:
    """Return those of `keys` that the inspection saw; all of them where it does not list ids."""
    listed = connection.execute(
        text(
            "select column_names from ops.target_key"
            " where target = :target and table_name = :table and kind = 'primary'"
        ),
        {"target": target, "table": table.name},
    ).scalar_one_or_none()
    if listed is None and _listed_by_the_api(connection, table, target):
        listed = table.key
    if not table.is_ranged or listed is None or tuple(listed) != table.key or len(listed) != 1:
        return set(keys)
    rows = connection.execute(
        text(
            "select id from ops.target_id where target = :target and table_name = :table"
            " and id = any(:ids)"
        ),
        {"target": target, "table": table.name, "ids": [key[0] for key in keys]},
    )
    return {(int(row[0]),) for row in rows}


def _listed_by_the_api(connection: Connection, table: Table, target: str) -> bool:
    """Tell whether the inspection listed the ids of a table over the API, which names no keys."""
    found = connection.execute(
        text(
            "select exists (select from ops.target as t join ops.target_table as held"
            " on held.target = t.target and held.table_name = :table"
            " where t.target = :target and t.dialect = 'rest')"
        ),
        {"target": target, "table": table.name},
    )
    return bool(found.scalar_one())


def sort_surplus(
    connection: Connection, table: Table, target: str, keys: Sequence[Key]
) -> tuple[list[Key], list[Key]]:
    """Return (ours, unexplained) of the target's rows that are not in the mart.

    Ours were written by a load and have left the mart since. Unexplained are in neither record:
    they appeared after the inspection and no load wrote them. Rows that the inspection saw and no
    load wrote belong to the target's owner and are in neither list.
    """
    ours: list[Key] = []
    unexplained: list[Key] = []
    for start in range(0, len(keys), _KEYS):
        page = keys[start : start + _KEYS]
        known = _ours_among(connection, table, target, page)
        before = _there_before(connection, table, target, page)
        ours += [key for key in page if key in known]
        unexplained += [key for key in page if key not in known and key not in before]
    return ours, unexplained


def outside_choice(
    connection: Connection, table: Table, target: str, keys: Sequence[Key]
) -> list[Key]:
    """Return those of `keys` that are older than the marts and were not chosen by the last load."""
    if not keys or not is_of_choice(connection, target):
        return []
    by_text = {_row_key(table, key): key for key in keys}
    rows = connection.execute(
        text(
            "select asked.key from unnest(cast(:keys as text[])) as asked (key)"
            " join ops.row_state as s on s.target = :target and s.table_name = :table"
            "  and s.state = 'written' and s.row_key = asked.key::jsonb"
            " where s.changed_at < (select max(started_at) from ops.step where step = 'transform')"
            " and not exists (select from ops.chosen as c where c.target = s.target"
            "  and c.table_name = s.table_name and c._sonar_key = s._sonar_key)"
        ),
        {"target": target, "table": table.name, "keys": list(by_text)},
    )
    return [by_text[row[0]] for row in rows]


def edited_by_staff(
    connection: Connection, table: Table, target: str, keys: Sequence[Key]
) -> list[Key]:
    """Return those of `keys` that the latest load found changed by staff, in their order."""
    rows = connection.execute(
        text("select key from ops.staff_edit where target = :target and table_name = :table"),
        {"target": target, "table": table.name},
    )
    theirs = {tuple(row[0]) for row in rows}
    return [key for key in keys if tuple(map(str, key)) in theirs]
