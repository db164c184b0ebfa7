"""The parts of the loader that need no server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import make_url

from load.checks.contract import Extent, problems
from load.checks.mart_types import MartType, mart_type
from load.mysql.quarantine import (
    Blocked,
    Refusal,
    Refused,
    StopRule,
    column_named,
    masked,
    write_or_refuse,
)
from load.mysql.session import connection_arguments
from load.planning.clusters import Cluster, Links, Row, assemble, batches, parents_first
from load.target.facts import (
    KeyFact,
    TableFacts,
    column_type,
    dialect_of,
    enum_values,
    has_default,
)
from load.writing.intents import Intent, Outcome, decide, owns_ids
from runtime.manifest import Manifest
from tests.load.miniature import CLIENT_INFO, CLIENTS, NOTES, PLANS, column, fact_of, mart


def row(key: int | str, cluster: str | None = None, *, parent: str | None = None) -> Row:
    name = str(key)
    values = (name, parent, *(None,) * 7)
    return Row(CLIENTS, name, name, cluster or name, values, f"hash{name}", None)


def cluster(*keys: int) -> Cluster:
    return Cluster(str(keys[0]), tuple(row(key, str(keys[0])) for key in keys))


# clusters


@given(edges=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=60))
def test_linked_keys_share_a_name_and_others_do_not(edges: list[tuple[int, int]]) -> None:
    links = Links((str(a), str(b)) for a, b in edges)
    groups = {n: {n} for n in range(31)}
    for a, b in edges:  # the slow way: merge sets
        merged = groups[a] | groups[b]
        for member in merged:
            groups[member] = merged
    for n, members in groups.items():
        assert links.name(str(n)) == min(str(m) for m in members)
    assert dict(links.renamed()) == {
        str(n): min(map(str, members))
        for n, members in groups.items()
        if min(map(str, members)) != str(n)
    }


@given(order=st.permutations(range(8)))
def test_a_parent_comes_before_its_children(order: list[int]) -> None:
    parents = {1: 0, 2: 1, 3: 1, 4: 3, 5: 0}  # 6 and 7 have none
    rows = [row(n, "0", parent=str(parents[n]) if n in parents else "0") for n in order]
    placed = [int(r.sonar_key) for r in parents_first(rows)]
    assert sorted(placed) == list(range(8))
    assert all(placed.index(up) < placed.index(down) for down, up in parents.items())


def test_rows_that_refer_to_each_other_in_a_circle_all_come() -> None:
    rows = [row(1, parent="2"), row(2, parent="1"), row(3, parent="3")]
    assert sorted(r.sonar_key for r in parents_first(rows)) == ["1", "2", "3"]


def test_clusters_join_the_streams_of_all_marts_parents_first() -> None:
    def info(key: str, name: str) -> Row:
        return Row(CLIENT_INFO, key, key, name, (key, ""), "h", None)

    found = list(
        assemble(
            [
                [row(1), row("10", "10"), row(2, "2")],
                [info("10", "10"), info("2", "2"), info("3", "3")],
            ]
        )
    )
    assert [(c.name, [r.mart.name for r in c.rows]) for c in found] == [
        ("1", ["clients"]),
        ("10", ["clients", "client_info"]),
        ("2", ["clients", "client_info"]),
        ("3", ["client_info"]),
    ]
    assert found[1].members == 1


@given(sizes=st.lists(st.integers(1, 9), max_size=40), limit=st.integers(1, 12))
def test_batches_keep_clusters_whole_and_in_order(sizes: list[int], limit: int) -> None:
    clusters = [cluster(*range(100 * n, 100 * n + size)) for n, size in enumerate(sizes)]
    made = list(batches(clusters, max_rows=limit, max_size=10**9))
    assert [c for batch in made for c in batch] == clusters
    for batch in made:
        assert len(batch) == 1 or sum(len(c.rows) for c in batch) <= limit


def test_batches_are_bounded_by_size_too() -> None:
    clusters = [cluster(n) for n in range(10, 20)]
    assert [len(b) for b in batches(clusters, max_rows=100, max_size=6)] == [3, 3, 3, 1]


# quarantine


def _locate(one: Cluster, refused: Refused) -> Refused:
    return Refused(refused.code, refused.message, one.rows[0])


@given(ids=st.lists(st.integers(0, 200), unique=True), bad=st.sets(st.integers(0, 200)))
def test_every_cluster_is_written_once_or_refused(ids: list[int], bad: set[int]) -> None:
    written: list[int] = []
    calls = 0

    def write(clusters: Sequence[Cluster]) -> None:
        nonlocal calls
        calls += 1
        keys = [int(c.name) for c in clusters]
        if bad & set(keys):
            raise Refused(1406, "Data too long for column 'name' at row 1")
        written.extend(keys)

    refused = [
        int(r.cluster.name) for r in write_or_refuse([cluster(n) for n in ids], write, _locate)
    ]
    assert sorted(written + refused) == sorted(ids)
    assert set(refused) == bad & set(ids)
    assert calls <= 1 + 2 * len(refused) * max(len(ids), 1).bit_length()


def test_an_error_that_is_no_refusal_is_not_swallowed() -> None:
    def write(_: Sequence[Cluster]) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        list(write_or_refuse([cluster(1), cluster(2)], write, _locate))


@pytest.mark.parametrize(
    ("message", "kept", "named"),
    [
        ("Data too long for column 'name' at row 1", "Data too long for column '…' at row 1",
         "name"),
        ("Column 'since' cannot be null", "Column '…' cannot be null", "since"),
        (
            "Incorrect string value: '\\xF0Smith' for column `s`.`clients`.`name` at row 3",
            "Incorrect string value: '…' for column `s`.`clients`.`name` at row 3",
            "name",
        ),
        ("Duplicate entry 'O'Brien' for key 'login'", "Duplicate entry '…'", "login"),
        ("Duplicate entry 'a for key 'x' for key 'clients.login'", "Duplicate entry '…'", "login"),
        ("Incorrect date value: 'Smith", "Incorrect date value: '…'", None),
        ("Out of range value for column 'mine' at row 1",
         "Out of range value for column '…' at row 1", None),
        (
            "Cannot add or update a child row: a foreign key fails (`s`.`t`, CONSTRAINT `x` "
            "FOREIGN KEY (`parent_id`) REFERENCES `clients` (`id`))",
            "Cannot add or update a child row: a foreign key fails (`s`.`t`, CONSTRAINT `x` "
            "FOREIGN KEY (`parent_id`) REFERENCES `clients` (`id`))",
            "parent_id",
        ),
    ],
)  # fmt: skip
def test_a_message_keeps_its_sense_and_loses_its_values(
    message: str, kept: str, named: str | None
) -> None:
    assert masked(message) == kept
    assert column_named(message, {c.name for c in CLIENTS.columns}) == named


@given(value=st.text(min_size=1))
def test_no_quoted_value_survives(value: str) -> None:
    assert masked(f"Incorrect value: '<{value}>' for column 'x' at row 1") == (
        "Incorrect value: '…' at row 1"
    )


def test_the_run_stops_after_ten_or_one_percent() -> None:
    few = StopRule()
    assert [few.refused(1, n) for n in range(10)] == [None] * 10
    assert few.refused(1, 99) == "11 of 11 attempted were refused"
    many = StopRule()
    many.written(5000)
    verdicts = [many.refused(1, n) for n in range(51)]
    assert verdicts[:50] == [None] * 50
    assert verdicts[50] == "51 of 5051 attempted were refused"


def test_the_run_stops_at_one_error_twenty_times_running() -> None:
    rule = StopRule()
    rule.written(100_000)
    assert [rule.refused(1, 1406) for _ in range(19)] == [None] * 19
    rule.written(1)
    assert [rule.refused(1, 1406) for _ in range(19)] == [None] * 19
    assert rule.refused(1, 1406) == "error 1406 came 20 times running"


def test_what_refers_to_a_refused_row_is_taken_out() -> None:
    blocked = Blocked()
    blocked.add_cluster(cluster(4), {("clients", "id")})
    note = Row(NOTES, "n1", None, "n1", ("1", "4", "x"), "h", None)
    refusal = blocked.reason(Cluster("n1", (note,)))
    assert isinstance(refusal, Refusal)
    assert (refusal.cause, refusal.column) == ("reference", "client_id")
    other = replace(note, values=("1", "5", "x"))
    assert blocked.reason(Cluster("n1", (other,))) is None


def test_an_update_that_is_refused_blocks_nothing() -> None:
    blocked = Blocked()
    old = Cluster("4", (replace(row(4), old_hash="before"),))
    blocked.add_cluster(old, {("clients", "id")})
    note = Row(NOTES, "n1", None, "n1", ("1", "4", "x"), "h", None)
    assert blocked.reason(Cluster("n1", (note,))) is None


# intents


def _intent(old: str | None, found: str | None) -> Intent:
    return Intent("clients", "1", {"id": "1"}, old, "new", datetime.now(UTC), found)


@pytest.mark.parametrize(
    ("batch", "outcomes"),
    [
        ([(None, "new")], [Outcome.DONE]),
        ([(None, None)], [Outcome.REDO]),
        ([("old", "old")], [Outcome.REDO]),
        ([("old", "new")], [Outcome.DONE]),
        ([("old", "staff")], [Outcome.EDITED]),
        ([(None, "staff")], [Outcome.EDITED]),
        # another row proves that the transaction was committed: this one was changed afterwards
        ([(None, "new"), (None, "staff")], [Outcome.DONE, Outcome.EDITED]),
        ([(None, "new"), (None, None)], [Outcome.DONE, Outcome.EDITED]),
        # another row proves that it was not: a stranger holds our key, the plan must see it
        ([(None, None), (None, "stranger")], [Outcome.REDO, Outcome.REDO]),
        ([("old", "old"), ("old", "staff")], [Outcome.REDO, Outcome.REDO]),
    ],
)
def test_an_open_intent_is_settled_by_the_row(
    batch: list[tuple[str | None, str | None]], outcomes: list[Outcome]
) -> None:
    assert decide([_intent(old, found) for old, found in batch]) == outcomes


def test_only_ids_of_their_own_go_to_the_id_map() -> None:
    assert [owns_ids(m) for m in (CLIENTS, PLANS, NOTES, CLIENT_INFO)] == [True, True, True, False]


# facts and contract


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("int(10) unsigned", "int unsigned"),
        ("int unsigned", "int unsigned"),
        ("tinyint(1)", "tinyint"),
        ("bigint(20)", "bigint"),
        ("year(4)", "year"),
        ("decimal(19,4)", "decimal(19,4)"),
        ("varchar(11)", "varchar(11)"),
        ("enum('int(1)')", "enum('int(1)')"),
    ],
)
def test_types_of_both_dialects_have_one_spelling(raw: str, said: str) -> None:
    assert column_type(raw) == said


def test_enum_members_keep_quotes_and_commas() -> None:
    assert enum_values("enum('a','it''s','b,c')") == ("a", "it's", "b,c")
    assert enum_values("varchar(3)") is None


@pytest.mark.parametrize(
    ("default", "extra", "filled"),
    [
        (None, "", False),
        ("NULL", "", False),  # MariaDB's word for none
        ("'0'", "", True),
        ("0", "", True),
        ("", "", True),
        ("CURRENT_TIMESTAMP", "DEFAULT_GENERATED", True),
        (None, "STORED GENERATED", True),
    ],
)
def test_defaults_of_both_dialects(default: str | None, extra: str, *, filled: bool) -> None:
    assert has_default(default, extra) is filled


def test_the_dialect_is_told_by_the_version() -> None:
    assert dialect_of("10.11.14-MariaDB-0+deb12u2") == "mariadb"
    assert dialect_of("8.0.40") == "mysql"


@pytest.mark.parametrize(
    ("declared", "meant"),
    [
        ("text", MartType("text")),
        ("VARCHAR(64)", MartType("text", length=64)),
        ("character varying(9)", MartType("text", length=9)),
        ("numeric(19,4)", MartType("decimal", digits=19, scale=4)),
        ("numeric(20)", MartType("decimal", digits=20, scale=0)),
        ("numeric", MartType("decimal")),
        ("bigint", MartType("integer")),
        ("timestamp without time zone", MartType("moment")),
        ("timestamptz", MartType(None)),
        ("double precision", MartType(None)),
        ("bytea", MartType("bytes")),
    ],
)
def test_declared_types(declared: str, meant: MartType) -> None:
    assert mart_type(declared) == meant


FITS = ""


@pytest.mark.parametrize(
    ("declared", "target", "extent", "said"),
    [
        ("varchar(64)", ("varchar", "varchar(64)", {"max_length": 64}), Extent(), FITS),
        ("varchar(65)", ("varchar", "varchar(64)", {"max_length": 64}), Extent(), "declares 65"),
        ("text", ("varchar", "varchar(64)", {"max_length": 64}), Extent(longest=64), FITS),
        ("text", ("varchar", "varchar(64)", {"max_length": 64}), Extent(longest=65), "holds 65"),
        ("text", ("text", "text", {"max_length": 9}), Extent(longest_bytes=10), "10 bytes"),
        ("text", ("enum", "enum('a')", {"enum_values": ("a",)}), Extent(values=frozenset("a")),
         FITS),
        ("text", ("enum", "enum('a')", {"enum_values": ("a",)}), Extent(values=frozenset("aA")),
         "lacks 1 of the mart's values: A"),
        ("bigint", ("int", "int unsigned", {}), Extent(largest=Decimal(2**32 - 1)), FITS),
        ("bigint", ("int", "int unsigned", {}), Extent(largest=Decimal(2**32)),
         "at most 4294967295"),
        ("bigint", ("int", "int unsigned", {}), Extent(smallest=Decimal(-1)), "down to -1"),
        ("bigint", ("int", "int", {}), Extent(largest=Decimal(2**31)), "at most 2147483647"),
        ("numeric(19,4)", ("decimal", "decimal(19,4)", {}), Extent(), FITS),
        ("numeric(19,5)", ("decimal", "decimal(19,4)", {}), Extent(), "declares numeric(19,5)"),
        ("numeric(20,4)", ("decimal", "decimal(19,4)", {}), Extent(), "declares numeric(20,4)"),
        ("numeric(19,4)", ("decimal", "decimal(19,4) unsigned", {}),
         Extent(smallest=Decimal("-0.1")), "down to -0.1"),
        ("numeric(9,2)", ("int", "int", {}), Extent(), "would be rounded"),
        ("date", ("date", "date", {"is_nullable": False}), Extent(nulls=2), "2 values are NULL"),
        ("timestamp", ("date", "date", {}), Extent(), "cannot be stored exactly"),
        ("timestamptz", ("datetime", "datetime", {}), Extent(), "cannot be stored exactly"),
        ("text", ("double", "double", {}), Extent(), "cannot be stored exactly"),
        ("text", ("varchar", "varchar(9)", {"max_length": 9, "charset": "utf8mb3"}), Extent(),
         "character set is utf8mb3"),
        ("bytea", ("varbinary", "varbinary(9)", {"max_length": 9, "charset": None}),
         Extent(longest=20, longest_bytes=9), FITS),
        ("bytea", ("blob", "blob", {"max_length": 65535, "charset": None}),
         Extent(longest_bytes=65536), "holds 65536 bytes, the target takes 65535"),
        ("bytea", ("binary", "binary(4)", {"max_length": 4, "charset": None}),
         Extent(longest_bytes=4, shortest_bytes=4), FITS),
        ("bytea", ("binary", "binary(4)", {"max_length": 4, "charset": None}),
         Extent(longest_bytes=4, shortest_bytes=3), "3 bytes, which binary(4) would fill up"),
        ("bytea", ("text", "text", {}), Extent(), "cannot be stored exactly"),
        ("text", ("blob", "blob", {"charset": None}), Extent(), "cannot be stored exactly"),
    ],
)  # fmt: skip
def test_the_contract_of_one_column(
    declared: str, target: tuple[str, str, dict[str, object]], extent: Extent, said: str
) -> None:
    data_type, whole_type, more = target
    fact = fact_of(
        data_type,
        whole_type,
        **{"numeric_precision": 19, "numeric_scale": 4, "charset": "utf8mb4", **more},
    )
    one = mart("t", "foundation", [column("k", "bigint"), column("x", declared)], key="k")
    facts = {"k": fact_of("bigint", "bigint", name="k"), "x": fact}
    table = TableFacts("t", "InnoDB", "utf8mb4", facts, (KeyFact("p", "primary", ("k",)),))
    found = problems(Manifest((one,), ""), {"t": table}, {("t", "x"): extent})
    assert len(found) == (0 if said == FITS else 1)
    assert said in "".join(found)


def test_the_contract_lists_everything_at_once() -> None:
    marts = (
        mart("t", "foundation", [column("a", "text"), column("b", "text")], key="a"),
        mart("absent", "foundation", [column("a", "text")], key="a", confidence="inferred"),
    )
    needed = fact_of("int", "int", name="needed", is_nullable=False)
    counted = fact_of("int", "int", name="n", is_nullable=False, is_auto_increment=True)
    a = fact_of("text", "text", name="a", charset="utf8mb4")
    columns = {"a": a, "needed": needed, "n": counted}
    table = TableFacts("t", "InnoDB", "utf8mb4", columns, (KeyFact("p", "primary", ("n",)),))
    assert problems(Manifest(marts, ""), {"t": table}, {}) == [
        "t: the mart's key is a, the target's primary key: n",
        "t.needed: the target needs a value (NOT NULL, no default), the mart has none",
        "t.b: the target has no such column",
        "absent: the target has no such table (this table is our guess)",
    ]


def test_the_contract_says_where_the_mapping_guessed() -> None:
    columns = [
        column("a", "bytea"),
        column("missing", "text"),
        column("long", "varchar(9)"),
        column("seen", "varchar(9)", confidence="observed"),
    ]
    guessed = mart("t", "foundation", columns, key="a", confidence="inferred")
    known = mart("u", "foundation", [column("a", "text", confidence="inferred")], key="a")
    short = fact_of("varchar", "varchar(8)", max_length=8, charset="utf8mb4")
    key = (KeyFact("p", "primary", ("a",)),)
    needed = fact_of("int", "int", is_nullable=False)
    facts = {"a": fact_of("blob", "blob", max_length=9), "long": short, "seen": short, "x": needed}
    tables = {
        "t": TableFacts("t", "InnoDB", "utf8mb4", facts, key),
        "u": TableFacts("u", "InnoDB", "utf8mb4", {}, key),
    }
    assert problems(Manifest((guessed, known), ""), tables, {}) == [
        "t: the mart's key a is bytes: rows are told apart by texts and numbers"
        " (this table is our guess)",
        "t.x: the target needs a value (NOT NULL, no default), the mart has none"
        " (this table is our guess)",
        "t.missing: the target has no such column (this column is our guess)",
        "t.long: the mart declares 9 characters, the target takes 8 (this column is our guess)",
        "t.seen: the mart declares 9 characters, the target takes 8",
        "u.a: the target has no such column (this column is our guess)",
    ]


# session


@pytest.mark.parametrize(
    ("host", "verified"), [("127.0.0.1", False), ("localhost", False), ("db.example", True)]
)
def test_remote_servers_are_reached_by_verified_tls(host: str, *, verified: bool) -> None:
    arguments = connection_arguments(make_url(f"mysql+pymysql://u@{host}/d"))
    assert ("ssl" in arguments) is verified
    if verified:
        assert arguments["ssl"].check_hostname
        assert arguments["ssl"].verify_mode.name == "CERT_REQUIRED"
