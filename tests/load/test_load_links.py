"""Tables whose rows have no id of their own: links without a primary key, values by owner and name.

Also business keys of several columns, which only count together.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from load.checks import contract
from load.mysql.read_facts import table_facts
from runtime.errors import GateFailed
from runtime.manifest import Manifest, Reference
from tests.load import miniature
from tests.load.conftest import Scene

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]

TAGS = miniature.mart(
    "tags",
    "foundation",
    [
        miniature.column("id", "bigint"),
        miniature.column("module", "varchar(16)"),
        miniature.column("tag", "varchar(64)"),
    ],
    business_keys=(("module", "tag"),),
)
LINKS = replace(
    miniature.mart(
        "client_tags",
        "customer",
        [miniature.column("client_id", "bigint"), miniature.column("tag_id", "bigint")],
        [Reference("client_id", "clients", "id"), Reference("tag_id", "tags", "id")],
    ),
    key=("client_id", "tag_id"),
)
VALUES = replace(
    miniature.mart(
        "client_values",
        "customer",
        [
            miniature.column("id", "bigint"),
            miniature.column("name", "varchar(64)"),
            miniature.column("value", "text", ""),
        ],
        [Reference("id", "clients", "id")],
    ),
    key=("id", "name"),
)
TABLES = (
    "create table tags (id int unsigned not null auto_increment, module varchar(16) not null,"
    " tag varchar(64) not null, primary key (id))",
    "create table client_tags (client_id int unsigned not null, tag_id int unsigned not null,"
    " key client_id (client_id), key tag_id (tag_id))",
    "create table client_values (id int unsigned not null, name varchar(64) not null,"
    " value text not null, primary key (id, name))",
)
MARTS = """
    create table splynx_staging.tags as
    select n::text as _sonar_key, n::bigint as id, 'clients'::varchar as module,
        'Tag ' || n as tag from generate_series(1, 2) as n;
    create table splynx_staging.client_tags as
    select n || ':' || t as _sonar_key, n::text as _customer_key, n::bigint as client_id,
        t::bigint as tag_id
    from generate_series(1, 60) as n cross join generate_series(1, 2) as t;
    create table splynx_staging.client_values as
    select n || ':a b' as _sonar_key, n::text as _customer_key, n::bigint as id,
        'a b'::varchar as name, case when n > 1 then 'é, "' || n end as value
    from generate_series(1, 60) as n
    union all
    select n || ':c', n::text, n, 'c', 'x' from generate_series(1, 60) as n;
"""
LINKED = 120


@pytest.fixture
def linked(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Return a scene in which each customer also has two links and two values."""
    marts = (TAGS, *miniature.MANIFEST.marts[:-1], LINKS, VALUES, miniature.MANIFEST.marts[-1])
    monkeypatch.setattr(miniature, "MANIFEST", Manifest(marts, "links"))
    for statement in TABLES:
        scene.target(statement)
    scene.mart(MARTS)
    miniature.run_inspect()
    miniature.accept(scene.warehouse)
    return scene


def _counts(table: str) -> dict[str, int]:
    plan = miniature.run_load(dry_run=True).plan
    return next(dict(found.counts) for found in plan.tables if found.table == table)


def test_rows_without_an_id_are_written_once_and_keep_no_id(linked: Scene) -> None:
    miniature.run_load()
    assert linked.target_rows(
        "select client_id, tag_id from client_tags order by 1, 2"
    ) == linked.rows("select client_id, tag_id from splynx_staging.client_tags order by 1, 2")
    assert linked.target_rows("select id, name, value from client_values order by 1, 2") == (
        linked.rows(
            "select id, name, coalesce(value, '') from splynx_staging.client_values order by 1, 2"
        )
    )
    assert (
        linked.rows("select distinct entity from ops.id_map where entity ~ '_tags$|_values$'") == []
    )
    assert miniature.run_load().written == 0


