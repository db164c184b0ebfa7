"""What counts as a card number, and what of it may be shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.card_numbers import CardNumber, numbers_in, passes_luhn
from expectations.money import card_findings

# The numbers that issuers and processors publish for tests.
_CARDS = (
    "4111111111111111",
    "4222222222222",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "6011111111111117",
    "30569309025904",
    "3530111333300000",
    "6200000000000005",
)


@pytest.mark.parametrize("number", _CARDS)
def test_a_card_number_is_found_wherever_it_stands(number: str) -> None:
    masked = ["*" * (len(number) - 4) + number[-4:]]
    for words in (number, f"card:{number}.", f"<p>{number}</p>", f"a\n{number}\tb", f"({number})"):
        assert list(numbers_in(words)) == masked, words


@pytest.mark.parametrize(
    "parted", ["4111 1111 1111 1111", "4111-1111-1111-1111", "4111.1111.1111.1111"]
)
def test_it_is_found_as_it_is_printed_on_a_card(parted: str) -> None:
    assert list(numbers_in(f"pays with {parted}, CVV 123")) == ["************1111"]
    assert list(numbers_in("amex 3782 822463 10005")) == ["***********0005"]


@pytest.mark.parametrize(
    "words",
    [
        "4111111111111112",  # wrong check digit
        "9111111111111111",  # no issuer
        "0000000000000000",
        "4444444444444444444444",  # too long
        "411111111111111",  # no length of this issuer
        "x4111111111111111",  # part of a word
        "4111111111111111f",
        "4111 1111-1111 1111",  # not as on a card
        "transaction-000000001a2b",
        "312 555 0142, 402 555 0199",
        "2025-06-30 2025-07-31",
        "12345678-4111-4111-8111-111111111111",
    ],
)
def test_other_digits_are_not(words: str) -> None:
    assert list(numbers_in(words)) == []


@given(st.text("0123456789", min_size=12, max_size=18))
def test_of_ten_last_digits_one_is_right(digits: str) -> None:
    assert sum(passes_luhn(f"{digits}{last}") for last in range(10)) == 1


def test_one_refusal_for_each_place_with_four_digits() -> None:
    cards = [CardNumber("notes.message", str(key), "************1111") for key in range(30)]
    [notes, fields] = card_findings([CardNumber("x.y", "7", "************0005"), *cards])

    assert [notes.severity, fields.severity] == ["critical", "critical"]
    assert (notes.count, len(notes.keys), fields.keys) == (30, 20, ("7",))
    assert "************1111" in notes.what
