"""The warehouse on another Postgres, by one URL: TLS with a private authority, and nothing else.

The server is one of its own that lets nobody in without TLS: what works here, works over TLS.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import URL, text

from runtime import warehouse as runtime_warehouse
from runtime.errors import ConfigError
from runtime.profiles import write_profiles
from services import process
from services.account import lend_account
from tests import services
from tests.dbt.project import ROOT

pytestmark = pytest.mark.postgres
_PASSWORD = "a:long/secret%of@this-test"
_START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Remote:
    """A Postgres that speaks TLS only; `authority` signed its certificate, `stranger` did not."""

    url: URL
    authority: Path
    stranger: Path

    def verified(self, authority: Path | None = None) -> URL:
        """Return the URL as an operator writes it for a private authority."""
        query = {"sslmode": "verify-full", "sslrootcert": str(authority or self.authority)}
        return self.url.update_query_dict(query)


def _programs() -> Path:
    """Return the folder of a Postgres that was built with OpenSSL."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        config = [str(folder / "pg_config"), "--configure"]
        if (folder / "initdb").exists() and (folder / "pg_config").exists():
            built = subprocess.run(config, capture_output=True, text=True, check=False).stdout
            if "openssl" in built:
                return folder
    pytest.skip("no Postgres with TLS here (apt-get install postgresql): the wheel's has none")


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def _authority(folder: Path, name: str) -> Path:
    made = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    files = ("-keyout", f"{name}.key", "-out", f"{name}.crt")
    _openssl(folder, "req", "-x509", *made, "-subj", f"/CN={name}", *files)
    return folder / f"{name}.crt"


def _certificate(folder: Path, authority: str) -> None:
    """Make server.key and server.crt, for `localhost` alone."""
    made = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    _openssl(
        folder, "req", *made, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
        "-keyout", "server.key", "-out", "server.csr",
    )  # fmt: skip
    signed = ("-CA", f"{authority}.crt", "-CAkey", f"{authority}.key", "-CAcreateserial")
    copied = ("-copy_extensions", "copy", "-days", "2", "-out", "server.crt")
    _openssl(folder, "x509", "-req", "-in", "server.csr", *signed, *copied)


def _as_superuser(url: URL, *statements: str) -> bool:
    try:
        connection = psycopg2.connect(
            services.plain(url.set(drivername="postgresql")), connect_timeout=5
        )
    except psycopg2.OperationalError:
        return False
    with closing(connection):
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    return True


@pytest.fixture(scope="module")
def remote() -> Iterator[Remote]:
    """Start a Postgres whose pg_hba.conf has one line, `hostssl`, and that has no Unix socket."""
    programs = _programs()
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here to make certificates with")
    with services.temporary_folder("remote") as folder:
        authority, stranger = _authority(folder, "authority"), _authority(folder, "stranger")
        _certificate(folder, "authority")
        account = lend_account(folder, programs.parent, lambda _: None)
        process.write_private(folder / "password", _PASSWORD)
        if account is not None:
            for path in (folder, folder / "password", folder / "server.key"):
                os.chown(path, account.uid, account.gid)
        for path in (authority, stranger):
            path.chmod(0o644)
        cluster = (
            f"--pgdata={folder / 'data'}",
            f"--pwfile={folder / 'password'}",
            "--username=postgres",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        )
        subprocess.run(
            [str(programs / "initdb"), *cluster],
            cwd=folder,
            check=True,
            capture_output=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
        )
        (folder / "data" / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n")
        port = process.free_port()
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "ssl": "on",
            "ssl_cert_file": str(folder / "server.crt"),
            "ssl_key_file": str(folder / "server.key"),
            "fsync": "off",
            "shared_buffers": "32MB",
        }
        owned = process.start(
            [
                str(programs / "postgres"),
                f"-D{folder / 'data'}",
                f"--port={port}",
                *(f"--{name}={value}" for name, value in settings.items()),
            ],
            folder=folder,
            log=folder / "server.log",
            environment={"PATH": os.environ["PATH"]},
            account=account,
        )
        try:
            url = URL.create("postgresql", "postgres", _PASSWORD, "localhost", port, "postgres")
            made = Remote(url, authority, stranger)
            process.wait_until(
                lambda: _as_superuser(made.verified()),
                seconds=_START_SECONDS,
                what="the Postgres with TLS did not start",
                log=folder / "server.log",
                owned=owned,
            )
            _as_superuser(made.verified(), f"create database {services.PARSED_FOR}")
            yield Remote(url.set(database=services.PARSED_FOR), authority, stranger)
        finally:
            process.stop(owned, folder=folder, ask=signal.SIGINT, insist=signal.SIGQUIT)


