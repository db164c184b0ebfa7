"""What is sealed: verdicts, reconciliation, hashes of the build, decisions, seeds, the report.

Keys, counts and hashes; no personal value. A seed that names people is sealed by its hash alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, text

from runtime.errors import ConfigError, GateFailed
from runtime.fingerprint import Fingerprint, fingerprint
from runtime.manifest import Manifest
from runtime.settings import ROOT

REPORT = "report.json"
_DOCUMENTS = ("docs/mapping-decisions.md", "docs/field-mapping.md", "requirements.lock")
_SEEDS = "dbt_project/seeds"
_OF_PEOPLE = frozenset({"map_admins.csv"})  # log-ins of staff
_EXTRACTION = (
    "select run_id, source, collection, kind, state, grade, mode, server_count, landed_count,"
    " server_sums, landed_sums, deleted_rows, dropped_fields, withheld_values, watermark, witness,"
    " started_at, ended_at from ops.extract_ledger where run_id ="
    " (select run_id from ops.extract_ledger order by started_at desc limit 1) order by collection"
)
_ACCEPTANCE = "select * from ops.acceptance where target = :target order by decided_at, run_id"
_RECONCILIATION = (
    "select * from ops.reconciliation where target = :target and run_id ="
    " (select run_id from ops.reconciliation where target = :target"
    "  order by reconciled_at desc limit 1) order by entity"
)
_STAGES = (
    "('extract', 'inspect', 'attest', 'transform', 'accept', 'load', 'rollback', 'handover',"
    " 'reconcile')"
)
_STEPS = (
    "select run_id, step, started_at, ended_at, exit_code from ops.step"
    f" where step in {_STAGES} order by started_at"
)
_SWITCHES = (
    "select switch, words, run_id, attested_at from ops.switch_attestation"
    " where target = :target order by attested_at, switch"
)


def _json(value: object) -> bytes:
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(value, option=options, default=str)


def _rows(connection: Connection, query: str, target: str) -> bytes:
    found = connection.execute(text(query), {"target": target} if ":target" in query else {})
    return _json([dict(row) for row in found.mappings()])


def read_report(folder: Path) -> Mapping[str, Any]:
    """Return the report's JSON.

    Raises:
        ConfigError: there is none.
    """
    try:
        document: Mapping[str, Any] = orjson.loads((folder / REPORT).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        raise ConfigError("there is no report to seal: run `make report` first") from None
    return document


def refuse_stale(report: Mapping[str, Any], build: Fingerprint, newest: str | None) -> None:
    """Refuse a report of other marts, or one older than the latest step that is not a report.

    Raises:
        GateFailed: the report is stale.
    """
    if report.get("fingerprint") != build.value:
        raise GateFailed("the report is of other marts than there are now: run `make report` again")
    if newest is not None and str(report.get("written_at")) < newest:
        raise GateFailed("something ran since the report was written: run `make report` again")


def newest_step(connection: Connection) -> str | None:
    """Return when the latest stage of the migration began, as the report writes moments."""
    moment = connection.execute(
        text(f"select max(started_at) from ops.step where step in {_STAGES}")
    ).scalar_one_or_none()
    return None if moment is None else str(orjson.loads(orjson.dumps(moment)))


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        yield f"report/{path.relative_to(folder).as_posix()}", path.read_bytes()


def _documents() -> Iterator[tuple[str, bytes]]:
    for name in _DOCUMENTS:
        yield name, (ROOT / name).read_bytes()
    for path in sorted((ROOT / _SEEDS).glob("*.csv")):
        content = path.read_bytes()
        if path.name in _OF_PEOPLE:
            digest = f"{hashlib.sha256(content).hexdigest()}  {path.name}\n"
            yield f"seeds/{path.name}.sha256", digest.encode()
        else:
            yield f"seeds/{path.name}", content


def members(connection: Connection, manifest: Manifest, report: Path) -> dict[str, bytes]:
    """Return what is to be sealed, by name. `report` is the folder of the report.

    Raises:
        ConfigError: no report, or marts that have not been built.
        GateFailed: the report is stale.
    """
    written = read_report(report)
    build = fingerprint(connection, manifest)
    refuse_stale(written, build, newest_step(connection))
    target = str(written.get("target") or "")
    extraction = written.get("extraction") or {}
    return {
        "metadata.json": _json(
            {
                "target": target,
                "source": extraction.get("source"),
                "extraction_run_id": extraction.get("run_id"),
                "as_of": written.get("as_of"),
                "report_written_at": written.get("written_at"),
                "build": build.value,
                "manifest": manifest.checksum,
                "marts": {name: list(found) for name, found in sorted(build.marts.items())},
            }
        ),
        "verdict.json": _json(written["verdict"]),
        "extraction.json": _rows(connection, _EXTRACTION, target),
        "acceptance.json": _rows(connection, _ACCEPTANCE, target),
        "reconciliation.json": _rows(connection, _RECONCILIATION, target),
        "steps.json": _rows(connection, _STEPS, target),
        "attestations.json": _rows(connection, _SWITCHES, target),
        **dict(_documents()),
        **dict(_files(report)),
    }
