"""The server's own dump tool and client: a whole database into one file, and back.

Whatever the password is, it goes through an option file that only we can read, never through a
command line or the environment. Messages of both programs quote data, so only their numbers are
told. Text of a dump is read as bytes: it may hold any character set.
"""

from __future__ import annotations

import os
import re
import shutil
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

from load.mysql.session import LOST, RIGHTS, is_loopback
from runtime.errors import ConfigError, FatalTargetError
from runtime.settings import LOCAL, SplynxDb

_DUMPERS = ("mariadb-dump", "mysqldump")
_CLIENTS = ("mariadb", "mysql")
_PORT = 3306
_PACKET = "1G"  # of the programs; the server's own limit still holds
_NUMBER = re.compile(rb"(?:ERROR|[Ee]rror:?) (\d{4})\b")
_STRING = re.compile(rb"'(?:[^'\\]|\\.|'')*'", re.DOTALL)
_INSERT = re.compile(rb"INSERT (?:IGNORE )?INTO `((?:[^`]|``)+)`(?: \([^)]*\))? VALUES", re.DOTALL)
COMPLETE = b"-- Dump completed"
_SANDBOXED = re.compile(rb"^/\*M?!999999\\- enable the sandbox mode \*/ *\n")


@dataclass(frozen=True, slots=True)
class Program:
    """An installed program and whose it is."""

    path: str
    mariadb: bool


def _find(names: tuple[str, ...], purpose: str) -> Program:
    for name in names:
        found = shutil.which(name)
        if found:
            said = subprocess.run(
                [found, "--no-defaults", "--version"], capture_output=True, text=True, check=False
            )
            return Program(found, "mariadb" in said.stdout.lower())
    raise ConfigError(
        f"{' or '.join(names)} is not installed, which {purpose} needs: on Debian and Ubuntu "
        "`apt-get install mariadb-client`, elsewhere the client programs of MariaDB or MySQL; or "
        "make the backup by your own means and declare it (docs/runbook.md)"
    )


def dumper() -> Program:
    """Return the dump tool of this machine.

    Raises:
        ConfigError: none is installed; the message says what to install.
    """
    return _find(_DUMPERS, "a backup")


def client() -> Program:
    """Return the command-line client of this machine; raises as `dumper`."""
    return _find(_CLIENTS, "a restore")


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace("\n", "\\n") + '"'


def _encryption(db: SplynxDb, program: Program) -> list[str]:
    """Return the option lines that verify the server as our own connections do."""
    if db.url.query.get("ssl_disabled") == "true":
        return ["skip-ssl"] if program.mariadb else ["ssl-mode=DISABLED"]
    authority = db.url.query.get("ssl_ca")
    if authority is None and is_loopback(db.url.host):
        return []
    lines = ["ssl-verify-server-cert" if program.mariadb else "ssl-mode=VERIFY_IDENTITY"]
    system = ssl.get_default_verify_paths()
    file = authority or system.cafile
    if file:
        return [*lines, f"ssl-ca={_quoted(str(file))}"]
    return [*lines, f"ssl-capath={_quoted(str(system.capath))}"] if system.capath else lines


@contextmanager
def option_file(db: SplynxDb, program: Program) -> Iterator[Path]:
    """Yield a file with address and credentials, readable by us only, removed afterwards."""
    LOCAL.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="client-", dir=LOCAL))  # 0700
    try:
        path = folder / "client.cnf"
        lines = [
            "[client]",
            f"host={_quoted(str(db.url.host))}",
            f"port={db.url.port or _PORT}",
            "protocol=tcp",
            f"user={_quoted(str(db.url.username or ''))}",
            f"password={_quoted(str(db.url.password or ''))}",
            "default-character-set=utf8mb4",
            f"max-allowed-packet={_PACKET}",
            *_encryption(db, program),
        ]
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as target:
            target.write("\n".join(lines) + "\n")
        yield path
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("MYSQL", "MARIADB"))}


def _options(program: Program) -> list[str]:
    """Return how to dump: one snapshot, everything that belongs to the database, exact bytes."""
    options = [
        "--single-transaction",
        "--quick",
        "--routines",
        "--events",
        "--triggers",
        "--hex-blob",
        "--no-tablespaces",
    ]
    # Oracle's tool asks servers for what only its own have, and writes statements of replication.
    return (
        options if program.mariadb else [*options, "--column-statistics=0", "--set-gtid-purged=OFF"]
    )


