"""The id manifest: which Splynx id each Sonar record has, changed or not, and whether it is there.

Reads the crosswalk (planned ids), `ops.id_map` (ids in the target) and the marts; writes files.
Keys and ids only, no personal value.

    loaded    the row is in the target       matched   it is a row that the target had already
    pending   in the mart, not in the target (not loaded yet, or quarantined)
    unused    an id was planned, but the record does not go on (rejected, excluded, gone)
    rejected  it has no id, because a value of it that must be unique is in use

`clash` says what stood against an id or a value when the latest plan was made, and what became of
the record (`load.planning.collisions`).
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from sqlalchemy import Connection, text

from load.planning.row_hash import pg_relation
from load.target.targets import Target
from load.writing.intents import owns_ids
from runtime.errors import ConfigError
from runtime.manifest import Manifest

CROSSWALK = "intermediate.int_crosswalk"
LOADED, MATCHED, PENDING = "loaded", "matched", "pending"
UNUSED, REJECTED = "unused", "rejected"
_PAGE = 5000

_IDS = """
select
    coalesce(planned.entity, loaded.entity, clash.entity),
    coalesce(planned._sonar_key, loaded._sonar_key, clash._sonar_key),
    coalesce(loaded.target_id, planned.planned_id),
    case
        when planned.entity is not null then planned.origin
        when loaded.entity is not null then 'kept'
        else ''
    end,
    case
        when coalesce(planned.entity, loaded.entity) is null then 'rejected'
        when loaded.target_id is not null then 'loaded'
        when planned.origin = 'matched' then 'matched'
        when wanted._sonar_key is not null then 'pending'
        else 'unused'
    end,
    coalesce(loaded.run_id, ''),
    coalesce(clash.words, '')
from ({planned}) as planned
full join (select * from ops.id_map where target = %(target)s) as loaded
    on loaded.entity = planned.entity and loaded._sonar_key = planned._sonar_key
full join ({clashes}) as clash
    on clash.entity = coalesce(planned.entity, loaded.entity)
    and clash._sonar_key = coalesce(planned._sonar_key, loaded._sonar_key)
left join ({wanted}) as wanted
    on wanted.entity = planned.entity and wanted._sonar_key = planned._sonar_key
where planned.entity is not null or loaded.entity is not null or clash.is_rejected
order by 1, 3, 2
"""

_CLASHES = """
select
    table_name as entity,
    _sonar_key,
    bool_or(action = 'reject') as is_rejected,
    string_agg(
        what || ': ' || action || coalesce(' (' || held_by || ')', ''), '; '
        order by what, action
    ) as words
from ops.collision
where target = %(target)s
group by table_name, _sonar_key
"""


@dataclass(frozen=True, slots=True)
class Id:
    """One line of the manifest."""

    entity: str
    sonar_key: str
    splynx_id: int | None
    origin: str
    state: str
    run_id: str
    clash: str


def _exists(warehouse: Connection, relation: str) -> bool:
    found = warehouse.execute(text("select to_regclass(:name)"), {"name": relation})
    return found.scalar_one() is not None


def ids(warehouse: Connection, manifest: Manifest, target: Target) -> Iterator[Id]:
    """Yield every id of `target`, by entity and Splynx id; never held as a whole."""
    planned = "select null::text as entity, null::text as _sonar_key, null::bigint as planned_id,"
    planned += " null::text as origin where false"
    if _exists(warehouse, CROSSWALK):
        planned = f"select * from {CROSSWALK} where target = %(target)s"
    marts = [mart for mart in manifest.marts if owns_ids(mart)]
    wanted = [
        f"select '{mart.name}' as entity, _sonar_key from {pg_relation(mart)}"
        for mart in marts
        if _exists(warehouse, pg_relation(mart))
    ]
    nothing = "select null::text as entity, null::text as _sonar_key where false"
    result = warehouse.exec_driver_sql(
        _IDS.format(
            planned=planned, wanted=" union all ".join([nothing, *wanted]), clashes=_CLASHES
        ),
        {"target": target.name},
        execution_options={"stream_results": True},
    )
    for page in result.partitions(_PAGE):
        for row in page:
            yield Id(row[0], row[1], row[2], row[3], row[4], row[5], row[6])


def write_csv(path: Path, found: Iterable[Id]) -> Iterator[Id]:
    """Write the manifest as CSV while passing it on.

    Raises:
        ConfigError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(field.name for field in fields(Id))
            for one in found:
                writer.writerow(astuple(one))
                yield one
    except OSError as exc:
        raise ConfigError(f"{path} cannot be written ({exc.strerror})") from None


def counted(found: Iterable[Id]) -> Mapping[tuple[str, str], int]:
    """Return how many ids each entity has in which state."""
    return Counter((one.entity, one.state) for one in found)
