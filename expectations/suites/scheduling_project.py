"""Business rules of `scheduling_project`: a project has a name and a workflow."""

from __future__ import annotations

from expectations.suites.rules import Rule, between, no_longer_than, not_empty, not_null


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        not_null("title"),
        not_empty("title"),
        no_longer_than("title", 250),
        between("type_id", 1),
        between("category_id", 1),
        between("workflow_id", 1),
    ]
