"""Who answers: ticket_groups, ticket_categories, inbound_mailboxes, and the plan of all writers."""

from __future__ import annotations

from sandbox.sonar.tenant.draft import OPENED, Draft
from sandbox.sonar.tenant.network import SECRET_MARK
from sandbox.sonar.tenant.traps import REJECTING

GROUPS = (
    "Support", "Field Operations", "Billing", "Dial-up Support", "Network Operations", "Abuse",
    "Sales", "Legal", "Tower Leases", "Business Accounts", "Construction", "After Hours",
)  # fmt: skip
CATEGORIES = (
    "Slow Speed", "No Internet", "Billing Question", "Moving", "New Install", "Dial-up",
    "Voice Trouble", "Outage", "Equipment Return", "Problem", "Speed Upgrade", "Cancellation",
    "Static Address", "Tower Access", "Weather Damage", "Coverage Indoors", "Payment Plan",
    "Refund", "Port Forwarding", "Streaming", "Latency", "Camera System", "Cable Cut", "Power",
    "Vacation Hold", "Name Change", "Address Change", "Landlord", "Complaint", "Praise",
)  # fmt: skip
RETIRED = ("Dial-up Support", "Dial-up")  # disabled, but tickets are in them
UNUSED_GROUP, UNUSED_CATEGORY = "Fax Desk", "Fax"
MAILBOXES = ("support", "billing", "noc", "sales")
USUAL_GROUPS, USUAL_CATEGORIES, USUAL_MAILBOXES = 6, 9, 2
NOT_LOADED = (  # traps of users that keep them back
    "sonar_staff",
    "user_without_role",
    "unmapped_role",
    "blank_user_name",
    "long_user_name",
    "long_user_login",
    "long_user_email",
)
NOBODY = "900009"  # a user that was deleted


def plan(draft: Draft) -> None:
    """Note which accounts and users come through, and who of an account writes e-mails."""
    desk = draft.desk
    desk.since = {account.key: account.created for account in draft.accounts}
    for account in draft.accounts:
        kept_back = account.traps & set(REJECTING)
        (desk.refused if kept_back else desk.sound).append(account.key)
    for row in draft.rows["contacts"]:
        if row["contactable_type"] == "Account" and row["email_address"] is not None:
            person = (row["name"], row["email_address"])
            desk.mails.setdefault(row["contactable_id"], []).append(person)
    absent = [
        key for trap in NOT_LOADED if trap in draft.planted for key in draft.planted[trap].keys
    ]
    desk.staff = [row["id"] for row in draft.rows["users"] if row["id"] not in absent]
    desk.outsiders = [*absent, NOBODY]


def ticket_groups(draft: Draft) -> None:
    """Write the groups and who is in them."""
    unused, twins = draft.wanted["unused_group"], draft.wanted["duplicate_group"]
    count = draft.target.get("ticket_groups", USUAL_GROUPS + unused + twins) - unused - twins
    names = list(GROUPS[: max(count, USUAL_GROUPS)])
    ordinary = len(names)
    names += [f"{UNUSED_GROUP} {number}" for number in range(1, unused + 1)]
    names += [names[nth % ordinary].upper() + " " * (1 + nth // ordinary) for nth in range(twins)]
    pairs = []
    for key, name in enumerate(names, start=1):
        is_unused = ordinary < key <= ordinary + unused
        enabled = name not in RETIRED and not is_unused
        values = {"name": name, "enabled": enabled, "private": name == "Abuse"}
        draft.add("ticket_groups", key, OPENED, values)
        if is_unused:
            draft.plant("unused_group", "ticket_groups", str(key))
        elif key > ordinary:
            draft.plant("duplicate_group", "ticket_groups", str(key))
        members = draft.desk.staff[key % 3 :: 3][:4]
        pairs += [(str(key), user) for user in members]
    draft.links["TicketGroup", "User"] = pairs


def ticket_categories(draft: Draft) -> None:
    """Write the categories."""
    unused = draft.wanted["unused_category"]
    count = draft.target.get("ticket_categories", USUAL_CATEGORIES + unused) - unused
    names = list(CATEGORIES[: max(count, USUAL_CATEGORIES)])
    ordinary = len(names)
    names += [f"{UNUSED_CATEGORY} {number}" for number in range(1, unused + 1)]
    for key, name in enumerate(names, start=1):
        enabled = name not in RETIRED and key <= ordinary
        draft.add("ticket_categories", key, OPENED, {"name": name, "enabled": enabled})
        if key > ordinary:
            draft.plant("unused_category", "ticket_categories", str(key))


def inbound_mailboxes(draft: Draft) -> None:
    """Write the addresses that turn mail into tickets."""
    for key in range(1, draft.target.get("inbound_mailboxes", USUAL_MAILBOXES) + 1):
        box = MAILBOXES[(key - 1) % len(MAILBOXES)]
        values = {
            "append_signature": True,
            "auto_reply": "<p>We have your message.</p>" if key == 1 else None,
            "email_domain_id": "1",
            "enable_slack_integration": key == 1,
            "enabled": True,
            "from_mailbox": box,
            "from_name": f"Poplar Ridge {box.title()}",
            "inbound_mailbox": box,
            "name": box.title(),
            "post_email_body_to_slack": False,
            "priority": "MEDIUM",
            "send_auto_reply": key == 1,
            "signature": "<p>Poplar Ridge Networks</p>",
            "slack_webhook_url": f"https://hooks.example.com/{SECRET_MARK}{key}",
            "ticket_group_id": str(key),
        }
        draft.add("inbound_mailboxes", key, OPENED, values)
