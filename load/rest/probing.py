"""Ask each endpoint what it lets us do, without leaving anything behind.

Every request is one that cannot take effect: a list that is cut to one row, a record that cannot
exist read and changed, OPTIONS, and an empty record, which is created only where OPTIONS demands an
attribute (such a record is refused; some endpoint without demands has accepted an empty one).
What passed the credentials, the right and the module is told by how the answer fails: a record that
is not there, or an empty body, is refused only afterwards (seen so; not published).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeGuard

from load.rest.client import Created, Options, Splynx
from load.rest.failures import (
    BadRequest,
    Failure,
    Forbidden,
    Invalid,
    ModuleOff,
    NotFound,
    Passing,
    ServerFault,
    Unauthorized,
)

DESCRIBE, LIST, READ, CREATE, UPDATE = "describe", "list", "read", "create", "update"
FIRST = "admin/administration/partners"
NOBODY = 2**31 - 1  # the largest id that an INT column holds: no installation gets there
ALL_CUSTOMERS = 0  # in the path of services: those of every customer


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What a plan needs of one endpoint: paths with {names}, operations, attributes that are sent.

    `item` is the path of one record, None where there is none; `fields` are additional fields that
    are sent; `tables` are what waits for it.
    """

    path: str
    item: str | None
    operations: frozenset[str]
    sent: frozenset[str]
    tables: tuple[str, ...]
    fields: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Probed:
    """What an endpoint answered: who failed how, and its attributes where OPTIONS tells them.

    `granted` are operations that it let through, `unasked` those that could not be tried. `made` is
    the key of an empty record that it took against its own demands.
    """

    endpoint: Endpoint
    options: Options | None
    granted: frozenset[str]
    unasked: frozenset[str]
    failures: Mapping[str, Failure]
    made: int | str | None = None

    @property
    def module_off(self) -> ModuleOff | None:
        """The refusal of a module that is switched off."""
        found = (f for f in self.failures.values() if isinstance(f, ModuleOff))
        return next(found, None)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Attributes that would be sent and that the endpoint does not have."""
        if self.options is None or not self.options.attributes:
            return ()
        return tuple(sorted(self.endpoint.sent - self.options.attributes.keys()))

    @property
    def demanded(self) -> tuple[str, ...]:
        """Attributes that the endpoint demands of a new record and that nothing sends."""
        if self.options is None or CREATE not in self.endpoint.operations:
            return ()
        own, additional = self.options.attributes, self.options.additional or {}
        required = {a.name for a in own.values() if a.is_required} - self.endpoint.sent
        fields = {a.name for a in additional.values() if a.is_required} - self.endpoint.fields
        return (*sorted(required), *sorted(fields))


async def probe(splynx: Splynx, endpoints: Sequence[Endpoint]) -> list[Probed]:
    """Probe the endpoints side by side, in the order given.

    Raises:
        Unauthorized: nobody would get an answer. Passing: Splynx or the way to it fails.
    """
    with suppress(Forbidden, ModuleOff):  # alone: wrong credentials are tried once, not many times
        await splynx.search(FIRST, limit=1)
    return list(await asyncio.gather(*(_probe(splynx, endpoint) for endpoint in endpoints)))


async def _probe(splynx: Splynx, endpoint: Endpoint) -> Probed:
    failures: dict[str, Failure] = {}
    granted, unasked = set[str](), set[str]()
    made: int | str | None = None
    described = await describe(splynx, endpoint.path)
    if _speaks_of_all(described):
        failures[DESCRIBE] = described
    options = described if isinstance(described, Options) else None
    for operation, ask in _questions(splynx, endpoint, options):
        if any(isinstance(failure, ModuleOff) for failure in failures.values()):
            break  # every method would be refused
        if ask is None:
            unasked.add(operation)
            continue
        answer = await _answer(operation, ask)
        if isinstance(answer, Failure):
            failures[operation] = answer
        else:
            granted.add(operation)
            made = answer.key if isinstance(answer, Created) else made
    return Probed(endpoint, options, frozenset(granted), frozenset(unasked), failures, made)


def _speaks_of_all(described: Options | Failure) -> TypeGuard[Failure]:
    """Return whether OPTIONS failed for a reason that is not about OPTIONS alone."""
    if isinstance(described, NotFound):
        return described.is_endpoint
    return isinstance(described, Forbidden | ModuleOff)


async def describe(splynx: Splynx, path: str) -> Options | Failure:
    """Return the attributes that an endpoint has, or why it does not tell; many do not.

    Raises:
        Unauthorized, Passing: as `probe`.
    """
    try:
        return await splynx.options(filled(path, NOBODY))
    except ServerFault as exc:
        return exc
    except (Passing, Unauthorized):
        raise
    except Failure as exc:
        return exc


Ask = Callable[[], Awaitable[Any]]


def _questions(
    splynx: Splynx, endpoint: Endpoint, options: Options | None
) -> Iterable[tuple[str, Ask | None]]:
    """Yield how to try each operation that is needed; None: there is no harmless way."""
    path, item = endpoint.path, endpoint.item
    if item is not None and "?" in item:
        item = None  # a PUT there makes the record that it does not find
    if LIST in endpoint.operations:
        yield (
            LIST,
            lambda: splynx.search(
                filled(path, ALL_CUSTOMERS), main_attributes={"id": NOBODY}, limit=1
            ),
        )
    if READ in endpoint.operations and item is not None:
        yield READ, lambda: splynx.get(filled(item, NOBODY))
    if UPDATE in endpoint.operations:
        yield UPDATE, None if item is None else lambda: splynx.update(filled(item, NOBODY), {})
    if CREATE in endpoint.operations:
        demands = options is not None and any(a.is_required for a in options.attributes.values())
        yield CREATE, (lambda: splynx.create(filled(path, NOBODY), {})) if demands else None


async def _answer(operation: str, ask: Ask) -> object:
    """Return what refused a question before its record was looked for, else what was answered."""
    try:
        return await ask()
    except NotFound as exc:
        return exc if exc.is_endpoint else None
    except (Invalid, BadRequest):
        return None
    except ServerFault as exc:
        return None if operation == CREATE else exc  # an empty body breaks some endpoints
    except (Passing, Unauthorized):
        raise
    except Failure as exc:
        return exc


def filled(path: str, number: int) -> str:
    """Return a path with `number` for each of its {names}."""
    head, *rest = path.split("{")
    return head + "".join(f"{number}{part.partition('}')[2]}" for part in rest)
