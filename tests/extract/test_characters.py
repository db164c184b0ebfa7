"""What jsonb refuses is replaced and counted; everything else stays as it is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.landing.characters import storable


@pytest.mark.parametrize(
    ("body", "expected", "count"),
    [
        (rb'"a\u0000b"', rb'"a\ufffdb"', 1),
        (rb'"\ud83d\ude00"', rb'"\ud83d\ude00"', 0),
        (rb'"\ud83d"', rb'"\ufffd"', 1),
        (rb'"\ude00\ud83d"', rb'"\ufffd\ufffd"', 2),
        (rb'"\ud83d\ud83d\ude00"', rb'"\ufffd\ud83d\ude00"', 1),
        (rb'"\\u0000"', rb'"\\u0000"', 0),
        (rb'"\\\u0000"', rb'"\\\ufffd"', 1),
        (b'"\xff"', '"\N{REPLACEMENT CHARACTER}"'.encode(), 1),
        ('"é\N{GRINNING FACE}"'.encode(), '"é\N{GRINNING FACE}"'.encode(), 0),
    ],
    ids=["nul", "pair", "high", "swapped", "high-pair", "escaped", "both", "not-utf8", "plain"],
)
def test_only_what_jsonb_refuses_is_replaced(body: bytes, expected: bytes, count: int) -> None:
    assert storable(body) == (expected, count)


@given(value=st.text(alphabet=st.characters(exclude_categories=[])), ascii_only=st.booleans())
def test_any_text_becomes_storable(*, value: str, ascii_only: bool) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", errors="surrogatepass")
    mended, count = storable(body)
    read = json.loads(mended)
    assert "\x00" not in read
    read.encode("utf-8")  # no lone surrogate is left
    if count == 0:
        assert read == value


@pytest.mark.parametrize("before", range(4))
def test_a_large_text_is_looked_at_in_pieces_that_part_no_character(before: int) -> None:
    whole = b"x" * (2**20 - before) + "\N{GRINNING FACE}".encode() * 2**18
    assert storable(whole) == (whole, 0)
    halved = whole[:-1]
    assert storable(halved)[1] == 1
