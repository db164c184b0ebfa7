"""Business rules of `scheduling_task`: a title that the form takes, no end before a beginning."""

from __future__ import annotations

from expectations.suites.rules import Rule, all_rows, between, no_longer_than, not_null, one_of


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        not_null("title"),
        no_longer_than("title", 64),
        between("project_id", 1),
        one_of("notification_enabled", ["0"]),
        all_rows(
            "scheduled tasks have a time", "(is_scheduled = '1') = (scheduled_from is not null)"
        ),
        all_rows("nothing ends before it begins", "scheduled_to >= scheduled_from"),
        all_rows(
            "who is assigned has a name",
            "(assigned_to = 'assigned_to_administrator') = (assignee is not null)",
        ),
        all_rows("only what is closed was resolved", "closed = '1' or resolved_at is null"),
        all_rows("no markup that acts", "description !~* '<(script|iframe|object|embed)'"),
    ]
