"""The charges that a test Splynx previews, read from a CSV file that a person wrote.

One line per charge: customer_id, service_type, service_id or description, period_from, period_to,
amount (before tax). Whatever cannot be read is refused with its line; no value of a line is
repeated, because a description may name a person.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from runtime.errors import ConfigError

TYPES = ("internet", "voice", "custom", "bundle")
REQUIRED = ("customer_id", "service_type", "period_from", "period_to", "amount")
CENTS = 2


@dataclass(frozen=True, slots=True)
class Charge:
    """One line of a preview; `amount` in cents."""

    line: int
    customer: int
    service_type: str
    service: int | None
    description: str
    period_from: date
    period_to: date
    cents: int


def read_charges(path: Path) -> list[Charge]:
    """Return the charges of a file, in its order.

    Raises:
        ConfigError: the file or a line of it can't be read; says which and what to do.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            charges = list(_charges(csv.DictReader(file, strict=True), path))
    except OSError as exc:
        raise ConfigError(f"{path}: {exc.strerror}; name the file with --file") from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(f"{path}: not UTF-8; save it as CSV in UTF-8") from exc
    except csv.Error as exc:
        raise ConfigError(f"{path}: not CSV: {exc}; separate columns by commas") from exc
    if not charges:
        raise ConfigError(f"{path}: no charges; write one line per previewed charge")
    return charges


def _charges(reader: csv.DictReader[str], path: Path) -> Iterator[Charge]:
    columns = set(reader.fieldnames or ())
    missing = [name for name in REQUIRED if name not in columns]
    if not columns & {"service_id", "description"}:
        missing.append("service_id or description")
    if missing:
        raise ConfigError(f"{path}, line 1: no column {', '.join(missing)}; add it to the header")
    for row in reader:
        where = f"{path}, line {reader.line_num}"
        if None in row or None in row.values():
            raise ConfigError(f"{where}: not as many columns as the header; put texts in quotes")
        yield _charge({name: (value or "").strip() for name, value in row.items()}, reader, where)


def _charge(row: Mapping[str, str], reader: csv.DictReader[str], where: str) -> Charge:
    service_type = row["service_type"].lower()
    if service_type not in TYPES:
        raise ConfigError(f"{where}: service_type is none of {', '.join(TYPES)}; correct it")
    service, description = row.get("service_id", ""), row.get("description", "")
    if not service and not description:
        raise ConfigError(f"{where}: neither service_id nor description; fill one of them")
    first, last = _day(row, "period_from", where), _day(row, "period_to", where)
    if last < first:
        raise ConfigError(f"{where}: period_to is before period_from; correct one of them")
    return Charge(
        line=reader.line_num,
        customer=_number(row["customer_id"], "customer_id", where),
        service_type=service_type,
        service=_number(service, "service_id", where) if service else None,
        description=description,
        period_from=first,
        period_to=last,
        cents=_cents(row["amount"], where),
    )


def _number(value: str, name: str, where: str) -> int:
    if not (value.isascii() and value.isdigit()):
        raise ConfigError(f"{where}: {name} is no id; write digits only")
    return int(value)


def _day(row: Mapping[str, str], name: str, where: str) -> date:
    try:
        return date.fromisoformat(row[name])
    except ValueError as exc:
        raise ConfigError(f"{where}: {name} is no day; write YYYY-MM-DD") from exc


def _cents(value: str, where: str) -> int:
    try:
        amount = Decimal(value)
    except InvalidOperation as exc:
        raise ConfigError(f"{where}: amount is no number; write it as 49.00") from exc
    if not amount.is_finite() or amount != round(amount, CENTS):
        raise ConfigError(f"{where}: amount is not in whole cents; write it as 49.00")
    return int(amount * 100)
