"""What Splynx does besides the write itself; catalogue.yml says which effect follows which write.

A `before` effect may still change the values that are about to be stored; an `after` effect finds
the row in place. All of it happens in the transaction of the request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.splynx.rest.catalogue import Entity
from sandbox.splynx.rest.columns import Value
from sandbox.splynx.rest.scene import Row, Scene


@dataclass(slots=True)
class Change:
    """One write. `before` is empty on create; `values` holds only what is being stored."""

    entity: Entity
    operation: str
    key: int
    before: Row
    values: Row
    body: Mapping[str, Any]
    query: Mapping[str, Any]

    def get(self, name: str) -> Value:
        """Return the value as it will be: the new one, else the stored one."""
        return self.values.get(name, self.before.get(name))


Handler = Callable[[Scene, Change], None]
BEFORE: dict[str, Handler] = {}
AFTER: dict[str, Handler] = {}


def before(handler: Handler) -> Handler:
    """Register an effect that runs before the row is stored, under its own name."""
    BEFORE[handler.__name__] = handler
    return handler


def after(handler: Handler) -> Handler:
    """Register an effect that runs when the row is stored, under its own name."""
    AFTER[handler.__name__] = handler
    return handler


def run_before(scene: Scene, change: Change) -> None:
    """Run the effects that the catalogue names, in its order."""
    _run(BEFORE, scene, change)


def run_after(scene: Scene, change: Change) -> None:
    """Run the effects that the catalogue names, in its order."""
    _run(AFTER, scene, change)


def _run(handlers: Mapping[str, Handler], scene: Scene, change: Change) -> None:
    for effect in change.entity.effects:
        if change.operation in effect.writes and effect.does in handlers:
            handlers[effect.does](scene, change)
