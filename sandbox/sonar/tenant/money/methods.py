"""credit_cards and bank_accounts, with the one processor of each.

Tokens and customer profiles carry the marker that tests look for; numbers are masked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from sandbox.sonar.tenant.draft import AS_OF, OPENED, Account, Draft, ids, moment
from sandbox.sonar.tenant.network import SECRET_MARK

BRANDS = ("VISA", "VISA", "MASTERCARD", "DISCOVER", "AMEX")
HOLDERS, BANKED = 0.7, 0.04  # of the accounts, where no target is given
CARDS, BANKS = "AUTHORIZE", "AUTHORIZE"  # who keeps the tokens
PAID = ("CREDITCARD", "CHECK", "CREDITCARD", "CASH", "BANKACCOUNT", "OTHER", "PAYPAL", "WIRE")


@dataclass(frozen=True, slots=True)
class Methods:
    """What accounts can pay with."""

    cards: Mapping[str, Sequence[str]]
    banks: Mapping[str, Sequence[str]]
    automatic: frozenset[str]  # accounts

    def kind(self, account: str, key: int) -> str:
        """Return how a payment is made: with what the account has, else with money or a cheque."""
        kind = PAID[key % len(PAID)]
        if kind == "BANKACCOUNT" and account not in self.banks:
            kind = "CREDITCARD"
        if kind == "CREDITCARD" and account not in self.cards:
            return "CHECK"
        return kind

    def used(self, account: str, kind: str) -> dict[str, Any]:
        """Return the columns that lead to the card or the bank account."""
        held = (self.cards if kind == "CREDITCARD" else self.banks).get(account)
        if not held:
            return {}
        column = "credit_card_id" if kind == "CREDITCARD" else "bank_account_id"
        return {column: held[0], "is_autopay": account in self.automatic}


def methods(draft: Draft) -> Methods:
    """Return what accounts can pay with, out of the rows."""
    found: list[dict[str, list[str]]] = []
    for collection in ("credit_cards", "bank_accounts"):
        held: dict[str, list[str]] = defaultdict(list)
        for row in draft.rows[collection]:
            held[row["account_id"]].append(row["id"])
        found.append(dict(held))
    automatic = frozenset(row["account_id"] for row in draft.rows["credit_cards"] if row["auto"])
    return Methods(found[0], found[1], automatic)


def processors(draft: Draft) -> None:
    """Write who charges cards and bank accounts."""
    brands = ("amex", "discover", "mastercard", "visa")
    others = ("dankort", "dinersclub", "forbrugsforeningen", "jcb", "maestro", "moto_enabled")
    takes = dict.fromkeys((*others, "unionpay", "visaelectron"), False) | dict.fromkeys(
        brands, True
    )
    own = {"enabled": True, "primary": True}
    draft.add("credit_card_processors", 1, OPENED, {**own, **takes, "provider": CARDS})
    draft.add("bank_account_processors", 1, OPENED, {**own, "provider": BANKS})


def credit_cards(draft: Draft) -> None:
    """Write one card of most accounts, second ones, expired and automatic ones."""
    random = draft.random("credit_cards")
    several = min(draft.wanted["several_cards"], len(draft.accounts))
    left = draft.left("credit_cards")
    count = round(HOLDERS * len(draft.accounts)) if left is None else left - several
    count = min(max(count, several, draft.wanted["expired_card"]), len(draft.accounts))
    holders = random.sample(draft.accounts, count)
    cards = [*holders, *holders[:several]]
    expired = set(random.sample(range(len(cards)), min(draft.wanted["expired_card"], len(cards))))
    first = range(len(holders))
    automatic = set(random.sample(first, min(draft.wanted["autopay_card"], len(first))))
    numbers = ids(random)
    for place, account in enumerate(cards):
        key = next(numbers)
        values = {
            **_held(random, account, key, "card"),
            "auto": place in automatic,
            "card_payment_type": "CREDIT",
            "credit_card_processor_id": "1",
            "credit_card_type": BRANDS[key % len(BRANDS)],
            "masked_number": f"************{random.randint(0, 9999):04d}",
            "name_on_card": f"{account.first} {account.last}",
            **_expiry(random, is_over=place in expired),
        }
        draft.add("credit_cards", key, moment(random, account.created), values)
        if place >= len(holders):
            draft.plant("several_cards", "credit_cards", str(key))
        if place in expired:
            draft.plant("expired_card", "credit_cards", str(key))
        if place in automatic:
            draft.plant("autopay_card", "credit_cards", str(key))


def bank_accounts(draft: Draft) -> None:
    """Write the bank accounts of a few."""
    random = draft.random("bank_accounts")
    left = draft.left("bank_accounts")
    count = max(round(BANKED * len(draft.accounts)), 1) if left is None else left
    numbers = ids(random)
    for account in random.sample(draft.accounts, min(count, len(draft.accounts))):
        key = next(numbers)
        values = {
            **_held(random, account, key, "bank"),
            "auto": key % 5 == 0,
            "bank_account_processor_id": "1",
            "bank_account_type": "SAVINGS" if key % 4 == 0 else "CHECKING",
            "masked_account_number": f"*****{random.randint(0, 9999):04d}",
            "name_on_account": f"{account.first} {account.last}",
            "routing_number": f"{SECRET_MARK}routing-{key:06x}",
        }
        draft.add("bank_accounts", key, moment(random, account.created), values)


def _held(random: Random, account: Account, key: int, kind: str) -> dict[str, Any]:
    return {
        "account_id": account.key,
        "customer_profile_id": f"{SECRET_MARK}{kind}-profile-{account.id:06x}",
        "token": f"{SECRET_MARK}{kind}-{key:06x}-{random.getrandbits(40):010x}",
    }


def _expiry(random: Random, *, is_over: bool) -> dict[str, int]:
    """Return a month before the tenant's day, or one from it on."""
    months = random.randint(1, 40)
    months = -months if is_over else months - 1
    year, month = divmod(AS_OF.year * 12 + AS_OF.month - 1 + months, 12)
    return {"expiration_month": month + 1, "expiration_year": year}
