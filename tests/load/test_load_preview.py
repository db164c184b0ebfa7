"""What a test Splynx previews against what is expected: the file, the comparison, the command."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, text

from load import __main__ as commands
from load.preview.charges import Charge, read_charges
from load.preview.compare import Expected, compare
from runtime.errors import ConfigError, ReconcileMismatch

HEADER = "customer_id,service_type,service_id,description,period_from,period_to,amount\n"
FIBER = "17,internet,203,,2025-07-01,2025-07-31,49.00\n"
JULY = (date(2025, 7, 1), date(2025, 7, 31))
EXPECTED = [
    Expected((17, "internet", 203), "Fiber", *JULY, 4900),
    Expected((17, "custom", 204), "Router", *JULY, 0),
    Expected((17, "voice", 205), "Phone", None, None, 0),
    Expected((17, "custom", 206), "Rental", *JULY, 700),
    Expected((17, "custom", 207), "Rental", *JULY, 700),
]


def _charge(**values: object) -> Charge:
    usual: dict[str, object] = {
        "line": 2,
        "customer": 17,
        "service_type": "internet",
        "service": 203,
        "description": "",
        "period_from": JULY[0],
        "period_to": JULY[1],
        "cents": 4900,
    }
    return Charge(**{**usual, **values})  # type: ignore[arg-type]


def _rentals() -> list[Charge]:
    return [_charge(service_type="custom", service=key, cents=700) for key in (206, 207)]


def test_a_file_is_read_to_the_cent_and_the_day(tmp_path: Path) -> None:
    path = tmp_path / "preview.csv"
    path.write_text(
        "\ufeff" + HEADER + FIBER + '18,Bundle,,"Home, sweet",2025-07-20,2025-08-19,-1.5\n',
        encoding="utf-8",
    )

    assert read_charges(path) == [
        _charge(),
        Charge(3, 18, "bundle", None, "Home, sweet", date(2025, 7, 20), date(2025, 8, 19), -150),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "line 1: no column customer_id"),
        (HEADER.replace("amount", "price").encode() + FIBER.encode(), "line 1: no column amount"),
        (b"customer_id,service_type,period_from,period_to,amount\n", "service_id or description"),
        (HEADER.encode(), "no charges; write one line"),
        (HEADER.encode() + b"\xff\xfe", "not UTF-8"),
        ((HEADER + FIBER + FIBER.replace("17,", "x,")).encode(), "line 3: customer_id is no id"),
        ((HEADER + FIBER.replace("internet", "tv")).encode(), "line 2: service_type is none of"),
        ((HEADER + FIBER.replace("203", "")).encode(), "line 2: neither service_id nor"),
        ((HEADER + FIBER.replace("203", "-3")).encode(), "line 2: service_id is no id"),
        ((HEADER + FIBER.replace("2025-07-01", "7/1/25")).encode(), "line 2: period_from is no"),
        ((HEADER + FIBER.replace("2025-07-31", "2025-06-30")).encode(), "period_to is before"),
        ((HEADER + FIBER.replace("49.00", "$49")).encode(), "line 2: amount is no number"),
        ((HEADER + FIBER.replace("49.00", "NaN")).encode(), "line 2: amount is not in whole"),
        ((HEADER + FIBER.replace("49.00", "49.001")).encode(), "line 2: amount is not in whole"),
        ((HEADER + "17,internet\n").encode(), "line 2: not as many columns"),
        ((HEADER + FIBER.replace("49.00", "49,00")).encode(), "line 2: not as many columns"),
        ((HEADER + '17,"internet\n').encode(), "not CSV"),
    ],
)
def test_an_unreadable_file_is_refused_with_its_line(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "preview.csv"
    path.write_bytes(content)

    with pytest.raises(ConfigError, match=said):
        read_charges(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_charges(tmp_path / "preview.csv")


def test_the_same_charges_do_not_differ() -> None:
    halves = [_charge(cents=5200), _charge(cents=-300, service=None, description="Fiber")]

    assert compare([*halves, *_rentals()], EXPECTED) == []


def test_each_kind_of_difference_is_told() -> None:
    lines = [
        _charge(cents=4901, period_to=date(2025, 7, 30)),
        _charge(service_type="voice", service=205, cents=100, line=3),
        _charge(service_type="custom", service=206, cents=700),
        _charge(service_type="bundle", service=9, cents=0, line=5),
        _charge(service=None, description="Unknown", line=6),
    ]

    assert [str(one) for one in compare(lines, EXPECTED)] == [
        "customer 17 · bundle 9: charged in line 5, but no such service is expected",
        "customer 17 · custom 207: 7.00 expected, nothing previewed",
        "customer 17 · internet ?: charged in line 6, but no such service is expected",
        "customer 17 · internet 203: 49.00 expected, 49.01 previewed",
        "customer 17 · internet 203: 2025-07-01 to 2025-07-31 expected,"
        " 2025-07-01 to 2025-07-30 previewed",
        "customer 17 · voice 205: 0.00 expected, 1.00 previewed",
        "customer 17 · voice 205: no charge expected",
    ]


def test_a_description_of_two_services_is_refused() -> None:
    with pytest.raises(ConfigError, match="line 2: the description is of 2 services"):
        compare([_charge(service_type="custom", service=None, description="Rental")], EXPECTED)


_WAREHOUSE = """
create schema audit;
create schema splynx_staging;
create table splynx_staging.customers (id bigint);
insert into splynx_staging.customers values (17);
create table splynx_staging.services_internet (id bigint, description text);
create table splynx_staging.services_voice (id bigint, description text);
create table splynx_staging.services_custom (id bigint, description text);
create table splynx_staging.services_bundle (id bigint, description text);
insert into splynx_staging.services_internet values (203, 'Fiber'), (204, 'Of another');
create table audit.audit_next_charge (
    splynx_table text, splynx_id bigint, splynx_customer_id bigint, splynx_covers_from date,
    splynx_covers_to date, splynx_cents bigint, splynx_discount_cents bigint);
insert into audit.audit_next_charge values
    ('services_internet', 203, 17, '2025-07-01', '2025-07-31', 5900, 1000),
    ('services_internet', 204, 18, '2025-07-01', '2025-07-31', 4900, 0);
"""


@pytest.mark.postgres
def test_the_command_ends_with_the_code_of_what_it_found(warehouse: Engine, tmp_path: Path) -> None:
    with warehouse.begin() as connection:
        connection.execute(text(_WAREHOUSE))
    path = tmp_path / "preview.csv"

    def ended(content: str) -> tuple[BaseException | None, str]:
        path.write_text(HEADER + content, encoding="utf-8")
        arguments = ["compare-preview", "--file", str(path)]
        result = CliRunner().invoke(commands.commands, arguments)
        return result.exception, result.stdout

    assert ended(FIBER) == (None, "1 services as expected, to the cent and the day\n")
    differing, said = ended(FIBER.replace("49.00", "59.00"))
    assert isinstance(differing, ReconcileMismatch)
    assert differing.exit_code == 4
    assert said == "customer 17 · internet 203: 49.00 expected, 59.00 previewed\n"
    unknown, _ = ended(FIBER + FIBER.replace("17,", "99,"))
    assert isinstance(unknown, ConfigError)
    assert "line 3: customer 99 is not in the marts" in str(unknown)
