"""The MySQL part of `make doctor`: whether Splynx's database is there and a load may write it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from load.checks import preflight
from load.mysql import read_facts
from load.mysql.rights import lacking
from load.mysql.session import answering
from load.mysql.ways import ask
from load.target import switches
from load.target.facts import TableFacts
from runtime.errors import ConfigError, GateFailed
from runtime.examination import Examination
from runtime.manifest import Manifest
from runtime.settings import SplynxDb

_WHAT = "Splynx's database"
_NAMED = 8


def examine(examination: Examination, db: SplynxDb, manifest: Manifest) -> None:
    """Look at the server, its tables, the account's rights and the settings that would act."""
    with examination.part(_WHAT) as good, answering(db) as engine:
        with read_facts.snapshot(engine) as splynx:
            server = read_facts.server_facts(splynx)
            good(f"{server.dialect} {server.version} at {db.address} takes the account")
            preflight.session_is_strict(splynx)
            names = [mart.name for mart in manifest.marts]
            tables = read_facts.table_facts(splynx, names)
            _tables(examination, names, tables)
            _switches(examination, splynx)
        with engine.connect() as splynx:  # which could write
            _rights(examination, splynx, tables)
            splynx.rollback()
        ways = ask(engine)
        if ways.local:
            examination.good("LOAD DATA LOCAL", "on")
        else:
            says = "off: the server's local_infile is 0"
            then = "inserts by statements, several times slower (set global local_infile = 1)"
            examination.warn("LOAD DATA LOCAL", says, then)
        if not ways.staging:
            says = "no right to CREATE TEMPORARY TABLES"
            examination.warn("temporary tables", says, "updates row by row in batches")


def some(names: Sequence[str]) -> str:
    """Return the first of many names, and how many more there are."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _tables(
    examination: Examination, names: Sequence[str], tables: Mapping[str, TableFacts]
) -> None:
    with examination.part("tables") as good:
        if missing := [name for name in names if name not in tables]:
            raise GateFailed(
                f"{some(missing)}: not there, or this account has no right to see them: check the "
                "database that SPLYNX_MYSQL_URL names, its version and the grants"
            )
        if wrong := sorted(t.name for t in tables.values() if t.engine != "InnoDB"):
            raise GateFailed(
                f"{some(wrong)}: not InnoDB, so that a load could not be taken back: "
                "alter table … engine=InnoDB"
            )
        good(f"all {len(tables)} that are loaded are there, and InnoDB")


def _rights(examination: Examination, splynx: Connection, tables: Mapping[str, TableFacts]) -> None:
    with examination.part("rights") as good:
        if found := lacking(splynx, tables.values()):
            said = "; ".join(f"no {right} on {some(names)}" for right, names in found.items())
            raise ConfigError(
                f"{said}: grant select, insert, update, delete to the user of SPLYNX_MYSQL_URL"
            )
        good(f"may read and write all {len(tables)} tables")


def _switches(examination: Examination, splynx: Connection) -> None:
    found = switches.look(splynx, switches.declared())
    resting = {finding.switch.name for finding in found if finding.settled}
    for finding in found:
        covered = finding.state == switches.NOT_FOUND and finding.switch.covered_by in resting
        if not (finding.settled or covered):
            then = f"a load waits: {finding.switch.what_to_do}, or attest (`make attest`)"
            examination.warn("switches", str(finding), then)
    if resting:
        examination.good("switches", f"{len(resting)} of {len(found)} at rest")
