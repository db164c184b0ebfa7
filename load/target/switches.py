"""Settings of Splynx that would act on an import: each at rest, or vouched for by somebody.

Which they are stands in the dbt seed `map_splynx_switches.csv`, with how sure it is where they are
stored. One that is not found there says nothing: an operator has to look, and to attest what was
seen, which is kept in `ops.switch_attestation` for this target in this epoch.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from load.mysql.session import RIGHTS, error_code
from load.planning.row_hash import my_name
from load.target.targets import Target
from runtime.errors import ConfigError, GateFailed
from runtime.run_ledger import Run
from runtime.settings import ROOT

SEED = ROOT / "dbt_project" / "seeds" / "map_splynx_switches.csv"
RESTS, ACTS, NOT_FOUND = "off", "on", "not_found"
_NO_SUCH = frozenset({1054, 1146})  # column, table
_SHORTEST_WORDS = 10


@dataclass(frozen=True, slots=True)
class Switch:
    """A setting: where it is thought to be, when it is at rest, what it does and what to do."""

    name: str
    table: str
    where: Mapping[str, str]
    column: str
    resting: frozenset[str]
    covered_by: str | None
    confidence: str
    effect: str
    what_to_do: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a target shows of a switch; `words` are those of the operator who attested it."""

    switch: Switch
    state: str
    found: str | None
    words: str | None = None

    @property
    def settled(self) -> bool:
        """Whether nothing speaks against a load."""
        return self.state == RESTS or self.words is not None

    def __str__(self) -> str:
        """Name the switch, what was seen, and what it does when it is not at rest."""
        guess = " (our guess where it is stored)" if self.switch.confidence == "inferred" else ""
        if self.words is not None:
            return f"{self.switch.name}: attested"
        if self.state == RESTS:
            return f"{self.switch.name}: at rest{guess}"
        seen = "on" if self.state == ACTS else "not found"
        return f"{self.switch.name}: {seen}{guess}; else {self.switch.effect}"


def declared(seed: Path = SEED) -> list[Switch]:
    """Return the switches of the seed."""
    with seed.open(encoding="utf-8", newline="") as file:
        return [
            Switch(
                name=row["switch"],
                table=row["table_name"],
                where=dict(part.split("=", 1) for part in row["row_where"].split(";")),
                column=row["value_column"],
                resting=frozenset(row["resting_values"].split(";")),
                covered_by=row["covered_by"] or None,
                confidence=row["confidence"],
                effect=row["effect"],
                what_to_do=row["what_to_do"],
            )
            for row in csv.DictReader(file)
        ]


def _value(splynx: Connection, switch: Switch) -> str | None:
    where = " and ".join(f"{my_name(name)} = %s" for name in switch.where)
    try:
        row = splynx.exec_driver_sql(
            f"select {my_name(switch.column)} from {my_name(switch.table)} where {where}",
            tuple(switch.where.values()),
        ).first()
    except DBAPIError as exc:
        if error_code(exc) in _NO_SUCH | RIGHTS:
            return None
        raise
    return None if row is None or row[0] is None else str(row[0])


def look(splynx: Connection, switches: Iterable[Switch]) -> list[Finding]:
    """Return what the target shows now of each switch."""
    findings = []
    for switch in switches:
        found = _value(splynx, switch)
        state = NOT_FOUND if found is None else RESTS if found in switch.resting else ACTS
        findings.append(Finding(switch, state, found))
    return findings


def with_attestations(
    warehouse: Connection, target: Target, findings: Sequence[Finding]
) -> list[Finding]:
    """Return the findings with the operator's words; a covering switch covers what it stands for.

    What is seen to be on stays on whatever covers it, unless it is attested itself.
    """
    rows = warehouse.execute(
        text(
            "select switch, words from ops.switch_attestation where target = :target"
            " order by attested_at"
        ),
        {"target": target.name},
    )
    words = {row[0]: str(row[1]) for row in rows}
    resting = {f.switch.name for f in findings if f.state == RESTS} | words.keys()
    attested = []
    for finding in findings:
        said = words.get(finding.switch.name)
        cover = finding.switch.covered_by
        if said is None and finding.state == NOT_FOUND and cover in resting:
            said = f"covered by {cover}"
        attested.append(Finding(finding.switch, finding.state, finding.found, said))
    return attested


def store(warehouse: Connection, target: Target, findings: Sequence[Finding], run_id: str) -> None:
    """Replace what is known of the switches of `target`."""
    warehouse.execute(
        text("delete from ops.target_switch where target = :target"), {"target": target.name}
    )
    warehouse.execute(
        text(
            "insert into ops.target_switch (target, switch, state, found, confidence, run_id)"
            " values (:target, :switch, :state, :found, :confidence, :run_id)"
        ),
        [
            {
                "target": target.name,
                "switch": f.switch.name,
                "state": f.state,
                "found": f.found,
                "confidence": f.switch.confidence,
                "run_id": run_id,
            }
            for f in findings
        ],
    )


def attest(run: Run, target: Target, names: Sequence[str], words: str) -> None:
    """Record that the operator has looked at these switches and found them harmless.

    Raises:
        ConfigError: no such switch, or the words say nothing.
    """
    unknown = sorted(set(names) - {switch.name for switch in declared()})
    if unknown:
        raise ConfigError(f"no such switch: {', '.join(unknown)}; `make inspect` lists them")
    if len(words.strip()) < _SHORTEST_WORDS:
        raise ConfigError("say who looked, where, and what was seen, in a few words")
    with run.engine.begin() as warehouse:
        warehouse.execute(
            text(
                "insert into ops.switch_attestation (target, switch, words, run_id)"
                " values (:target, :switch, :words, :run_id)"
            ),
            [
                {
                    "target": target.name,
                    "switch": name,
                    "words": words.strip(),
                    "run_id": run.run_id,
                }
                for name in names
            ],
        )
    run.note(target=target.name, attested=list(names))


def unseen(switches: Iterable[Switch]) -> list[Finding]:
    """Return the findings where there is no database to look into: nothing was found."""
    return [Finding(switch, NOT_FOUND, None) for switch in switches]


def at_rest(warehouse: Connection, splynx: Connection, target: Target) -> None:
    """Refuse a load while a switch is on, or was neither found nor attested.

    Raises:
        GateFailed: with every such switch and what to do about it.
    """
    refuse_unsettled(with_attestations(warehouse, target, look(splynx, declared())))


def attested_at_rest(warehouse: Connection, target: Target) -> None:
    """Refuse a load by a route that shows no switch, unless the operator has attested all of them.

    Raises:
        GateFailed: with every switch that is not attested and what to do about it.
    """
    unseen = [Finding(switch, NOT_FOUND, None) for switch in declared()]
    refuse_unsettled(with_attestations(warehouse, target, unseen))


def refuse_unsettled(findings: Sequence[Finding]) -> None:
    """Refuse a load while something speaks against it.

    Raises:
        GateFailed: with every such switch and what to do about it.
    """
    waiting = [finding for finding in findings if not finding.settled]
    if waiting:
        said = "; ".join(f"{finding}: {finding.switch.what_to_do}" for finding in waiting)
        names = " ".join(finding.switch.name for finding in waiting)
        raise GateFailed(
            f"{len(waiting)} settings of Splynx may act on what is imported: {said}. Where you have"
            f' looked yourself: `make attest SWITCH="{names}" WORDS="…"`',
            report={"switches": [str(finding) for finding in waiting]},
        )