def test_a_value_is_updated_and_a_link_that_staff_took_away_stays_away(linked: Scene) -> None:
    miniature.run_load()
    linked.target("delete from client_tags where client_id = 3 and tag_id = 2")
    linked.target("update client_values set value = 'by staff' where id = 4 and name = 'c'")
    linked.mart("update splynx_staging.client_values set value = 'new' where _sonar_key = '5:c'")
    linked.mart("delete from splynx_staging.client_tags where _sonar_key = '6:1'")
    miniature.accept(linked.warehouse)
    assert miniature.run_load().written == 1
    assert linked.target_rows("select value from client_values where id = 5 order by name") == [
        ('é, "5',),
        ("new",),
    ]
    assert _counts("client_tags") == {"unchanged": LINKED - 2, "vanished": 1, "gone": 1}
    assert _counts("client_values") == {"unchanged": LINKED - 1, "edited": 1}


def test_a_link_that_is_there_twice_counts_once(linked: Scene) -> None:
    miniature.run_load()
    linked.target("insert into client_tags values (7, 1)")
    assert _counts("client_tags") == {"unchanged": LINKED}


def test_a_link_that_somebody_else_made_is_a_collision(linked: Scene) -> None:
    linked.target("insert into client_tags values (7, 1)")
    with pytest.raises(GateFailed) as refused:
        miniature.run_load()
    assert refused.value.report == {
        "collisions": ["client_tags: the id of record 7:1 is in use by row 7, 1"]
    }


STAFFS = (7, 8)  # ids of tags that staff made


@pytest.fixture
def matched(linked: Scene) -> Scene:
    """Return a loaded scene in which the links of tag 2 lead to a tag that staff had made."""
    linked.target("insert into tags values (7, 'clients', 'VIP')")
    linked.mart(
        "delete from splynx_staging.tags where id = 2;"
        " update splynx_staging.client_tags set tag_id = 7 where tag_id = 2"
    )
    miniature.run_inspect()
    miniature.accept(linked.warehouse)
    assert miniature.run_load().inserted == linked.sizes.rows + 1 + 2 * LINKED
    return linked


def _planned_anew(scene: Scene, tag: int) -> None:
    """Do what the next transformation does when the tag of staff is not found any more."""
    scene.mart(
        f"insert into splynx_staging.tags values ('vip', {tag}, 'clients', 'VIP');"
        f" update splynx_staging.client_tags set tag_id = {tag} where tag_id in {STAFFS}"
    )
    miniature.run_inspect()
    miniature.accept(scene.warehouse)


def _recorded(scene: Scene) -> list[tuple[object, ...]]:
    """Return by tag how many links are on record, and how many under the name of a mart row."""
    return scene.rows(
        "select row_key ->> 'tag_id', count(*), count(mart._sonar_key) from ops.row_state as state"
        " left join splynx_staging.client_tags as mart using (_sonar_key)"
        " where table_name = 'client_tags' group by 1 order by 1"
    )


def test_a_load_refuses_while_a_row_that_it_leads_to_is_deleted(matched: Scene) -> None:
    matched.target("delete from tags where id = 7")
    matched.target("delete from client_tags")  # as an application does that deletes a tag
    miniature.run_inspect()
    with pytest.raises(GateFailed) as refused:
        miniature.run_load()
    assert str(refused.value).startswith(
        "client_tags.tag_id leads to rows of tags that the target has no more (7): "
        "run `make inspect`, `make transform` and `make accept` again"
    )


@pytest.mark.parametrize("with_links", [True, False], ids=["links too", "links stay"])
def test_links_follow_to_the_row_that_replaces_a_deleted_one(
    matched: Scene, *, with_links: bool
) -> None:
    half = LINKED // 2
    matched.target("delete from tags where id = 7")
    if with_links:
        matched.target("delete from client_tags where tag_id = 7")
    _planned_anew(matched, 9)
    assert _counts("client_tags") == {"unchanged": half, "insert": half, "gone": half}
    result = miniature.run_load()
    assert (result.inserted, result.updated) == (half + 1, 0)
    left = [] if with_links else [("7", half, 0)]
    assert _recorded(matched) == [("1", half, half), *left, ("9", half, half)]
    assert matched.target_rows(
        "select tag_id, count(*) from client_tags group by tag_id order by tag_id"
    ) == [(1, half), *([] if with_links else [(7, half)]), (9, half)]
    assert miniature.run_load().written == 0
    assert _counts("client_tags") == {
        "unchanged": LINKED,
        **({} if with_links else {"gone": half}),
    }


