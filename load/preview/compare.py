"""Previewed charges against `audit_next_charge`, for the customers named: to the cent and day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Engine, text

from load.preview.charges import Charge
from runtime.errors import ConfigError

_EXPECTED = text("""
    select
        next_charge.splynx_customer_id,
        replace(next_charge.splynx_table, 'services_', ''),
        next_charge.splynx_id,
        services.description,
        next_charge.splynx_covers_from,
        next_charge.splynx_covers_to,
        next_charge.splynx_cents - next_charge.splynx_discount_cents
    from audit.audit_next_charge as next_charge
    inner join (
        select 'services_internet' as splynx_table, id, description
        from splynx_staging.services_internet
        union all
        select 'services_voice', id, description from splynx_staging.services_voice
        union all
        select 'services_custom', id, description from splynx_staging.services_custom
        union all
        select 'services_bundle', id, description from splynx_staging.services_bundle
    ) as services
        on next_charge.splynx_table = services.splynx_table and next_charge.splynx_id = services.id
    where next_charge.splynx_customer_id = any(:customers)
    order by 1, 2, 3
""")
_LOADED = text("select id from splynx_staging.customers where id = any(:customers)")

Service = tuple[int, str, int]  # customer, type, id


@dataclass(frozen=True, slots=True)
class Expected:
    """The first charge of a service; no days where none is made."""

    service: Service
    description: str
    covers_from: date | None
    covers_to: date | None
    cents: int


@dataclass(frozen=True, slots=True)
class Difference:
    """What is not as expected of one service; `service` 0 where none has the description."""

    service: Service
    what: str

    def __str__(self) -> str:
        customer, kind, key = self.service
        return f"customer {customer} · {kind} {key or '?'}: {self.what}"


def expected_charges(engine: Engine, charges: Sequence[Charge]) -> list[Expected]:
    """Return what is expected of the customers of these charges.

    Raises:
        ConfigError: a customer is in no mart.
    """
    customers = {"customers": sorted({charge.customer for charge in charges})}
    with engine.connect() as connection:
        loaded: set[int] = set(connection.execute(_LOADED, customers).scalars())
        rows = connection.execute(_EXPECTED, customers).all()
    for charge in charges:
        if charge.customer not in loaded:
            raise ConfigError(
                f"line {charge.line}: customer {charge.customer} is not in the marts;"
                " use the id that Splynx shows, of a customer of this migration"
            )
    return [Expected((row[0], row[1], row[2]), *row[3:]) for row in rows]


def compare(charges: Sequence[Charge], expected: Sequence[Expected]) -> list[Difference]:
    """Return the differences, by service. Lines of one service are added up.

    Raises:
        ConfigError: a description is of several services of its customer.
    """
    previewed: dict[Service, list[Charge]] = defaultdict(list)
    for charge in charges:
        previewed[_service(charge, expected)].append(charge)
    found = []
    for one in expected:
        found += [
            Difference(one.service, what) for what in _apart(one, previewed.pop(one.service, []))
        ]
    for service, lines in previewed.items():
        names = ", ".join(str(charge.line) for charge in lines)
        found.append(
            Difference(service, f"charged in line {names}, but no such service is expected")
        )
    return sorted(found, key=lambda difference: difference.service)


def _service(charge: Charge, expected: Sequence[Expected]) -> Service:
    if charge.service is not None:
        return (charge.customer, charge.service_type, charge.service)
    named = [
        one.service
        for one in expected
        if one.service[:2] == (charge.customer, charge.service_type)
        and one.description == charge.description
    ]
    if len(named) > 1:
        raise ConfigError(
            f"line {charge.line}: the description is of {len(named)} services; add the service_id"
        )
    return named[0] if named else (charge.customer, charge.service_type, 0)


def _apart(one: Expected, lines: Sequence[Charge]) -> Iterator[str]:
    if not lines:
        if one.cents:  # a charge of nothing may be left out of a preview
            yield f"{_money(one.cents)} expected, nothing previewed"
        return
    cents = sum(charge.cents for charge in lines)
    if cents != one.cents:
        yield f"{_money(one.cents)} expected, {_money(cents)} previewed"
    if one.covers_from is None or one.covers_to is None:
        if not cents:
            return
        yield "no charge expected"
        return
    first = min(charge.period_from for charge in lines)
    last = max(charge.period_to for charge in lines)
    if (first, last) != (one.covers_from, one.covers_to):
        yield f"{one.covers_from} to {one.covers_to} expected, {first} to {last} previewed"


def _money(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"
