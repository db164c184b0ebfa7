"""What an inspection finds out: figures of tables, facts in one spelling, switches."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine

from load import __main__ as commands
from load.mysql.checksums import columns_of, table_sum
from load.target import switches
from load.target.facts import default_value, utf8_name
from load.target.targets import stored_facts
from runtime.errors import ConfigError, GateFailed
from runtime.run_ledger import stage
from tests.load import miniature
from tests.load.conftest import Scene


@pytest.mark.parametrize(
    ("mariadb", "mysql", "said"),
    [
        ("'0'", "0", "0"),
        ("''", "", ""),
        ("'it''s'", "it's", "it's"),
        ("NULL", None, None),
        (None, None, None),
        ("'NULL'", "NULL", "NULL"),
        ("current_timestamp()", "CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP"),
        ("current_timestamp(3)", "CURRENT_TIMESTAMP(3)", "CURRENT_TIMESTAMP(3)"),
        ("'0000-00-00'", "0000-00-00", "0000-00-00"),
    ],
)
def test_defaults_are_spelt_alike_by_both_dialects(
    mariadb: str | None, mysql: str | None, said: str | None
) -> None:
    assert default_value(mariadb, "mariadb") == said
    assert default_value(mysql, "mysql") == said


def test_character_sets_have_their_present_names() -> None:
    assert utf8_name("utf8") == "utf8mb3"
    assert utf8_name("utf8_unicode_ci") == "utf8mb3_unicode_ci"
    assert utf8_name("utf8mb4_0900_ai_ci") == "utf8mb4_0900_ai_ci"
    assert utf8_name(None) is None


def test_a_switch_is_named_once_and_covered_by_one_that_there_is() -> None:
    declared = switches.declared()
    names = [switch.name for switch in declared]
    assert len(names) == len(set(names)) > 5
    assert {s.covered_by for s in declared} <= {None, *names}


@pytest.mark.postgres
@pytest.mark.mysql
def test_counts_checksums_next_ids_and_defaults_are_kept(scene: Scene) -> None:
    miniature.run_load()
    found = miniature.run_inspect()
    kept = {
        row[0]: row[1:]
        for row in scene.rows(
            "select table_name, row_count, checksum, next_id from ops.target_table"
        )
    }
    assert kept["clients"][0] == 60
    assert kept["clients"][2] == 61
    assert kept["client_info"][2] is None
    assert {name: held[1] for name, held in kept.items()} == {
        name: held.checksum for name, held in found.held.items()
    }
    scene.target("update clients set touched = '2020-01-01' where id = 9")  # no mart writes it
    again = miniature.run_inspect()
    assert again.held["clients"] != found.held["clients"]
    assert again.held["notes"] == found.held["notes"]
    with scene.warehouse.connect() as connection:
        clients = stored_facts(connection, found.target)["clients"].columns
    assert (clients["status"].default, clients["parent_id"].default) == ("new", "0")
    assert clients["touched"].default == "CURRENT_TIMESTAMP"
    assert clients["login"].default is None
    assert clients["login"].collation == "utf8mb4_unicode_ci"


@pytest.mark.postgres
@pytest.mark.mysql
def test_ids_in_use_are_those_of_the_target_whatever_was_on_record(scene: Scene) -> None:
    first = [1, 63, 64, 65, 127, 128, 191, 4294967295]
    scene.target(f"insert into plans values {_plans(first)}")
    miniature.run_inspect()
    assert _ids_on_record(scene) == first
    kept = scene.rows("select id, xmin::text from ops.target_id where id in (63, 4294967295)")
    scene.target("delete from plans where id in (1, 64, 191)")
    scene.target(f"insert into plans values {_plans([62, 66, 129, 1000])}")
    miniature.run_inspect()
    assert _ids_on_record(scene) == [62, 63, 65, 66, 127, 128, 129, 1000, 4294967295]
    written = "select id, xmin::text from ops.target_id where id in (63, 4294967295)"
    assert scene.rows(written) == kept  # what is still in use was not written again
    scene.target("alter table plans modify id bigint not null")
    scene.target("delete from plans where id > 0")
    scene.target(f"insert into plans values {_plans([-65, -64, -1, 0])}")
    miniature.run_inspect()
    assert _ids_on_record(scene) == [-65, -64, -1, 0]


@pytest.mark.postgres
@pytest.mark.mysql
def test_ids_of_our_own_rows_are_not_written_down_again(scene: Scene) -> None:
    scene.target(f"insert into plans values {_plans([900])}")
    miniature.run_inspect()
    miniature.run_load()
    ours = [row[0] for row in scene.rows("select target_id from ops.id_map where entity = 'plans'")]
    held = [row[0] for row in scene.target_rows("select id from plans order by id")]
    assert ours
    assert sorted([*ours, 900]) == held
    scene.target(f"insert into plans values {_plans([901])}")
    miniature.run_inspect()
    assert _ids_on_record(scene) == [900, 901]
    scene.mart(f"delete from ops.id_map where entity = 'plans' and target_id = {ours[0]}")
    miniature.run_inspect()
    assert _ids_on_record(scene) == [ours[0], 900, 901]  # nobody's, as far as the records say


def _plans(ids: list[int]) -> str:
    return ", ".join(f"({one}, 'plan', 1, 1)" for one in ids)


def _ids_on_record(scene: Scene) -> list[object]:
    found = "select id from ops.target_id where table_name = 'plans' order by id"
    return [row[0] for row in scene.rows(found)]


@pytest.mark.postgres
@pytest.mark.mysql
def test_a_sum_of_some_rows_and_of_the_rest_is_the_sum_of_all(scene: Scene) -> None:
    miniature.run_load()
    with scene.splynx.engine.connect() as connection:
        columns = columns_of(connection)["clients"]
        whole = table_sum(connection, "clients", columns)
        some = table_sum(connection, "clients", columns, key=["id"], keys=[(1,), (7,), (999,)])
        none = table_sum(connection, "clients", columns, key=["id"], keys=[])
    assert (some.rows, none.rows) == (2, 0)
    scene.target("delete from notes where client_id in (1, 7)")
    scene.target("delete from subscriptions where client_id in (1, 7)")
    scene.target("delete from client_info where client_id in (1, 7)")
    scene.target("delete from clients where id in (1, 7)")
    with scene.splynx.engine.connect() as connection:
        assert table_sum(connection, "clients", columns) == whole - some


@pytest.mark.postgres
@pytest.mark.mysql
def test_a_load_waits_for_switches_at_rest_or_attested(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert all(found.state == "off" for found in miniature.run_inspect().switches)
    scene.target("update config set value = '1' where `key` = 'auto_issue'")
    with pytest.raises(GateFailed, match=r"automatic_issuing: on.*switch automatic issuing off"):
        miniature.run_load()
    # not found: covered by stealth mode where that rests, else every one must be attested
    scene.target("delete from config where path = 'automation'")
    assert miniature.run_load(dry_run=True).plan.writes
    scene.target("delete from config where `key` in ('stealth_mode', 'auto_pairing')")
    scene.target("delete from config where `key` = 'allow_negative_balance'")
    with pytest.raises(GateFailed) as error:
        miniature.run_load(dry_run=True)
    waiting = [words.split(":")[0] for words in error.value.report["switches"]]
    assert waiting == [switch.name for switch in switches.declared()]
    monkeypatch.setattr(commands, "read_manifest", lambda: miniature.MANIFEST)
    for name in ("stealth_mode", "payment_pairing"):
        done = CliRunner().invoke(
            commands.commands,
            ["attest", "--switch", name, "--words", "looked at it with the owner"],
            catch_exceptions=False,
        )
        assert done.stdout.startswith("recorded for ")
    assert miniature.run_load().written == scene.sizes.rows
    found = miniature.run_inspect()
    assert {finding.state for finding in found.switches} == {"not_found"}
    assert all(finding.settled for finding in found.switches)
    assert scene.rows("select distinct state, confidence from ops.target_switch") == [
        ("not_found", "inferred")
    ]
    with stage("attest") as run, pytest.raises(ConfigError, match="no such switch: nonsense"):
        switches.attest(run, found.target, ["nonsense"], "long enough words")
    epoch = miniature.run_inspect(new_epoch=True)  # where nobody has looked yet
    assert not any(finding.settled for finding in epoch.switches)


@pytest.mark.mysql
def test_a_switch_in_a_table_that_is_not_there_or_not_ours_to_read(
    scene: Scene, tmp_path: Path
) -> None:
    seed = tmp_path / "seed.csv"
    seed.write_text(
        "switch,table_name,row_where,value_column,resting_values,covered_by,confidence,effect,"
        "what_to_do,decision\n"
        "a,no_such,id=1,value,0;5,,inferred,,,D-190\n"
        "b,config,id=1,no_such,0;5,,inferred,,,D-190\n"
        "c,plans,id=1,id,0;5,,inferred,,,D-190\n",
        encoding="utf-8",
    )
    scene.target("insert into plans values (1, 'x', 1, 1)")
    engine = create_engine(scene.splynx.url)
    with engine.connect() as connection:
        found = switches.look(connection, switches.declared(seed))
    engine.dispose()
    assert [(f.state, f.found) for f in found] == [
        ("not_found", None),
        ("not_found", None),
        ("on", "1"),
    ]
