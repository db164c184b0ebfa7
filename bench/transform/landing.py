"""A generated tenant in `raw_sonar`, as an extraction leaves it, and what a day changes in it."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, named as in the docs

from extract.reading.rows import key_of
from sandbox.sonar.rows import Row
from sandbox.sonar.tenant import Tenant

_LEDGER = """
insert into ops.extract_ledger (
    run_id, source, collection, kind, state, grade, server_count, landed_count, server_sums,
    started_at
)
select %(run)s, '127.0.0.1', %(name)s, 'connection', 'complete', 'proven', count(*), count(*),
    case
        when bool_and(payload->>'id' is not null)
            then jsonb_build_object('sum(id)', sum((payload->>'id')::numeric)::text)
        else '{{}}'
    end,
    timestamptz '2025-01-01'
from raw_sonar."{name}" where _deleted_at is null
"""
# Of every hundred rows one moves, by a hash of its key, so that every machine changes the same
# ones. Of ten of those, two go, two get the links of another row, two are new under an id that was
# free, and the rest get another text.
_CHANGE = """
with chosen as (
    select *, abs(hashtext(_sonar_key || %(seed)s)::bigint) as draw
    from raw_sonar."{name}"
    where _deleted_at is null
),
moving as (
    select
        *,
        row_number() over (order by _sonar_key) as place,
        (draw / 1000) %% 10 as fate
    from chosen
    where draw %% 100 < %(percent)s
),
free as (
    select coalesce(max((payload->>'id')::bigint), 0) as id from raw_sonar."{name}"
),
links as (
    select
        row_number() over (order by draw, _sonar_key) as place,
        (
            select coalesce(jsonb_object_agg(key, value), '{{}}')
            from jsonb_each(payload)
            where key like '%%\\_id' or key = 'account_groups'
        ) as links
    from chosen
),
texts as (
    select
        _sonar_key,
        coalesce(jsonb_object_agg(key, value || to_jsonb(' ' || %(run)s::text)), '{{}}') as texts
    from moving, lateral (
        select entry.key, entry.value
        from jsonb_each(payload) as entry
        where entry.key in ('name', 'message', 'subject', 'line1', 'number', 'description')
            and jsonb_typeof(entry.value) = 'string'
    ) as found
    group by _sonar_key
),
added as (
    insert into raw_sonar."{name}" (_sonar_key, payload, _run_id)
    select
        (free.id + moving.place)::text,
        moving.payload || jsonb_build_object('id', (free.id + moving.place)::text),
        %(run)s
    from moving cross join free
    where moving.fate in (4, 5) and moving.payload->>'id' is not null
    returning 1
),
changed as (
    update raw_sonar."{name}" as raw
    set
        payload = case
            when moving.fate in (2, 3) then raw.payload || links.links
            else raw.payload || coalesce(texts.texts, '{{}}')
        end,
        _deleted_at = case when moving.fate in (0, 1) then timestamptz '2025-01-02' end,
        _run_id = %(run)s
    from moving
    inner join links on moving.place = links.place
    left join texts on moving._sonar_key = texts._sonar_key
    where raw._sonar_key = moving._sonar_key and moving.fate not in (4, 5)
    returning 1
)
select (select count(*) from added) + (select count(*) from changed)
"""


def collections(manifest: Mapping[str, Any]) -> Sequence[str]:
    """Return the collections that the dbt project reads."""
    sources = manifest["sources"].values()
    return sorted(node["name"] for node in sources if node["schema"] == "raw_sonar")


def land(cursor: Cursor, tenant: Tenant, names: Sequence[str]) -> int:
    """Copy the tenant's rows into raw tables that are there and empty; return how many."""
    total = 0
    for name in names:
        cursor.execute(
            f'create unique index if not exists "{name}_sonar_key"'
            f' on raw_sonar."{name}" (_sonar_key)'
        )
        rows = _landed(tenant, name)
        content = io.StringIO("".join(_lines(rows)))
        cursor.copy_expert(
            f'copy raw_sonar."{name}" (_sonar_key, payload, _run_id) from stdin', content
        )
        _book(cursor, name, "r1")
        total += len(rows)
    return total


def change(cursor: Cursor, names: Sequence[str], *, percent: int = 1, seed: int = 1) -> int:
    """Change, delete and add rows as the next extraction would land them; return how many."""
    run = f"r{seed + 1}"
    total = 0
    for name in names:
        cursor.execute(
            _CHANGE.format(name=name), {"percent": percent, "seed": str(seed), "run": run}
        )
        found = cursor.fetchone()
        total += int(found[0]) if found else 0
        _book(cursor, name, run)
    return total


def _book(cursor: Cursor, name: str, run: str) -> None:
    cursor.execute(f'analyze raw_sonar."{name}"')
    cursor.execute(_LEDGER.format(name=name), {"run": run, "name": name})


def _landed(tenant: Tenant, collection: str) -> Sequence[Row]:
    """Return the rows as they land: groups have no query of their own and come nested."""
    rows = tenant.rows.get(collection, [])
    if collection != "accounts":
        return rows
    groups: dict[str, list[Row]] = {}
    for account, group in tenant.links.get(("Account", "AccountGroup"), ()):
        groups.setdefault(account, []).append({"id": group})
    return [{**row, "account_groups": {"entities": groups.get(row["id"], [])}} for row in rows]


def _lines(rows: Sequence[Row]) -> Iterator[str]:
    times: Counter[str] = Counter()  # equal rows without an id are told apart by their number
    for row in rows:
        payload = json.dumps(row).replace("\\u0000", "\\ufffd")
        key = row["id"] if "id" in row else key_of(payload.encode(), has_id=False)
        times[key] += 1
        name = key if times[key] == 1 else f"{key}#{times[key]}"
        escaped = payload.replace("\\", "\\\\")
        yield f"{name}\t{escaped}\tr1\n"
