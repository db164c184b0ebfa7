"""Backup and restore of a Splynx that staff have used, through the server's own programs."""

from __future__ import annotations

import gzip
import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, make_url

from load import __main__ as commands
from load.backup import restore as backup_restore
from load.backup import save as backup
from load.mysql import dump_tool
from load.mysql.checksums import Sum, columns_of, table_sum
from runtime.errors import ConfigError, GateFailed, MigrationError
from runtime.run_ledger import stage
from runtime.settings import ROOT, splynx_admin_db
from sandbox.splynx.prefilled import prefill
from tests.load import miniature
from tests.services import Splynx, Splynxes, others_are_gone, plain

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]

UGLY = "a\\nb'c\"d,(e),(f);\nINSERT INTO `g` VALUES\n(1);\r\n\t\0 🛰️ \\"
CODE = """
create trigger remember after insert on plans for each row
begin
    insert into notes (body) values ('(1),(2)');
end
"""


@pytest.fixture
def used(splynx: Splynx, warehouse: Engine, monkeypatch: pytest.MonkeyPatch) -> Splynx:  # noqa: ARG001
    """Return a Splynx in use, with values that a dump must quote, a trigger and a view."""
    for name, url in (("SPLYNX_MYSQL_URL", splynx.url), ("SPLYNX_ADMIN_URL", splynx.admin_url)):
        monkeypatch.setenv(name, plain(url.update_query_dict({"ssl_disabled": "true"})))
    prefill(splynx.engine)
    miniature.create_target(splynx.engine)
    with splynx.engine.begin() as connection:
        connection.exec_driver_sql("insert into notes (body) values (%s), ('(')", (UGLY,))
        connection.exec_driver_sql(CODE)
        connection.exec_driver_sql("create view open_notes as select * from notes")
        connection.exec_driver_sql("create table bytes (id int primary key, b blob, f bit(9))")
        connection.exec_driver_sql(
            "insert into bytes values (1, %s, b'101'), (2, null, null)", (bytes(range(256)),)
        )
    return splynx


def content(splynx: Splynx) -> dict[str, Sum]:
    with splynx.engine.connect() as connection:
        return {
            table: table_sum(connection, table, columns)
            for table, columns in columns_of(connection).items()
        }


def run(splynx: Splynx, statement: str) -> None:
    with splynx.engine.begin() as connection:
        connection.exec_driver_sql(statement)


def made(folder: Path) -> backup.Backup:
    with stage("backup-splynx") as step:
        return backup.back_up(step, splynx_admin_db(), folder)


def restored(folder: Path, *, despite_mismatch: bool = False) -> backup_restore.Restored:
    with stage("restore-splynx") as step:
        return backup_restore.restore(
            step, splynx_admin_db(), folder, despite_mismatch=despite_mismatch
        )


def test_a_restore_brings_back_every_byte_and_opens_an_epoch(used: Splynx, tmp_path: Path) -> None:
    assert miniature.run_inspect().target.epoch == 1
    before = content(used)
    saved = made(tmp_path)
    run(used, "update customers set phone = 'changed'")
    run(used, "delete from invoice_payers")
    run(used, "drop table customer_notes")
    run(used, "create table later (id int primary key)")
    assert content(used) != before
    done = restored(saved.folder)
    assert content(used) == before
    assert (done.verdict, done.violations, done.target.epoch) == ("metadata_verified", (), 2)
    with used.engine.connect() as connection:
        assert connection.exec_driver_sql("select count(*) from open_notes").scalar_one() == 2
        triggers = connection.exec_driver_sql("show triggers").all()
    assert [row[0] for row in triggers] == ["remember"]
    assert miniature.run_inspect().target.name == f"{used.address}#2"


