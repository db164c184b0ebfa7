"""Business rules of `scheduling_task_comment`: comments that only inform."""

from __future__ import annotations

from expectations.suites.rules import Rule, all_rows, between, not_null


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        between("task_id", 1),
        between("user_id", 1),
        not_null("created_at"),
        all_rows("no markup that acts", "comment !~* '<(script|iframe|object|embed)'"),
    ]