def _failed(what: str, address: str, said: bytes) -> Exception:
    found = _NUMBER.findall(said)
    code = int(found[-1]) if found else 0
    number = f"error {code}" if code else "no error number"
    if code in RIGHTS:
        return ConfigError(
            f"the Splynx database at {address} refuses the {what} ({number}): check "
            "SPLYNX_ADMIN_URL and that its user holds all rights on the database"
        )
    wait = "check that it runs and is reachable, then " if code in LOST else ""
    return FatalTargetError(f"the {what} of {address} failed ({number}): {wait}start it again")


@contextmanager
def dumping(db: SplynxDb) -> Iterator[IO[bytes]]:
    """Yield the stream of a dump; leaving the block checks that it came to its end.

    Raises:
        ConfigError: no dump tool, or no right.
        FatalTargetError: the dump broke off.
    """
    program = dumper()
    with option_file(db, program) as options, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [program.path, f"--defaults-file={options}", *_options(program), str(db.url.database)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=_environment(),
        )
        stream = cast("IO[bytes]", process.stdout)
        try:
            yield stream
        finally:
            stream.close()
            code = process.wait()
        if code:
            errors.seek(0)
            raise _failed("backup", db.address, errors.read())


def restore(db: SplynxDb, chunks: Iterator[bytes]) -> None:
    """Send a dump to the server through its client.

    Raises:
        ConfigError: no client, or no right.
        FatalTargetError: it broke off; the database is then neither old nor new.
    """
    program = client()
    with option_file(db, program) as options, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [program.path, f"--defaults-file={options}", str(db.url.database)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env=_environment(),
        )
        try:
            with suppress(BrokenPipeError):  # the client gave up; its number says why
                _feed(cast("IO[bytes]", process.stdin), chunks, program)
        finally:
            code = process.wait()
        if code:
            errors.seek(0)
            raise _failed("restore", db.address, errors.read())


def _feed(stdin: IO[bytes], chunks: Iterator[bytes], program: Program) -> None:
    try:
        first = next(chunks, b"")
        if not program.mariadb:
            first = _SANDBOXED.sub(b"", first)  # a line that only MariaDB's client understands
        stdin.write(first)
        for chunk in chunks:
            stdin.write(chunk)
    finally:
        stdin.close()


@dataclass(slots=True)
class Counter:
    """Counts the rows of a dump by table while its text passes by, in chunks of any size."""

    counts: dict[str, int] = field(default_factory=dict)
    complete: bool = False
    _rest: bytes = b""
    _table: str | None = None
    _in_code: bool = False

    def feed(self, chunk: bytes) -> None:
        """Read the next chunk."""
        text = self._rest + chunk
        cut = text.rfind(b"\n") + 1
        self._rest = text[cut:]
        for line in text[:cut].split(b"\n"):
            self._line(line)

    def end(self) -> None:
        """Read what is left."""
        self._line(self._rest)
        self._rest = b""

    def _line(self, line: bytes) -> None:
        # Line feeds inside values are escaped, so a statement's rows start after its VALUES, on
        # the same line (MySQL) or one a line (MariaDB); outside strings only rows have brackets.
        if self._table is None:
            if line.startswith(b"DELIMITER "):
                self._in_code = line.rstrip() != b"DELIMITER ;"
            if self._in_code:
                return  # the text of a trigger, routine or event
            if line.startswith(b"CREATE TABLE `"):
                self.counts.setdefault(_name(line[14 : line.rindex(b"`")]), 0)
            elif line.startswith(COMPLETE):
                self.complete = True
            found = _INSERT.match(line)
            if found is None:
                return
            self._table = _name(found[1])
            line = line[found.end() :]
        bare = _STRING.sub(b"", line)
        self.counts[self._table] = self.counts.get(self._table, 0) + bare.count(b"(")
        if bare.rstrip().endswith(b";"):
            self._table = None


def _name(quoted: bytes) -> str:
    return quoted.replace(b"``", b"`").decode("utf-8", "replace")
