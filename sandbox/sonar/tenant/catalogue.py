"""The names and prices of what the tenant sells, apart from its data plans."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Offer:
    """One service of the catalogue that is no data plan."""

    name: str
    type: str
    application: str
    cents: int | None
    frequency: int = 1  # months between two charges
    times: int = 0  # how often it is charged, of EXPIRING


OTHERS = (
    Offer("Router Rental", "RECURRING", "DEBIT", 700),
    Offer("Installation", "ONETIME", "DEBIT", 9900),
    Offer("Home Phone", "VOICE", "DEBIT", 2500),
    Offer("Autopay Discount", "RECURRING", "CREDIT", 500),
    Offer("Three Month Promotion", "EXPIRING", "CREDIT", 1000, times=3),
    Offer("Data Overage", "OVERAGE", "DEBIT", 200),
    Offer("Goodwill Adjustment", "ADJUSTMENT", "CREDIT", None),
    Offer("Static Address", "RECURRING", "DEBIT", 1000),
    Offer("Late Fee", "ADJUSTMENT", "DEBIT", 1500),
)

PHONE, LINES = "Home Phone Plus", "Business Lines"
MESH, YEARLY, INSTALMENT = "Mesh Wi-Fi", "Domain and Mail", "Modem Instalment"
CREDITS = ("Co-op Credit", "Voice Credit")  # without an end
PROMOTION = "Winter Promotion"
VISIT, MANUAL_CHARGE, BONUS = "Site Visit", "Manual Charge", "Referral Bonus"
EXTRA_DATA = "Extra Data"

FURTHER = (  # in every tenant, whatever its size
    Offer(PHONE, "VOICE", "DEBIT", 3500),
    Offer(LINES, "VOICE", "DEBIT", 4500),
    Offer(INSTALMENT, "EXPIRING", "DEBIT", 800, times=12),
    Offer(PROMOTION, "EXPIRING", "CREDIT", 1000, times=6),
    Offer(YEARLY, "RECURRING", "DEBIT", 2400, frequency=12),
    Offer(CREDITS[0], "RECURRING", "CREDIT", 300),
    Offer(MESH, "RECURRING", "DEBIT", 900),
    Offer(CREDITS[1], "VOICE", "CREDIT", 250),
    Offer(VISIT, "ONETIME", "DEBIT", 7500),
    Offer(BONUS, "ONETIME", "CREDIT", 2500),
    Offer(MANUAL_CHARGE, "ADJUSTMENT", "DEBIT", None),
    Offer(EXTRA_DATA, "OVERAGE", "DEBIT", 150),
)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A package: which services and how many of each."""

    name: str
    rolled_up: bool
    members: tuple[tuple[str, int], ...]
    enabled: bool = True


BUNDLES = (
    Bundle("Home Bundle", rolled_up=False, members=(("Fiber 300", 1), (PHONE, 1))),
    Bundle("Family Bundle", rolled_up=True, members=(("Fiber Gig", 1), (MESH, 2))),
    Bundle("Business Bundle", rolled_up=True, members=(("Business Fiber 500", 1), (LINES, 2))),
    Bundle("Starter Bundle", rolled_up=False, members=(("Wireless 25", 1), (MESH, 1))),
    Bundle("Phone Bundle (closed)", rolled_up=True, members=((PHONE, 1), (MESH, 1)), enabled=False),
)
