"""How often each trap of tickets, jobs and documents is planted."""

from __future__ import annotations

from collections.abc import Mapping

OF_CATALOGUES = ("unused_group", "duplicate_group", "unused_category", "unused_job_type")
OF_TICKETS = (  # each brings a ticket of its own
    "ticket_of_missing_account",
    "ticket_of_rejected_account",
    "ticket_of_site",
    "ticket_of_missing_site",
    "ticket_of_nobody",
    "spam_ticket",
    "many_categories",
    "long_subject",
    "blank_description",
    "silent_ticket",
    "parent_ticket",
    "old_closed_ticket",
    "assignee_not_loaded",
)
OF_TEXTS = (  # each is in a reply of its own
    "html_body",
    "script_in_body",
    "tracking_image",
    "link_into_instance",
    "emoji_body",
    "nul_body",
    "huge_body",
)
OF_SENDERS = (
    "unknown_sender",
    "sender_with_untidy_email",
    "sender_without_email",
    "long_sender_email",
    "reply_by_machine",
    "reply_of_unloaded_user",
)
OF_REPLIES = (*OF_TEXTS, *OF_SENDERS, "reply_of_missing_ticket")
OF_COMMENTS = ("comment_by_staff", "comment_of_missing_ticket", "comment_of_the_same_second")
OF_JOBS = (
    "job_without_schedule",
    "job_of_missing_account",
    "job_of_site",
    "several_assignees",
    "job_without_success",
    "job_of_ticket",
)
OF_CHECK_INS = ("open_check_in", "check_in_of_missing_job", "check_in_by_staff")
OF_TASKS = ("task_of_ticket", "task_of_account", "task_of_item", "task_of_missing_job")
OF_CONTRACTS = ("signed_contract", "unsigned_contract", "contract_of_missing_account")
OF_STRAY_FILES = ("unlinked_files", "orphan_files")  # never linked; of missing accounts
OF_FILES = (
    "file_of_ticket",
    "file_of_reply",
    "file_of_comment",
    "file_of_job",
    "file_of_missing_ticket",
    "file_without_message",
)
OF_NOTES = ("note_on_job", "note_of_missing_job")
NAMES = (
    *OF_CATALOGUES,
    *OF_TICKETS,
    *OF_REPLIES,
    *OF_COMMENTS,
    "recipient_without_message",
    *OF_JOBS,
    *OF_CHECK_INS,
    *OF_TASKS,
    *OF_CONTRACTS,
    *OF_STRAY_FILES,
    *OF_FILES,
    *OF_NOTES,
)

DEMO: Mapping[str, int] = {
    **dict.fromkeys(NAMES, 1),
    "ticket_of_missing_account": 2,
    "ticket_of_site": 3,
    "ticket_of_nobody": 4,
    "spam_ticket": 2,
    "many_categories": 3,
    "blank_description": 2,
    "parent_ticket": 2,
    "old_closed_ticket": 3,
    "html_body": 3,
    "script_in_body": 3,
    "tracking_image": 2,
    "link_into_instance": 3,
    "emoji_body": 2,
    "unknown_sender": 4,
    "sender_with_untidy_email": 3,
    "reply_by_machine": 2,
    "reply_of_missing_ticket": 2,
    "comment_of_the_same_second": 2,
    "job_without_schedule": 2,
    "job_of_site": 2,
    "several_assignees": 2,
    "job_without_success": 2,
    "job_of_ticket": 4,
    "open_check_in": 2,
    "task_of_ticket": 4,
    "task_of_account": 2,
    "signed_contract": 3,
    "unsigned_contract": 2,
    "unlinked_files": 2,
    "file_of_ticket": 2,
    "file_of_reply": 3,
    "file_of_comment": 2,
    "file_of_job": 3,
    "note_on_job": 5,
}
TINY: Mapping[str, int] = dict.fromkeys(
    (
        "unused_group",
        "ticket_of_missing_account",
        "ticket_of_rejected_account",
        "ticket_of_site",
        "ticket_of_nobody",
        "spam_ticket",
        "many_categories",
        "blank_description",
        "old_closed_ticket",
        "script_in_body",
        "link_into_instance",
        "emoji_body",
        "nul_body",
        "unknown_sender",
        "sender_with_untidy_email",
        "reply_of_missing_ticket",
        "comment_by_staff",
        "job_without_schedule",
        "job_of_missing_account",
        "several_assignees",
        "job_of_ticket",
        "open_check_in",
        "task_of_ticket",
        "task_of_account",
        "signed_contract",
        "unsigned_contract",
        "unlinked_files",
        "orphan_files",
        "file_of_reply",
        "file_of_job",
        "note_on_job",
    ),
    1,
)
