"""Each way in which Sonar can answer, and what the extractor makes of it."""

from __future__ import annotations

import orjson
import pytest

from extract.answers import parse
from extract.failures import Denied, FieldsDenied, RateLimited
from runtime.errors import ConfigError, FatalSourceError, RetriableSourceError


def _errors(*errors: object, data: object = None) -> bytes:
    return orjson.dumps({"errors": list(errors), "data": data})


def _error(message: str, *path: str | int, category: str | None = None) -> dict[str, object]:
    error: dict[str, object] = {"message": message, "path": list(path)}
    return error | ({"extensions": {"category": category}} if category else {})


def test_entities_keep_their_own_bytes() -> None:
    entity = b'{"id": "1",  "price": 12345678901234567890.1234567890123456789, "n": 1.10}'
    answer = parse(200, None, b'{"data": {"things": {"entities": [%b]}}}' % entity)
    assert entity in bytes(answer.data["things"])


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, b'{"message":"Unauthenticated."}', ConfigError),
        (403, b"", ConfigError),
        (404, b"<html>", ConfigError),
        (302, b"", ConfigError),
        (429, b'{"message":"Too Many Attempts."}', RateLimited),
        (500, b"<html>", RetriableSourceError),
        (502, b"", RetriableSourceError),
        (408, b"", RetriableSourceError),
        (200, b"<html><body>Please log in</body></html>", RetriableSourceError),
        (200, b'{"data": {"things": {"entities": [{"id"', RetriableSourceError),
        (200, b"", RetriableSourceError),
        (200, b'{"error": "Rate limit exceeded, retry later"}', RateLimited),
        (200, b'{"error": {"message": "down for maintenance"}}', RetriableSourceError),
        (200, b'{"message": "Unauthenticated."}', ConfigError),
        (200, b"[1]", RetriableSourceError),
        (400, b"Bad Request", FatalSourceError),
        (200, _errors({"message": "Too many requests"}), RateLimited),
        (200, _errors({"message": "Internal server error"}, data={}), RetriableSourceError),
        (200, _errors({"message": "Syntax Error: Unexpected Name"}), FatalSourceError),
        (200, _errors("a text instead of an object"), RetriableSourceError),
        (200, _errors(_error("You do not have permission", "accounts")), Denied),
        (200, _errors(_error("no", "accounts", category="authorization")), Denied),
    ],
)
def test_a_bad_answer_has_a_class(status: int, body: bytes, kind: type[Exception]) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the exact class is the point
        parse(status, None, body)
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "field"),
    [
        (_error("Forbidden", "accounts", "entities", 3, "name"), "name"),
        (_error("Forbidden", "accounts", "entities", 0, "account_groups", "page_info"),
         "account_groups"),
        (_error("Forbidden", "system_setting", "timezone"), "timezone"),
        ({"message": 'Cannot query field "colour" on type "Account".'}, "colour"),
    ],
)  # fmt: skip
def test_a_refused_field_is_named(error: object, field: str) -> None:
    with pytest.raises(FieldsDenied) as caught:
        parse(200, None, _errors(error))
    assert caught.value.fields == {field}


def test_a_field_that_merely_failed_is_asked_for_again() -> None:
    failed = _error("Internal server error", "accounts", "entities", 3, "name")
    with pytest.raises(RetriableSourceError):
        parse(200, None, _errors(failed))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0), ("soon", None), (None, None)],
)
def test_retry_after_is_read(header: str | None, seconds: float | None) -> None:
    with pytest.raises(RateLimited) as caught:
        parse(429, header, b"")
    assert caught.value.retry_after == seconds


def test_replaced_characters_are_counted() -> None:
    answer = parse(200, None, rb'{"data": {"x": {"entities": [{"n": "\u0000\ud800"}]}}}')
    assert answer.replaced == 2
    assert rb"\ufffd\ufffd" in bytes(answer.data["x"])