def test_metadata_say_what_the_dump_is(used: Splynx, tmp_path: Path) -> None:
    miniature.run_inspect()
    saved = made(tmp_path)
    document = json.loads((saved.folder / "metadata.json").read_text(encoding="utf-8"))
    assert list(document) == [
        "schema_version",
        "tool_version",
        "git_sha",
        "created_at",
        "target",
        "sha256",
        "counts",
        "attachments",
    ]
    assert document["target"] == f"{used.address}#1"
    assert document["counts"] == {table: found.rows for table, found in content(used).items()}
    assert document["counts"]["notes"] == 2
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in saved.folder.iterdir()}
    assert modes == {"dump.sql.gz": 0o600, "metadata.json": 0o600}
    assert stat.S_IMODE(saved.folder.stat().st_mode) == 0o700


def test_what_does_not_fit_its_metadata_is_refused_unless_told(
    used: Splynx, tmp_path: Path
) -> None:
    saved = made(tmp_path)
    packed, said = saved.folder / "dump.sql.gz", saved.folder / "metadata.json"
    bytes_of_it, words = packed.read_bytes(), said.read_text()
    text = gzip.decompress(bytes_of_it)
    before = content(used)
    other_rows = re.sub(r'"customers": \d+', '"customers": 4', words)
    other_target = words.replace(f"{used.address}#1", "other:3306/x#1")
    other_byte = gzip.compress(text.replace(b"+1 555 0100", b"+1 555 0101"), 1)
    half = gzip.compress(text[: len(text) // 2], 1)
    for new_bytes, new_words, problem in (
        (bytes_of_it, other_rows, "other row counts in customers$"),
        (half, words, "the SHA-256 .*; the dump breaks off; other row counts in .*"),
        (bytes_of_it[: len(bytes_of_it) // 2], words, "the SHA-256 .*; dump.sql.gz is damaged.*"),
        (bytes_of_it, other_target, "it is a backup of other:3306/x#1, the target is .*"),
        (other_byte, words, "the SHA-256 of dump.sql.gz is another one$"),
    ):
        packed.write_bytes(new_bytes)
        said.write_text(new_words)
        with pytest.raises(GateFailed, match="metadata_mismatch") as error:
            restored(saved.folder)
        assert re.match(problem, "; ".join(error.value.report["metadata_mismatch"]))
        assert content(used) == before
    assert restored(saved.folder, despite_mismatch=True).verdict == "metadata_mismatch"
    phones = "select count(*) from customers where phone = '+1 555 0101'"
    with used.engine.connect() as connection:
        assert connection.exec_driver_sql(phones).scalar_one() == 8


def test_rows_that_lead_nowhere_are_listed_by_key(used: Splynx, tmp_path: Path) -> None:
    with used.engine.begin() as connection:
        connection.exec_driver_sql("set foreign_key_checks = 0")
        connection.exec_driver_sql("insert into client_info values (77, ''), (78, '')")
        connection.exec_driver_sql("set foreign_key_checks = 1")
    found = restored(made(tmp_path).folder).violations
    assert [str(violation) for violation in found] == [
        "client_info.client_id: 2 rows lead to no row of clients,"
        " such as client_id 77; client_id 78"
    ]


def test_an_interrupted_restore_is_no_target(
    used: Splynx, warehouse: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    miniature.run_inspect()
    before = content(used)
    saved = made(tmp_path)
    script = (
        "import os\nfrom load.mysql import dump_tool\n"
        "dump_tool.restore = lambda *_: os._exit(9)\n"
        "from load.__main__ import commands\ncommands()"
    )
    died = subprocess.run(
        [sys.executable, "-c", script, "restore", "--from", str(saved.folder), "--yes"],
        cwd=ROOT,
        env=dict(os.environ),
        check=False,
    )
    assert died.returncode == 9
    others_are_gone(warehouse)
    assert content(used) == {}
    with pytest.raises(GateFailed, match="was interrupted"):
        miniature.run_inspect()
    assert restored(saved.folder).target.epoch == 3
    assert content(used) == before
    assert miniature.run_inspect().target.epoch == 3
    monkeypatch.setenv("SPLYNX_TARGET", "another/splynx")
    with pytest.raises(ConfigError, match="SPLYNX_TARGET says"):
        restored(saved.folder)


def test_the_commands_and_the_warning(
    used: Splynx, warehouse: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(*arguments: str) -> str:
        result = CliRunner().invoke(commands.commands, arguments, catch_exceptions=False)
        assert result.exit_code == 0
        return result.stdout

    assert "no backup of" in str(backup.warning(warehouse, used.address))
    said("backup", "--declare-outside-backup", "snapshot 12 on the storage")
    assert backup.warning(warehouse, used.address) is None
    printed = said("backup", "--to", str(tmp_path))
    folder = printed.splitlines()[-1].removeprefix("backup ")
    assert "metadata_verified" in said("restore", "--from", folder)
    assert said("restore", "--from", folder, "--yes").splitlines()[0] == "metadata_verified"
    with warehouse.connect() as connection:
        kinds = connection.exec_driver_sql("select kind from ops.target_backup order by made_at")
        assert [row[0] for row in kinds] == ["outside", "dump"]
    monkeypatch.setattr(dump_tool, "_DUMPERS", ("no-such-program",))
    with pytest.raises(ConfigError, match="apt-get install mariadb-client"):
        made(tmp_path)


def test_any_password_reaches_the_server_and_no_wrong_one_leaks(
    splynx: Splynx,
    warehouse: Engine,  # noqa: ARG001
    splynxes: Splynxes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    odd = make_url(splynx.admin_url).set(username="odd").update_query_dict({"ssl_disabled": "true"})
    program = dump_tool.client()
    host = splynxes.server.host
    with splynxes.server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("create user odd@%s", (host,))
        cursor.execute(f"grant all on `{odd.database}`.* to odd@%s", (host,))
        for password in ("a\"b'c\\d#e;f $g h=i", "\\", '"x"', "#", "ünï\n"):
            cursor.execute("alter user odd@%s identified by %s", (host, password))
            monkeypatch.setenv("SPLYNX_ADMIN_URL", plain(odd.set(password=password)))
            with dump_tool.option_file(splynx_admin_db(), program) as options:
                assert stat.S_IMODE(options.stat().st_mode) == 0o600
                asked = subprocess.run(
                    [program.path, f"--defaults-file={options}", "-Ne", "select current_user()"],
                    capture_output=True,
                    text=True,
                    check=False,
                )
            assert asked.stdout.startswith("odd@"), asked.stderr
            assert not options.exists()
        monkeypatch.setenv("SPLYNX_ADMIN_URL", plain(odd.set(password="Wr0ng-Passw0rd")))
        with pytest.raises(MigrationError, match="error 1045") as error:
            made(tmp_path)
        assert "Wr0ng" not in str(error.value)
        assert list(tmp_path.iterdir()) == []
        cursor.execute("drop user odd@%s", (host,))


def test_rows_are_counted_in_the_dialects_of_both_tools_and_in_any_chunks() -> None:
    text = (
        b"/*M!999999\\- enable the sandbox mode */ \nCREATE TABLE `a` (\n  `x` int\n);\n"
        b"INSERT INTO `a` VALUES\n(1,'(\\'),(;\\n'),\n(2,NULL);\n"
        b"CREATE TABLE `b``c` (\nINSERT INTO `b``c` (`x`, `y`) VALUES (1,'('),(2,_binary '''');\n"
        b"DELIMITER ;;\nINSERT INTO `a` VALUES\n(9);\nend ;;\nDELIMITER ;\n"
        b"CREATE TABLE `empty` (\n-- Dump completed on 2026-01-01\n"
    )
    for size in (1, 7, len(text)):
        counter = dump_tool.Counter()
        for at in range(0, len(text), size):
            counter.feed(text[at : at + size])
        counter.end()
        assert counter.counts == {"a": 2, "b`c": 2, "empty": 0}
        assert counter.complete
