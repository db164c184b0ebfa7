"""What may be repeated of a server's message, and what may not."""

from __future__ import annotations

import pytest

from extract.sonar.wording import shown

QUERY = "query Rows($size: Int!) { contacts(paginator: {page: 1}) { entities { email_address } } }"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Request limit of 400/min reached.", "Request limit of 400/min reached."),
        ("Internal server error", "Internal server error"),
        ("The records per page must be between 1 and 1000.",) * 2,
        ('Cannot query field "email_address" on type "Contact".',
         'Cannot query field "email_address" on type …'),
        ("Record Jane Q. Sample not found", "Record … not found"),
        ("jane@example.com is not valid", "… is not valid"),
        ("value 555-867-5309 is invalid", "value … is invalid"),
        ("failed: insert into users (name) values ('Sample', '1 Main St', 90210)",
         "failed: … (name) values …"),
        ("Bearer eyJhbGciOi.abc.def was refused", "… was refused"),
        ("Österreich", "…"),
        ("john_smith has no permission", "… has no permission"),
        ("", ""),
    ],
)  # fmt: skip
def test_only_plain_words_and_our_own_names_are_shown(text: str, expected: str) -> None:
    assert shown(text, QUERY) == expected


def test_a_long_text_is_cut() -> None:
    assert len(shown("error " * 100)) <= 160
