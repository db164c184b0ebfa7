"""Business rules of `files_upload`: a file has a name and hangs on something."""

from __future__ import annotations

from expectations.suites.rules import Rule, between, no_longer_than, not_empty, not_null, one_of


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        not_null("filename_original"),
        not_empty("filename_original"),
        no_longer_than("filename_original", 256),
        one_of("type", ["ticket_attachment", "scheduling_task_attachment"]),
    ]