def test_links_that_staff_made_again_are_taken_over_and_old_ones_too(matched: Scene) -> None:
    half = LINKED // 2
    matched.target("insert into tags values (8, 'clients', 'VIP too')")
    matched.mart("update splynx_staging.client_tags set tag_id = 8 where tag_id = 7")
    miniature.accept(matched.warehouse)
    assert miniature.run_load().inserted == half
    matched.mart("update splynx_staging.client_tags set tag_id = 7 where tag_id = 8")
    miniature.accept(matched.warehouse)
    assert _counts("client_tags") == {"unchanged": LINKED, "gone": half}
    assert miniature.run_load().written == 0
    assert _recorded(matched) == [("1", half, half), ("7", half, half), ("8", half, 0)]


def test_a_link_keeps_its_record_when_another_group_makes_it(matched: Scene) -> None:
    matched.mart(
        "update splynx_staging.client_tags set _sonar_key = client_id || ':3' where tag_id = 7"
    )
    miniature.accept(matched.warehouse)
    assert miniature.run_load().written == 0
    half = LINKED // 2
    assert _recorded(matched) == [("1", half, half), ("7", half, half)]


def test_a_load_killed_after_links_were_renamed_goes_on(matched: Scene) -> None:
    matched.target("delete from tags where id = 7")
    _planned_anew(matched, 9)
    matched.mart(
        "update ops.row_state set _sonar_key = _sonar_key || '@' || (row_key ->> 'client_id')"
        " || ',7' where table_name = 'client_tags' and row_key ->> 'tag_id' = '7'"
    )
    assert miniature.run_load().inserted == LINKED // 2 + 1
    assert _recorded(matched) == [
        ("1", LINKED // 2, LINKED // 2),
        ("7", LINKED // 2, 0),
        ("9", LINKED // 2, LINKED // 2),
    ]


def test_links_of_a_killed_load_are_settled_by_their_rows(linked: Scene) -> None:
    miniature.run_load()
    linked.target("delete from client_tags where client_id > 30")
    linked.mart(
        "update ops.row_state set state = 'intended', old_hash = null,"
        " changed_at = case when (row_key ->> 'client_id')::int > 30 then '2026-01-02'::timestamptz"
        " else '2026-01-01' end where table_name = 'client_tags'"
    )
    settled = miniature.run_inspect().settled
    assert (settled.done, settled.redone, settled.edited) == (LINKED // 2, LINKED // 2, ())
    assert miniature.run_load().inserted == LINKED // 2
    assert linked.target_rows(
        "select count(*), count(distinct client_id, tag_id) from client_tags"
    ) == [(LINKED, LINKED)]


def test_business_keys_of_several_columns_count_together(linked: Scene) -> None:
    linked.target("insert into tags values (8, 'tickets', 'TAG 1'), (9, 'Clients', 'tag 2')")
    miniature.run_inspect()
    assert linked.rows(
        "select column_name, replace(value, chr(31), '|'), id from ops.target_business_key"
        " where table_name = 'tags' order by id"
    ) == [("module + tag", "tickets|TAG 1", 8), ("module + tag", "Clients|tag 2", 9)]
    with pytest.raises(GateFailed) as refused:
        miniature.run_load()
    assert refused.value.report == {
        "collisions": ["tags: module + tag of record 2 is in use by row 9"]
    }


def test_a_table_without_a_primary_key_needs_all_columns_as_key(linked: Scene) -> None:
    partial = replace(LINKS, key=("client_id",))
    with linked.splynx.engine.connect() as connection:
        tables = table_facts(connection, ["client_tags"])
    assert contract.problems(Manifest((LINKS,), "x"), tables, {}) == []
    assert contract.problems(Manifest((partial,), "x"), tables, {}) == [
        "client_tags: the target's table has no primary key: the mart's key must be all of its"
        " columns"
    ]
