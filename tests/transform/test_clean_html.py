"""What may be shown stays, what acts goes, and plain text is left alone."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transform.clean_html import clean

HOST = "old.example.com"


@pytest.mark.parametrize(
    ("raw", "shown", "removed"),
    [
        ("<b>yes</b><script>steal()</script>", "<b>yes</b>", {"script": 1}),
        ('<p onclick="steal()">hello</p>', "<p>hello</p>", {"event_handler": 1}),
        ("<p>a<img src=https://track.example.net/1.gif>b</p>", "<p>ab</p>", {"remote_image": 1}),
        ("<p>a<img alt=x onerror=steal()>b</p>", "<p>ab</p>", {"event_handler": 1}),
        ("<p>a<img src=cid:1>b</p>", "<p>ab</p>", {"mail_image": 1}),
        ("<p>a<img src=/api/files/1>b</p>", "<p>ab</p>", {"instance_image": 1}),
        (
            '<a href="https://OLD.example.com/app#/accounts/show/7">Ann</a>',
            '<a rel="noopener noreferrer">Ann</a>',
            {"instance_link": 1},
        ),
        (
            '<a href="java\nscript:steal()">x</a>',
            '<a rel="noopener noreferrer">x</a>',
            {"unsafe_link": 1},
        ),
        ('<p style="color: red">x</p><style>p {}</style>', "<p>x</p>", {"style": 2}),
        ("<b>x</b><iframe src=//a.example.net>y</iframe>", "<b>x</b>", {"embedded": 1}),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_acts_is_removed_and_counted(raw: str, shown: str, removed: dict[str, int]) -> None:
    cleaned = clean(raw, HOST)

    assert (cleaned.text, cleaned.removed) == (shown, removed)


@pytest.mark.parametrize(
    "raw",
    [
        '<p>ü 😀 <b>b</b> <a href="https://example.net/?a=&amp;b" rel="noopener noreferrer">l</a>',
        '<img src="data:image/png;base64,AAAA" alt="logo">',
        "<table><tbody><tr><td>1</td></tr></tbody></table>",
    ],
)
def test_what_only_shows_stays(raw: str) -> None:
    assert clean(raw.removesuffix("</p>"), HOST).removed == {}
    assert clean(raw, HOST).text.removesuffix("</p>") == raw


@pytest.mark.parametrize(
    "raw",
    ["From: Ann <ann@example.com>", "a < b && c > d", "I <3 it\r\n\tin <2019-01>", "😀"],
)
def test_text_without_markup_stays_as_it_is(raw: str) -> None:
    cleaned = clean(raw, HOST)

    assert cleaned.text.replace("&lt;", "<").replace("&amp;", "&") == raw
    assert cleaned.removed == {}


def test_an_address_in_angle_brackets_survives_beside_markup() -> None:
    assert "ann@example.com" in clean("<p>From: Ann <ann@example.com></p>", HOST).text


_MARKUP = (
    "<b> </b> <script> </script> <svg> <style> <!-- --> &lt;script&gt; 😀 <ann@example.com> <o:p>"
    " </title> <xmp> <math><mi>"
)
_ACTING = ("<a href='javascript:x'>", "<img src=x onerror=y>", "<p title='<script>'>", "text ")
_PIECES = st.sampled_from([*_MARKUP.split(" "), *_ACTING, '"', "'", ">", "<", "="])


@given(pieces=st.lists(_PIECES, max_size=12))
def test_nothing_is_left_to_remove_after_cleaning(pieces: list[str]) -> None:
    once = clean("".join(pieces), HOST).text
    again = clean(once, HOST)

    assert "<script" not in once.lower()
    assert not {"script", "event_handler", "unsafe_link", "remote_image"} & set(again.removed)


@pytest.mark.parametrize(
    "raw",
    ["<p>" + "0123456789" * 100_000 + "</p>", "<div>" * 200_000, "<b><p>" * 150_000],
    ids=["long", "deep", "tangled"],
)
def test_a_body_of_a_megabyte_passes(raw: str) -> None:
    began = time.process_time()
    cleaned = clean(raw, HOST)

    assert len(cleaned.text) >= len(raw.replace("<div>", "").replace("<b><p>", ""))
    assert time.process_time() - began < 10  # a guard against quadratic time
