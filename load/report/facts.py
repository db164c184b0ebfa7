"""What the page is made of, as plain values. They are also the JSON beside it.

Nothing here may hold a personal value: counts, keys, names of rules and collections, times.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from load.reconcile.since_last import SinceLast


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection in the latest extraction. `needed`: a mart reads it."""

    name: str
    state: str
    grade: str | None
    server_count: int | None
    landed_count: int | None
    needed: bool

    @property
    def is_complete(self) -> bool:
        """Whether every record that Sonar counts has landed."""
        return self.state == "complete" and self.grade in {"proven", "counted", "whole"}


@dataclass(frozen=True, slots=True)
class Extraction:
    """The latest extraction. `is_frozen`: its last pass found no change."""

    run_id: str
    source: str
    ended_at: datetime | None
    collections: tuple[Collection, ...]
    is_frozen: bool = False


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The latest verdict on the marts for the current target."""

    run_id: str
    verdict: str
    fingerprint: str
    extraction_run_id: str
    decided_at: datetime
    findings: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of the migration as it ran last, with the seconds of the time before."""

    name: str
    run_id: str
    started_at: datetime
    seconds: float | None
    exit_code: int | None
    before: float | None = None
    counters: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entity:
    """One line of the latest reconciliation. `is_loaded`: the entity has a table in the target.

    `landed`: rows of the collection that its source records come from, as the extraction left them.
    `totals`: rows and amounts of both sides by group.
    `explained`: columns of so many rows that were not compared, by a cause of the closed list.
    """

    name: str
    source: int
    mart: int
    merged: int
    excluded: int
    rejected: int
    quarantined: int
    loaded: int
    in_target: int
    identical: int
    verdict: str
    differences: tuple[Mapping[str, Any], ...]
    is_loaded: bool
    not_selected: int = 0
    collection: str | None = None
    landed: int | None = None
    explained: tuple[Mapping[str, Any], ...] = ()
    totals: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The latest reconciliation of the current target; `last` is what changed since the one before.

    `causes` are (cause, owner, differences), the unexplained ones first. With `scope`, only the
    rows of that choice were looked at, and the entities' figures are of them.
    """

    run_id: str
    ended_at: datetime
    entities: tuple[Entity, ...]
    causes: tuple[tuple[str, str, int], ...] = ()
    last: SinceLast | None = None
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """Records that were left out for one reason, and who signed for them."""

    entity: str
    reason: str
    rows: int
    signed_max: int
    decision: str | None
    is_signed: bool
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Excluded:
    """Records that a named rule leaves out or merges."""

    collection: str
    outcome: str
    reason: str
    rows: int


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Rows that the target refused, by cause; keys of Sonar."""

    table: str
    cause: str
    error_code: int | None
    column: str | None
    rows: int
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MoneyLine:
    """One total in both systems, in the currency's smallest unit; `decimals` of them make one.

    `left_behind` is Sonar's figure of accounts that are not loaded.
    """

    name: str
    description: str
    sonar: int
    left_behind: int
    splynx: int
    decimals: int


@dataclass(frozen=True, slots=True)
class MoneyCause:
    """Why balances differ: accounts, records and what it comes to."""

    cause: str
    reason: str
    accounts: int
    records: int
    amount: int


@dataclass(frozen=True, slots=True)
class MoneyAccount:
    """An account whose balance differs, by key."""

    key: str
    sonar: int
    splynx: int
    cause: str
    unexplained: int


@dataclass(frozen=True, slots=True)
class Money:
    """Both systems' money. `unexplained`: accounts with a difference that no cause explains.

    `largest` are the accounts that differ most; `differing` counts all that differ.
    """

    lines: tuple[MoneyLine, ...]
    causes: tuple[MoneyCause, ...]
    accounts: int
    unexplained: tuple[str, ...]
    differing: int = 0
    largest: tuple[MoneyAccount, ...] = ()


@dataclass(frozen=True, slots=True)
class NextCharge:
    """Services whose next charge compares in one way, with both systems' amounts."""

    cause: str
    services: int
    sonar: int
    splynx: int
    first_day: date | None
    overdue: int


@dataclass(frozen=True, slots=True)
class Block:
    """A customer whom Splynx would block in its first seven days, and Sonar's day for it."""

    key: str
    blocks_on: date
    sonar_day: date | None
    reason: str
    difference: str
    late: int


@dataclass(frozen=True, slots=True)
class FirstWeek:
    """What happens in the first week after the release; None where it is not known."""

    decimals: int
    charges: tuple[NextCharge, ...] | None
    blocks: tuple[Block, ...] | None
    blocked: int = 0


@dataclass(frozen=True, slots=True)
class AccessLoss:
    """Services, or routers, that one reason takes the network from, and who signed for them."""

    reason: str
    severity: str
    rows: int
    signed_max: int
    decision: str | None
    is_signed: bool
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Access:
    """Who has the network in Sonar and who would have it in Splynx, by decision."""

    subscribers: int
    decisions: tuple[tuple[str, int, int], ...]
    losses: tuple[AccessLoss, ...]


@dataclass(frozen=True, slots=True)
class Timing:
    """How long one stage took in one run; `run` counts back: 0 is the latest run."""

    stage: str
    run: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Wave:
    """One part of a load that went out in waves, and the reconciliation that followed it.

    `customers` are those of the wave's scope, earlier waves' among them; `rows` were written by it.
    None: its plan, or its writing, did not come that far. `verdict` is that of the reconciliation,
    `looked_at` what it was of, where that was not everything.
    """

    scope: str
    started_at: datetime
    exit_code: int | None
    customers: int | None
    rows: int | None
    seconds: float | None
    verdict: str
    differing: int = 0
    unexplained: int = 0
    reconcile_seconds: float | None = None
    looked_at: str | None = None


@dataclass(frozen=True, slots=True)
class Waves:
    """The last run that went out in waves, wave by wave."""

    run_id: str
    all: tuple[Wave, ...]


@dataclass(frozen=True, slots=True)
class TargetChange:
    """What the latest inspection of the target found otherwise than the one before."""

    table: str
    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Inspections:
    """The latest inspection of the target, the one before, and what lies between."""

    at: datetime
    before: datetime | None
    changes: tuple[TargetChange, ...]


@dataclass(frozen=True, slots=True)
class Download:
    """A list of keys beside the page, and its lines."""

    name: str
    rows: int


@dataclass(frozen=True, slots=True)
class Beside:
    """What lies beside the page.

    `links` are (words, relative address) of other artefacts; `accounts` says how many accounts the
    search's index knows, 0: there is none.
    """

    links: tuple[tuple[str, str], ...] = ()
    downloads: tuple[Download, ...] = ()
    accounts: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the report says, before the verdict."""

    written_at: datetime
    target: str | None = None
    fingerprint: str | None = None
    extraction: Extraction | None = None
    acceptance: Acceptance | None = None
    accepted_before_load: bool = False
    load: Step | None = None
    reconciliation: Reconciliation | None = None
    steps: tuple[Step, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    excluded: tuple[Excluded, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    marts: tuple[str, ...] = ()
    money: Money | None = None
    access: Access | None = None
    first_week: FirstWeek | None = None
    timings: tuple[Timing, ...] = ()
    waves: Waves | None = None
    inspections: Inspections | None = None
    last_write: Step | None = None
    unsettled: int = 0
    secrets_open: int = 0
    files_open: int = 0
    files_unproven: int = 0
