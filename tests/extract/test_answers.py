"""Each way in which Sonar can answer, and what the extractor makes of it."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest

from extract.sonar.answers import http_date, parse, told_rate
from extract.sonar.failures import (
    CutOff,
    Denied,
    ErrorInsteadOfData,
    ErrorsBesideData,
    FieldsDenied,
    NotASonar,
    Oversized,
    Rate,
    RateLimited,
    ServerFailed,
    TimedOut,
    TokenRefused,
    TooMuch,
    WebPage,
)
from runtime.errors import FatalSourceError, SourceError


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
        (401, b'{"message":"Unauthenticated."}', TokenRefused),
        (403, b"", TokenRefused),
        (404, b"<html>", NotASonar),
        (302, b"", NotASonar),
        (429, b'{"message":"Too Many Attempts."}', RateLimited),
        (413, b"<html>", Oversized),
        (500, b"<html>", ServerFailed),
        (502, b"", ServerFailed),
        (408, b"", TimedOut),
        (504, b"<html>", TimedOut),
        (200, b"<html><body>Please log in</body></html>", WebPage),
        (200, b'{"data": {"things": {"entities": [{"id"', CutOff),
        (200, b"", CutOff),
        (200, b'{"error": "Rate limit exceeded, retry later"}', RateLimited),
        (200, b'{"error": "Request limit of 400/min reached."}', RateLimited),
        (200, b'{"error": {"message": "down for maintenance"}}', ErrorInsteadOfData),
        (200, b'{"error": {"message": {"token": ["Unauthenticated."]}}}', TokenRefused),
        (200, b'{"message": "Unauthenticated."}', TokenRefused),
        (200, b"[1]", ErrorInsteadOfData),
        (200, b'{"data": []}', ErrorInsteadOfData),
        (400, b"Bad Request", FatalSourceError),
        (200, _errors({"message": "Too many requests"}), RateLimited),
        (200, _errors({"message": "Internal server error"}, data={}), ErrorsBesideData),
        (200, _errors({"message": "Not in the corporate limits"}), ErrorsBesideData),
        (200, _errors({"message": "Syntax Error: Unexpected Name"}), FatalSourceError),
        (400, _errors({"message": 'Unknown argument "x"'}), FatalSourceError),
        (200, _errors("a text instead of an object"), ErrorsBesideData),
        (200, b'{"errors": "a text", "data": null}', ErrorsBesideData),
        (200, _errors(_error("You do not have permission", "accounts")), Denied),
        (200, _errors(_error("You do not have permission", "accounts"), data=[]), Denied),
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
    with pytest.raises(ErrorsBesideData):
        parse(200, None, _errors(failed))


def test_a_denial_names_the_root_fields() -> None:
    errors = [_error("Forbidden", "c0"), _error("Forbidden", "c7")]
    with pytest.raises(Denied) as caught:
        parse(200, None, _errors(*errors))
    assert caught.value.roots == {"c0", "c7"}


def _validation(text: str) -> dict[str, object]:
    details = {"category": "validation", "validation": {"paginator": [text]}}
    return {"message": "validation", "extensions": details}


@pytest.mark.parametrize(
    ("error", "maximum"),
    [
        (_validation("The records per page must be between 1 and 1000."), 1000),
        (_validation("The paginator.records_per_page may not be greater than 500."), 500),
        ({"message": "records_per_page must be less than or equal to: [10,000]"}, 10000),
        ({"message": "Maximum page size is 250"}, 250),
        ({"message": "The page size is too high"}, None),
        ({"message": "Result window is too large, from + size must be at most 10000"}, None),
        ({"message": "Max query complexity should be 5000 but got 9000."}, None),
    ],
)
def test_a_refused_size_names_its_maximum(error: object, maximum: int | None) -> None:
    with pytest.raises(Oversized) as caught:
        parse(200, None, _errors(error))
    assert caught.value.page_maximum == maximum
    assert isinstance(caught.value, TooMuch)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("Request limit of 400/min reached.", Rate(400)),
        ("Rate limit: 1,000 requests per hour", Rate(1000, 3600)),
        ("Too many requests, 5 per second are allowed", Rate(5, 1)),
        ("Too Many Attempts.", None),
    ],
)
def test_a_named_rate_is_read(text: str, rate: Rate | None) -> None:
    with pytest.raises(RateLimited) as caught:
        parse(200, None, orjson.dumps({"error": text}))
    assert caught.value.rate == rate


def test_headers_tell_the_rate_and_the_time() -> None:
    assert told_rate({"X-RateLimit-Limit": "400"}) == Rate(400)
    assert told_rate({"RateLimit-Limit": "0"}) is None
    assert told_rate({}) is None
    moment = datetime(2015, 10, 21, 7, 28, tzinfo=UTC)
    assert http_date("Wed, 21 Oct 2015 07:28:00 GMT") == moment
    assert http_date("yesterday") is None
    assert http_date(None) is None


@pytest.mark.parametrize(
    "body",
    [
        _errors({"message": "SQLSTATE[22001]: data too long ('Jane Sample', 'jane@example.com')"}),
        _errors(_error("Jane Sample is not authorized", "accounts", "entities", 1, "name")),
        orjson.dumps({"error": {"message": {"name": ["Jane Sample is invalid"]}}}),
        orjson.dumps({"error": "Too many requests by jane@example.com (Sample)"}),
        _errors(_validation("Jane Sample may not have more than 5 records per page")),
    ],
)
def test_no_message_quotes_what_the_server_quoted(body: bytes) -> None:
    with pytest.raises(SourceError) as caught:
        parse(200, None, body)
    assert "sample" not in str(caught.value).lower()
    assert "jane" not in str(caught.value).lower()


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
