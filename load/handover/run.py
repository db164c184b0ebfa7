"""The handover: what is due, in batches: announced, read from Sonar, sent to Splynx, recorded.

Reads the marts, `ops.id_map`, Sonar and Splynx; writes Splynx and `ops.handover`. Killed at any
point, the next run does again what was announced and has no end: setting the same password twice is
as good as once, and a portal password that stands already is left alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from load.handover import ledger
from load.handover.allowed import FROM_SONAR, PORTAL, Allowed, FromSonar, OfPayments
from load.handover.delivery import Delivery
from load.handover.ledger import Item, Outcome
from load.handover.marks import Marks
from load.handover.secret import Secret, Told
from load.handover.sonar import Sonar
from load.rest.client import Manners, Splynx
from load.rest.failures import Failure, ModuleOff
from load.target.targets import Target
from runtime.errors import ConfigError, Unfinished
from runtime.run_ledger import Run
from runtime.settings import SonarApi, SplynxApi

BATCH = 200
_TELLING = 10  # so many rows of which none is ours mean another Splynx
_LEFT = ("gone", "missing", "not_ours", "refused")
_STRANGE = ("missing", "not_ours")


@dataclass(slots=True)
class Result:
    """What a run did: ends by kind of secret, and what is left, by key."""

    ends: dict[str, dict[str, int]] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    parked: dict[str, str] = field(default_factory=dict)

    def add(self, allowed: Allowed, outcomes: Sequence[Outcome]) -> None:
        """Count the ends of a batch."""
        ends = self.ends[allowed.what]
        for outcome in outcomes:
            ends[outcome.state] = ends.get(outcome.state, 0) + 1
            if outcome.state in _LEFT:
                self.left.append(f"{allowed.table} {outcome.item.sonar_key}: {outcome.reason}")

    def counts(self) -> Mapping[str, object]:
        """Return the figures for the run's ledger."""
        return {"handed_over": self.ends, "parked": self.parked, "left": len(self.left)}


@dataclass(frozen=True, slots=True)
class Sides:
    """Where secrets come from and go to.

    `sonar` may be None where nothing is read from it, `marks` where we do not read Splynx's
    database.
    """

    sonar: SonarApi | None
    splynx: SplynxApi
    marks: Marks | None = None
    manners: Manners = field(default_factory=Manners)


def hand_over(
    run: Run, target: Target, sides: Sides, kinds: Sequence[Allowed] = (*FROM_SONAR, PORTAL)
) -> Result:
    """Give Splynx every secret of these kinds that it needs and does not have yet.

    Raises:
        ConfigError: credentials, rights, or Splynx is another one than the warehouse says.
        SourceError, TargetError: a server failed; run again to go on.
        Unfinished: some rows could not be served; everything else is done.
    """
    result = Result()
    try:
        asyncio.run(_all(run, target, sides, kinds, result))
    finally:
        run.note(**result.counts())
    if result.left or result.parked:
        parked = [f"{what}: {why}" for what, why in result.parked.items()]
        raise Unfinished(
            f"{len(result.left)} rows without their secret, {len(parked)} kinds parked: mend the "
            "cause and run again (ops.handover)",
            [*parked, *result.left],
        )
    return result


async def _all(
    run: Run, target: Target, sides: Sides, kinds: Sequence[Allowed], result: Result
) -> None:
    async with Splynx(sides.splynx, sides.manners) as client:
        for allowed in kinds:
            with run.engine.connect() as warehouse:
                items = ledger.todo(warehouse, target, allowed)
            result.ends[allowed.what] = {}
            marks = None if isinstance(allowed, OfPayments) else sides.marks  # those go by the API
            work = _Work(run, target, allowed, Delivery(client, allowed), marks, result)
            try:
                if not isinstance(allowed, FromSonar):
                    await work.carry_out(items, work.portal)
                elif items:
                    if sides.sonar is None:
                        raise ConfigError(f"{allowed.what} are read from Sonar: set SONAR_URL")
                    async with Sonar(sides.sonar, delay=sides.manners.delay) as sonar:
                        await work.carry_out(items, partial(work.network, sonar, allowed))
            except ModuleOff as exc:
                result.parked[allowed.what] = str(exc)


Batch = Callable[[Sequence[Item]], Awaitable[Sequence[Awaitable[Outcome]]]]


@dataclass(frozen=True, slots=True)
class _Work:
    """All rows that need one kind of secret."""

    run: Run
    target: Target
    allowed: Allowed
    delivery: Delivery
    marks: Marks | None
    result: Result

    async def portal(self, items: Sequence[Item]) -> Sequence[Awaitable[Outcome]]:
        """Return the deliveries of a batch, each with a password of its own."""
        return [self.delivery.portal(item, Told(Secret.drawn(), None)) for item in items]

    async def network(
        self, sonar: Sonar, allowed: FromSonar, items: Sequence[Item]
    ) -> Sequence[Awaitable[Outcome]]:
        """Return the deliveries of a batch, each with what Sonar has for it now."""
        keys = [item.record_key for item in items if item.record_key is not None]
        told = await sonar.secrets(allowed, keys)
        return [self.delivery.network(item, told.get(item.record_key or "")) for item in items]

    async def carry_out(self, items: Sequence[Item], prepare: Batch) -> None:
        """Do one batch after the other; what a batch did is recorded even where it fails."""
        is_known = False
        for start in range(0, len(items), BATCH):
            batch = items[start : start + BATCH]
            before = self.marks.hashes(self.allowed, batch) if self.marks else {}
            ledger.announce(self.run, self.target, self.allowed, batch)
            ended = await asyncio.gather(*await prepare(batch), return_exceptions=True)
            outcomes = [one for one in ended if isinstance(one, Outcome)]
            ledger.keep(self.run, self.target, self.allowed, outcomes)
            self.result.add(self.allowed, outcomes)
            if self.marks:
                self.marks.keep(self.allowed, before, outcomes)
            failed = [one for one in ended if isinstance(one, BaseException)]
            if failed:
                raise _gravest(failed)
            strange = sum(one.state in _STRANGE for one in outcomes)
            is_known = is_known or strange < len(outcomes)
            if not is_known and strange >= _TELLING:
                raise ConfigError(
                    f"none of {strange} rows of {self.allowed.table} is at SPLYNX_URL what the "
                    f"warehouse says ({self.target.address}): both need to lead to the same Splynx"
                )


def _gravest(failed: Sequence[BaseException]) -> BaseException:
    """Return what the run ends with: a bug before anything else, then what an operator mends."""

    def rank(exc: BaseException) -> int:
        if not isinstance(exc, Failure):
            return 0
        return 3 if isinstance(exc, ModuleOff) else 1 if isinstance(exc, ConfigError) else 2

    return min(failed, key=rank)