def _command(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env={
            **os.environ,
            "BUILD_DIR": str(folder / "build"),
            "LOCAL_DIR": str(folder / "local"),
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
            **services.parse(),
            **variables,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_extraction_models_and_ledger_work_on_another_postgres_over_tls(
    remote: Remote,
    sonar: Callable[..., services.Sonar],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = sonar()
    monkeypatch.setenv("WAREHOUSE_URL", services.plain(remote.verified()))

    extracted = _command(tmp_path, "extract", "run", "--include", "account_statuses")
    assert extracted.returncode == 0, extracted.stderr
    assert write_profiles(tmp_path)
    chosen = ("-s", "+stg_sonar__account_statuses", "--indirect-selection", "cautious")
    built = _command(
        tmp_path, "runtime.dbt_process", "build", *chosen, DBT_PROFILES_DIR=str(tmp_path)
    )
    assert built.returncode == 0, built.stdout

    engine = runtime_warehouse.connect()
    with engine.connect() as connection:
        held = "select count(*) from staging.stg_sonar__account_statuses"
        rows: int = connection.execute(text(held)).scalar_one()
        proven = "select collection from ops.extract_ledger where grade = 'proven'"
        grades: Sequence[str] = connection.execute(text(proven)).scalars().all()
        steps = connection.execute(text("select step, exit_code from ops.step")).all()
        secured = "select ssl from pg_stat_ssl where pid = pg_backend_pid()"
        assert connection.execute(text(secured)).scalar_one()
    engine.dispose()
    assert rows == made.truth["counts"]["account_statuses"] > 0
    assert grades == ["account_statuses"]
    assert [tuple(row) for row in steps] == [("extract", 0)]
    said = extracted.stdout + extracted.stderr + built.stdout + built.stderr
    assert _PASSWORD not in said


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda r: r.verified(r.stranger), "shows a certificate that nobody vouches for"),
        (lambda r: r.verified().set(host="127.0.0.1"), "shows the certificate of another host"),
        (lambda r: r.verified(r.stranger.with_name("no.crt")), "a file named by sslrootcert"),
        (lambda r: r.url.update_query_dict({"sslmode": "disable"}), "takes no connection without"),
        (lambda r: r.verified().set(password="wrong"), "refuses this user or database"),
    ],
)
def test_a_way_that_is_not_safe_is_refused_in_one_line(
    remote: Remote,
    change: Callable[[Remote], URL],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WAREHOUSE_URL", services.plain(change(remote)))

    with pytest.raises(ConfigError, match=words) as raised:
        runtime_warehouse.connect()
    assert "\n" not in str(raised.value)
    assert _PASSWORD not in str(raised.value)


def test_a_wrong_authority_ends_a_command_with_its_code(
    remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE_URL", services.plain(remote.verified(remote.stranger)))

    ended = _command(tmp_path, "extract", "status")
    assert ended.returncode == ConfigError.exit_code
    assert "nobody vouches for" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_server_without_tls_is_refused_where_tls_is_demanded(
    warehouse_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    demanding = warehouse_url.update_query_dict({"sslmode": "require"})
    monkeypatch.setenv("WAREHOUSE_URL", services.plain(demanding))

    with pytest.raises(ConfigError, match="offers no TLS"):
        runtime_warehouse.connect()
