"""One row: see that it is ours, then set its secret; whatever happens, no value is repeated."""

from __future__ import annotations

from dataclasses import dataclass

from load.handover.allowed import PORTAL, Allowed, OfPayments
from load.handover.ledger import Item, Outcome
from load.handover.secret import Told
from load.rest.client import Splynx
from load.rest.failures import BadRequest, Invalid, MethodNotAllowed, NotFound
from load.rest.results import Record


@dataclass(frozen=True, slots=True)
class Delivery:
    """Sets `allowed` over an open conversation with Splynx."""

    splynx: Splynx
    allowed: Allowed

    async def portal(self, item: Item, told: Told) -> Outcome:
        """Give a customer a password, unless there is one that we did not send."""
        try:
            record = await self.splynx.get(self._path(item))
        except NotFound:
            return Outcome(item, "missing", "Splynx has no such record")
        if (strange := self._strange(item, record)) is not None:
            return strange
        if record.get(item.attribute):
            # An interrupted run set it, or the customer has done so since.
            return Outcome(item, "handed_over" if item.was_announced else "kept")
        return await self._send(item, told)

    async def network(self, item: Item, told: Told | None) -> Outcome:
        """Give a service the password that Sonar has for it."""
        if told is None:
            return Outcome(item, "gone", "Sonar has no such record", item.changed_at)
        changed_at = told.changed_at or item.changed_at
        if told.secret is None:
            return Outcome(item, "empty", "Sonar has none", changed_at)
        try:
            record = await self.splynx.get(self._proof_path(item))
            if (strange := self._strange(item, record)) is not None:
                return strange
            if isinstance(self.allowed, OfPayments):
                record = next(iter(await self.splynx.search(self._path(item))), {})
        except NotFound:
            return Outcome(item, "missing", "Splynx has no such record", changed_at)
        if record.get(item.attribute) == told.secret.reveal():
            return Outcome(item, "handed_over", changed_at=changed_at)
        return await self._send(item, Told(told.secret, changed_at))

    def _path(self, item: Item) -> str:
        return self.allowed.item.format(id=item.target_id, customer=item.customer_id)

    def _proof_path(self, item: Item) -> str:
        is_own = not isinstance(self.allowed, OfPayments)
        return self._path(item) if is_own else PORTAL.item.format(id=item.customer_id)

    def _strange(self, item: Item, record: Record) -> Outcome | None:
        """Return the end of an item whose record is another one than the warehouse says."""
        proof = self.allowed.proof
        if item.proof and str(record.get(proof)) == item.proof:
            return None
        return Outcome(item, "not_ours", f"another {proof} than the mart's", item.changed_at)

    async def _send(self, item: Item, told: Told) -> Outcome:
        if told.secret is None:
            raise ValueError("nothing to send")
        try:
            await self.splynx.update(self._path(item), {item.attribute: told.secret.reveal()})
        except NotFound:
            return Outcome(item, "missing", "Splynx has no such record", told.changed_at)
        except Invalid as exc:
            named = sorted({problem.field for problem in exc.problems if problem.field})
            return Outcome(
                item, "refused", f"HTTP {exc.status}: {', '.join(named)}", told.changed_at
            )
        except (BadRequest, MethodNotAllowed) as exc:
            return Outcome(item, "refused", f"HTTP {exc.status}", told.changed_at)
        return Outcome(item, "handed_over", changed_at=told.changed_at)
