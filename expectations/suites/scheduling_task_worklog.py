"""Business rules of `scheduling_task_worklog`: time that somebody worked, never less than none."""

from __future__ import annotations

from expectations.suites.rules import Rule, all_rows, between


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        between("task_id", 1),
        between("user_id", 1),
        between("time_spent", 0),
        all_rows("nothing ends before it begins", "stopped_at >= started_at"),
        all_rows("a stay of more than two days is odd", "time_spent <= 172800", severity="warning"),
    ]
