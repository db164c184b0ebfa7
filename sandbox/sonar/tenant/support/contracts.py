"""contracts and handwritten_signatures."""

from __future__ import annotations

from datetime import timedelta
from itertools import cycle
from random import Random

from sandbox.sonar.tenant.draft import AS_OF, Draft, ids, moment
from sandbox.sonar.tenant.network import SECRET_MARK
from sandbox.sonar.tenant.support.texts import CONTRACT
from sandbox.sonar.tenant.support.traps import OF_CONTRACTS
from sandbox.sonar.tenant.words import FIRST_NAMES, LAST_NAMES

NAMES = ("Service Agreement", "Equipment Lease", "Tower Lease")
TERMS = (None, 12, 24)
LEAST, EACH = 4, 20  # ordinary contracts: so many at least, one for so many accounts
SIGNED = 0.7


def contracts(draft: Draft) -> None:
    """Write contracts of accounts, signed ones with their signature, then those of traps."""
    random = draft.random("contracts")
    numbers, signatures = ids(random), ids(draft.random("handwritten_signatures"))
    desk = draft.desk
    planted = [(trap, index) for trap in OF_CONTRACTS for index in range(draft.wanted[trap])]
    left = draft.left("contracts")
    count = max(draft.size // EACH, LEAST) if left is None else max(left - len(planted), 0)
    signed = [random.random() < SIGNED for _ in range(count)]
    if left is not None:
        some = draft.target["handwritten_signatures"] - draft.wanted["signed_contract"]
        signed = [place < some for place in range(count)]
    owners = list(desk.sound)
    random.shuffle(owners)
    for account, is_signed in zip(cycle(owners), signed, strict=False):
        signature = next(signatures) if is_signed else None
        _contract(draft, random, next(numbers), account, signature)
    for trap, index in planted:
        key, account = next(numbers), desk.sound[index % len(desk.sound)]
        signature = next(signatures) if trap == "signed_contract" else None
        if trap == "contract_of_missing_account":
            account = str(draft.missing_accounts[index % len(draft.missing_accounts)])
        _contract(draft, random, key, account, signature)
        draft.plant(trap, "contracts", str(key))


def _contract(draft: Draft, random: Random, key: int, account: str, signature: int | None) -> None:
    since = draft.desk.since.get(account, AS_OF - timedelta(days=400))
    created = moment(random, since)
    person = f"{random.choice(FIRST_NAMES)} {random.choice(LAST_NAMES)}"
    term = random.choice(TERMS)
    ends = None if term is None else (created + timedelta(days=30 * term)).date().isoformat()
    signed_at = created + timedelta(hours=random.randint(1, 200))
    values = {
        "account_id": account,
        "body": CONTRACT.format(number=key, name=person, term=term or "no"),
        "contact_id": None,
        "contract_template_id": None,
        "custom_message": "Please sign before the visit." if key % 3 == 0 else None,
        "expiration_date": ends,
        "handwritten_signature_id": None if signature is None else str(signature),
        "name": random.choice(NAMES),
        "term_in_months": term,
        "unique_link_key": f"{SECRET_MARK}link-{random.getrandbits(40):010x}",
    }
    draft.add("contracts", key, created, values, created if signature is None else signed_at)
    if signature is not None:
        values = {
            "contact_email_address": None,
            "contact_name": person,
            "contact_role": None,
            "signer_ip": f"203.0.113.{1 + key % 250}",
            "signer_name": person,
        }
        draft.add("handwritten_signatures", signature, signed_at, values, signed_at)
        draft.desk.signed.append((str(signature), signed_at))
