"""What a load over REST would do: each row's body against the hash of what was sent before.

| mart row | `ops.row_state` | class |
|---|---|---|
| yes | none, or announced and perhaps not created | insert |
| yes | created and not finished, or another body than was sent | update |
| yes | the body that was sent | unchanged |
| yes | the body that was sent, but for what is late | waiting, as long as the API cannot create a \
row of its cluster; else update |
| yes | the API cannot create it, or a row that it leads to | impossible |
| yes | travels inside another row | inside |
| no | sent before | gone: it stays, or to_delete, to_flag where the mart's rule says so |

Nothing is read from Splynx: what staff changed there shows when a row is written and read back.
`load_plan` is a temporary table of the connection that plans, for `load.rest.rows`; its columns are
also those that `load.planning.scope` reads.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from itertools import islice

from sqlalchemy import Connection, text

from load.planning.plan import Plan, name_clusters, table_plans
from load.planning.routes import FILES
from load.planning.row_hash import pg_name, pg_relation
from load.rest.bodies import Body, Ids, body, tables_led_to
from load.rest.removal import mark
from load.rest.rows import Item, drafts
from load.rest.shapes import Shape, Shapes
from load.rest.unchanged import as_by_mysql
from load.target.targets import Target
from runtime.manifest import Manifest, Mart

WRITTEN = "written"
WAITING = ":waits"  # after the hash of a row that is there as it should be, but for what is late
TO_SEND = ("insert", "update")
_AT_ONCE = 5000
_TABLE = """
drop table if exists load_plan;
create temporary table load_plan (
    table_name text, _sonar_key text, _customer_key text, cluster text, n bigint, mart_hash text,
    state text, written_hash text, target_id bigint, shown text, class text,
    merged boolean not null default false, as_by_mysql boolean not null default false
);
"""


def make_plan(  # noqa: PLR0913, PLR0917 - what a plan is made of
    warehouse: Connection,
    manifest: Manifest,
    shapes: Shapes,
    target: Target,
    select: Callable[[], None] | None = None,
    elsewhere: Collection[str] = (),
) -> tuple[Plan, Ids]:
    """Fill `load_plan`; return its summary, and the ids that are known before the first request.

    `select` takes out of `load_plan` what the operator did not choose. Tables `elsewhere` go by
    MySQL and are not looked at.
    """
    warehouse.exec_driver_sql(_TABLE)
    rows = {shape.name: _enter(warehouse, shape.mart, target) for shape in shapes}
    name_clusters(warehouse, manifest)
    _number(warehouse)
    ids = known_ids(warehouse, shapes, target)
    lost: set[tuple[str, int]] = set()
    for shape in shapes:
        if shape.name in elsewhere:
            _all_of(warehouse, shape, "by_mysql")
        elif shape.kind == "part":
            _all_of(warehouse, shape, "inside")
        elif shape.kind == "absent":
            _all_of(warehouse, shape, "impossible")
            lost |= set(_without_target(warehouse, shape))
        else:
            _judge(warehouse, shapes, shape, ids, lost)
    as_by_mysql(warehouse, [one for one in shapes if one.name not in elsewhere], target)
    _wait_no_more(warehouse, shapes)
    if select is not None:
        select()
        warehouse.exec_driver_sql(  # what is in Splynx already is not left out
            "update load_plan set class = 'inside' where class = 'not_selected'"
            " and state = 'written' and table_name = any(%(parts)s)",
            {"parts": [shape.name for shape in shapes if shape.kind == "part"]},
        )
    mark(warehouse, shapes, target)
    warehouse.exec_driver_sql("create index on load_plan (table_name, _sonar_key)")
    tables = tuple(table_plans(warehouse, manifest.marts, rows))
    return Plan(tables=tables, clashes=()), ids


def known_ids(warehouse: Connection, shapes: Shapes, target: Target) -> Ids:
    """Return the ids of all rows of ours that others lead to, as far as Splynx has given them."""
    ids = Ids()
    for name in sorted(_led_to(shapes)):
        mart = shapes[name].mart
        found = warehouse.execute(
            text(
                f"select mart.id, ours.target_id from {pg_relation(mart)} as mart"
                " left join ops.id_map as ours on ours.target = :target and ours.entity = :mart"
                " and ours._sonar_key = mart._sonar_key"
            ),
            {"target": target.name, "mart": name},
        )
        for row in found:
            ids.learn(name, row[0], row[1])
    return ids


def _led_to(shapes: Shapes) -> set[str]:
    found: set[str] = set()
    for shape in shapes:
        found |= tables_led_to(shape) | {made.by for made in shape.made}
    return {name for name in found if shapes[name].has_id}


def incomplete(warehouse: Connection, shapes: Shapes) -> dict[str, str]:
    """Return a row that cannot be sent for each cluster of customers that has one.

    Rows of tables that the API has no place for do not count: no load could bring them.
    """
    tables = [shape.name for shape in shapes.sent if shape.mart.group == "customer"]
    found = warehouse.execute(
        text(
            "select cluster, min(table_name || ' ' || _sonar_key) from load_plan"
            " where class = 'impossible' and table_name = any(:tables) group by cluster"
        ),
        {"tables": tables},
    )
    return {row[0]: row[1] for row in found}


def _wait_no_more(warehouse: Connection, shapes: Shapes) -> None:
    """Send what waits in clusters of which all can be sent now."""
    warehouse.execute(
        text(
            "update load_plan set class = 'update' where class = 'waiting'"
            " and cluster <> all(:clusters)"
        ),
        {"clusters": list(incomplete(warehouse, shapes))},
    )


def why_impossible(plan: Plan, shapes: Shapes) -> list[str]:
    """Return a line for each table with rows that the API does not take; of files, others tell."""
    counts = {table.table: table.counts.get("impossible", 0) for table in plan.tables}
    lines = [
        f"{shape.name}: {counts[shape.name]} rows: {_why(shape)}"
        for shape in shapes
        if counts[shape.name] and shape.mart.routes != {FILES}
    ]
    if waiting := plan.count("waiting"):
        lines.append(f"{waiting} rows are there but for their status or due, until those are too")
    return lines


def _why(shape: Shape) -> str:
    if shape.kind == "absent":
        return shape.reason
    fixed = "" if shape.can_change else ", or have changed, which the API does not allow"
    return f"they lead to rows that the API cannot create, or could not be found again{fixed}"


def _enter(warehouse: Connection, mart: Mart, target: Target) -> int:
    """Enter the rows of a mart with what is known of them, and those that it has no more."""
    customer = "mart._customer_key" if mart.group == "customer" else "null::text"
    target_id = "(state.row_key ->> 'id')::bigint" if mart.key == ("id",) else "null::bigint"
    order = ", ".join(f"mart.{pg_name(name)}" for name in mart.key)
    bound = {"mart": mart.name, "target": target.name}
    entered = warehouse.execute(
        text(
            "insert into load_plan (table_name, _sonar_key, _customer_key, cluster, n, mart_hash,"
            " state, written_hash, target_id, shown)"
            f" select :mart, mart._sonar_key, {customer}, coalesce({customer}, mart._sonar_key),"
            f" row_number() over (order by {order}), '', state.state,"
            f" case when state.removed is null then state.new_hash else '' end, {target_id},"
            " case when state.state is not null then '' end"
            f" from {pg_relation(mart)} as mart left join ops.row_state as state"
            " on state.target = :target and state.table_name = :mart"
            " and state._sonar_key = mart._sonar_key and state.removed is distinct from 'deleted'"
        ),
        bound,
    ).rowcount
    warehouse.execute(
        text(
            "insert into load_plan (table_name, _sonar_key, _customer_key, cluster, shown, class)"
            " select :mart, state._sonar_key, state._customer_key, state._sonar_key, '', 'gone'"
            " from ops.row_state as state where state.target = :target"
            " and state.table_name = :mart and state.removed is null and not exists (select"
            f" from {pg_relation(mart)} as mart where mart._sonar_key = state._sonar_key)"
        ),
        bound,
    )
    return entered


def _number(warehouse: Connection) -> None:
    """Give the rows of each mart their numbers, in the order in which they are sent."""
    warehouse.exec_driver_sql(
        "update load_plan set n = ordered.n from (select ctid as at, row_number() over"
        ' (partition by table_name order by cluster collate "C", n) as n from load_plan) as ordered'
        " where load_plan.ctid = ordered.at"
    )
    warehouse.exec_driver_sql("create index on load_plan (table_name, _sonar_key)")
    warehouse.exec_driver_sql("analyze load_plan")


def _all_of(warehouse: Connection, shape: Shape, kind: str) -> None:
    """Class the rows of a mart without requests of its own; what another route wrote is there."""
    warehouse.execute(
        text(
            "update load_plan set class = case when state = 'written' and :kind = 'impossible'"
            " then 'unchanged' else :kind end where table_name = :mart and class is null"
        ),
        {"mart": shape.name, "kind": kind},
    )


def _without_target(warehouse: Connection, shape: Shape) -> list[tuple[str, int]]:
    if not shape.has_id:
        return []
    found = warehouse.execute(
        text(
            f"select mart.id from {pg_relation(shape.mart)} as mart join load_plan as plan"
            " on plan.table_name = :mart and plan._sonar_key = mart._sonar_key"
            " where plan.class = 'impossible'"
        ),
        {"mart": shape.name},
    )
    return [(shape.name, row[0]) for row in found]


def _judge(
    warehouse: Connection, shapes: Shapes, shape: Shape, ids: Ids, lost: set[tuple[str, int]]
) -> None:
    """Class the rows of a mart; those that cannot be sent keep others from it (`lost`)."""
    rows = iter(drafts(warehouse, shapes, shape))
    while page := list(islice(rows, _AT_ONCE)):
        judged = []
        for item in page:
            made = body(item.draft, ids)
            kind = _class(item, made, lost)
            judged.append((item.draft.sonar_key, kind, made.hash))
            if kind == "impossible" and (planned := item.draft.planned_id) is not None:
                lost.add((shape.name, planned))
        warehouse.execute(
            text(
                "update load_plan as plan set class = row.class, mart_hash = row.hash"
                " from unnest(cast(:keys as text[]), cast(:classes as text[]),"
                " cast(:hashes as text[])) as row (key, class, hash)"
                " where plan.table_name = :mart and plan._sonar_key = row.key"
            ),
            {
                "mart": shape.name,
                "keys": [row[0] for row in judged],
                "classes": [row[1] for row in judged],
                "hashes": [row[2] for row in judged],
            },
        )


def _class(item: Item, made: Body, lost: set[tuple[str, int]]) -> str:
    draft, known = item
    if any((missing.table, int(missing.planned)) in lost for missing in made.missing):
        return "impossible"
    if known is None or (draft.shape.has_id and known.target_id is None):
        is_found_again = draft.made is not None or any(made.identity)
        return "insert" if is_found_again else "impossible"
    if known.state == WRITTEN and known.hash == made.hash:
        return "unchanged"
    if known.state != WRITTEN and known.hash == f"{made.hash}{WAITING}":
        return "waiting"
    return "update" if draft.shape.can_change or known.state != WRITTEN else "impossible"
