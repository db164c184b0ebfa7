"""Tickets, jobs and documents of a generated tenant: what is planted, and what the truth says."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime

import pytest

from sandbox.sonar.rows import Row
from sandbox.sonar.schema import load_schema
from sandbox.sonar.tenant import Tenant, generate
from sandbox.sonar.tenant.draft import AS_OF, Draft
from sandbox.sonar.tenant.outcome import MART, MERGED, Outcome, excluded, rejected
from sandbox.sonar.tenant.support import INSTANCE
from sandbox.sonar.tenant.truth_desk import outcomes

DAY = "2025-01-02T03:04:{:02d}+00:00"


@pytest.fixture(scope="module")
def demo() -> Tenant:
    return generate(load_schema(), "demo", 1)


def carriers(tenant: Tenant, trap: str) -> list[Row]:
    found = tenant.truth["traps"][trap]
    return [row for row in tenant.rows[found["collection"]] if row["id"] in found["keys"]]


def test_the_demo_stays_small(demo: Tenant) -> None:
    counts = demo.truth["counts"]
    assert counts["tickets"] <= 120
    assert sum(map(len, demo.truth["messages"].values())) <= 300
    assert counts["jobs"] <= 60


def test_texts_hold_what_no_customer_should_see_again(demo: Tenant) -> None:
    def bodies(trap: str) -> list[str]:
        return [row["body"] for row in carriers(demo, trap)]

    assert all("<script" in text and "onerror=" in text for text in bodies("script_in_body"))
    assert all('width="1"' in text for text in bodies("tracking_image"))
    assert all(f'href="{INSTANCE}/' in text for text in bodies("link_into_instance"))
    assert all("\x00" in text for text in bodies("nul_body"))
    assert all(any(ord(c) > 0xFFFF for c in text) for text in bodies("emoji_body"))
    assert [len(text) for text in bodies("huge_body")] == [1_048_576]
    texts = [
        row["body"] for name in ("ticket_replies", "ticket_comments") for row in demo.rows[name]
    ]
    assert sum("\x00" in text for text in texts) == len(bodies("nul_body"))


def test_traps_of_tickets_show_in_the_rows(demo: Tenant) -> None:
    assert all(row["ticketable_type"] is None for row in carriers(demo, "ticket_of_nobody"))
    assert {r["ticketable_type"] for r in carriers(demo, "ticket_of_site")} == {"NetworkSite"}
    assert all(len(row["subject"]) > 256 for row in carriers(demo, "long_subject"))
    assert {row["description"].strip() for row in carriers(demo, "blank_description")} == {""}
    tickets = {row["id"]: row for row in demo.rows["tickets"]}
    assert all(row["parent_ticket_id"] in tickets for row in carriers(demo, "parent_ticket"))
    old = carriers(demo, "old_closed_ticket")
    assert all((row["status"], row["updated_at"] < "2020") == ("CLOSED", True) for row in old)
    categories = Counter(ticket for ticket, _ in demo.links["Ticket", "TicketCategory"])
    assert {categories[row["id"]] for row in carriers(demo, "many_categories")} == {4}
    users = set(demo.truth["traps"]["sonar_staff"]["keys"])
    users |= set(demo.truth["traps"]["blank_user_name"]["keys"])
    for trap in ("assignee_not_loaded", "reply_of_unloaded_user", "comment_by_staff"):
        assert {row["user_id"] for row in carriers(demo, trap)} <= users, trap


def test_what_is_said_lies_within_its_ticket(demo: Tenant) -> None:
    tickets = {row["id"]: row for row in demo.rows["tickets"]}
    out_of_order = 0
    for name in ("ticket_replies", "ticket_comments"):
        last: dict[str, str] = {}
        for row in demo.rows[name]:
            ticket = tickets.get(row["ticket_id"])
            if ticket is not None:
                assert ticket["created_at"] <= row["created_at"] <= ticket["updated_at"]
                out_of_order += row["created_at"] < last.get(row["ticket_id"], "")
                last[row["ticket_id"]] = row["created_at"]
    assert out_of_order > 0, "ids do not tell the order"
    seconds = defaultdict(list)
    for row in demo.rows["ticket_replies"]:
        seconds[row["ticket_id"]].append(row["created_at"])
    for row in carriers(demo, "comment_of_the_same_second"):
        assert row["created_at"] in seconds[row["ticket_id"]]


def test_traps_of_jobs_and_contracts_show_in_the_rows(demo: Tenant) -> None:
    crews = defaultdict(list)
    for job, user in demo.links["Job", "User"]:
        crews[job].append(user)
    assert all(len(crews[row["id"]]) == 3 for row in carriers(demo, "several_assignees"))
    assert all(row["scheduled_datetime"] is None for row in carriers(demo, "job_without_schedule"))
    assert {r["completed_successfully"] for r in carriers(demo, "job_without_success")} == {False}
    twice = Counter(row["ticket_id"] for row in carriers(demo, "job_of_ticket"))
    assert set(twice.values()) == {2}
    assert {row["check_out_datetime"] for row in carriers(demo, "open_check_in")} == {None}
    signatures = {row["id"] for row in demo.rows["handwritten_signatures"]}
    signed = [row["handwritten_signature_id"] for row in demo.rows["contracts"]]
    assert Counter(key for key in signed if key) == Counter(signatures)
    assert {r["handwritten_signature_id"] for r in carriers(demo, "unsigned_contract")} == {None}
    pictures = [r["fileable_id"] for r in demo.rows["files"] if "signature" in r["filename"]]
    assert Counter(pictures) == Counter(signatures)
    for row in demo.rows["job_check_ins"]:
        assert datetime.fromisoformat(row["created_at"]) <= AS_OF


def test_the_truth_tells_every_message_once(demo: Tenant) -> None:
    messages = demo.truth["messages"]
    found = demo.truth["outcomes"]
    assert len(messages) == found["ticket"]["mart"]
    keys = [key for keys in messages.values() for key in keys]
    assert len(keys) == len(set(keys)) == found["ticket_messages"]["mart"]
    kinds = Counter(key.partition(":")[0] for key in keys)
    assert kinds["reply"] == found["ticket_replies"]["mart"]
    assert kinds["comment"] == found["ticket_comments"]["mart"]
    assert kinds["checklist"] == 2
    at = {f"reply:{row['id']}": row["created_at"] for row in demo.rows["ticket_replies"]}
    at |= {f"comment:{row['id']}": row["created_at"] for row in demo.rows["ticket_comments"]}
    for keys in messages.values():
        times = [at[key] for key in keys if key in at]
        assert times == sorted(times)


def test_files_go_where_their_owners_go(demo: Tenant) -> None:
    found = demo.truth["outcomes"]
    kept = found["files"]["mart"] + found["contracts"]["mart"]
    assert found["customer_documents"]["mart"] + found["files_upload"]["mart"] == kept
    links = ("ticket_messages_to_files_upload", "scheduling_task_attachment")
    assert sum(found[name]["mart"] for name in links) == found["files_upload"]["mart"]


def ticket(key: str, account: str | None, **more: object) -> Row:
    kind = None if account is None else "Account"
    row = {"id": key, "ticketable_type": kind, "ticketable_id": account, "is_spam": None}
    texts = {"description": "Help", "created_at": DAY.format(5), "ticket_group_id": None}
    return {**row, **texts, **more}


def reply(key: str, of: str, mail: str | None, second: int = 6) -> Row:
    told = {"id": key, "ticket_id": of, "created_at": DAY.format(second)}
    return {**told, "incoming": mail is not None, "author_email": mail}


def judged(**rows: list[Row]) -> tuple[dict[str, dict[str, Outcome]], dict[str, list[str]]]:
    """Return what becomes of rows written by hand; account 1 is a customer, 2 is not."""
    draft = Draft(1, 1, {})
    draft.rows.update(rows)
    desk = outcomes(draft, {"1": MART, "2": rejected("name_too_long")})
    return desk.found, desk.messages


def test_who_writes_is_a_contact_of_the_account_or_a_stranger() -> None:
    owned = {"contactable_type": "Account", "contactable_id": "1"}
    found, _ = judged(
        tickets=[ticket("1", "1"), ticket("2", None), ticket("3", None), ticket("4", "2")],
        contacts=[{"id": "1", "email_address": "Ada@Example.com", **owned}],
        ticket_replies=[
            reply("1", "1", " ADA@example.com "),
            reply("2", "1", "bea@example.com"),
            reply("3", "1", " Bea@example.com"),
            reply("4", "2", "ada@example.com", 9),
            reply("5", "2", "cleo@example.com", 8),
            reply("6", "4", "dara@example.com"),
            reply("7", "1", "x" * 257),
        ],
        ticket_recipients=[
            {"id": "8", "ticket_id": "3", "email_address": "edda@example.com"},
            {"id": "7", "ticket_id": "3", "email_address": "fern@example.com"},
            {"id": "9", "ticket_id": "1", "email_address": "gale@example.com"},
        ],
    )
    strangers = {"ada", "bea", "cleo", "fern"}
    assert set(found["incoming_customer"]) == {f"{name}@example.com" for name in strangers}
    assert found["ticket_replies"]["6"] == rejected("ticket_rejected")
    assert found["ticket_replies"]["7"] == rejected("email_too_long")
    assert set(found["ticket_recipients"].values()) == {MERGED}


def test_messages_follow_in_time_then_by_kind_then_by_number() -> None:
    found, messages = judged(
        tickets=[ticket("1", "1"), ticket("2", "1", description=" \n"), ticket("3", "9")],
        ticket_replies=[
            reply("9", "1", None, 6),
            reply("10", "1", None, 6),
            reply("2", "1", None, 7),
            reply("3", "1", None, 5),
            reply("4", "3", None),
            reply("5", "8", None),
        ],
        ticket_comments=[{"id": "1", "ticket_id": "1", "created_at": DAY.format(6)}],
        tasks=[
            {"id": str(key), "taskable_type": "Ticket", "taskable_id": "2", "created_at": DAY}
            for key in (1, 2)
        ],
        ticket_recipients=[{"id": "1", "ticket_id": "3", "email_address": "ada@example.com"}],
    )
    assert messages == {
        "1": ["description:1", "reply:3", "reply:9", "reply:10", "comment:1", "reply:2"],
        "2": ["checklist:2"],
    }
    assert found["ticket_replies"]["4"] == rejected("ticket_rejected")
    assert found["ticket_replies"]["5"] == rejected("ticket_missing")
    assert found["ticket_recipients"]["1"] == rejected("ticket_rejected")


def test_groups_of_one_name_become_one_and_unused_ones_stay_behind() -> None:
    def group(key: str, name: str, *, enabled: bool = True) -> Row:
        return {"id": key, "name": name, "enabled": enabled}

    found, _ = judged(
        tickets=[ticket("1", "1", ticket_group_id="4")],
        ticket_groups=[
            group("1", "Support"),
            group("2", " SUPPORT "),
            group("3", "Fax", enabled=False),
            group("4", "Dial-up", enabled=False),
        ],
    )
    expected = {"1": MART, "2": MERGED, "3": excluded("group_unused"), "4": MART}
    assert found["ticket_groups"] == expected
