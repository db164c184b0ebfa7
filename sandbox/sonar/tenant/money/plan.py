"""Which bills each account gets, so that every collection comes to the number of its target.

Special cases are dealt out first; a rehearsal of them tells what the ordinary bills have to make
up. What is then left of a collection is spread evenly over the ordinary bills.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import cycle

from sandbox.sonar.tenant.draft import Draft
from sandbox.sonar.tenant.money.book import Book, Numbers
from sandbox.sonar.tenant.money.cases import BESIDE, BILLS, CHILD, LAST, SCENES
from sandbox.sonar.tenant.money.offers import Offers
from sandbox.sonar.tenant.money.periods import capacity, periods
from sandbox.sonar.tenant.money.recipes import Recipe, begun

MOST = 12  # ordinary bills of an account where no target is given
USUAL: Mapping[str, float] = {  # for each ordinary bill, where no target is given
    "debits": 0.8,
    "tax_transactions": 0.45,
    "discounts": 0.3,
    "doubles": 0.01,
    "carries": 0.1,
}


def recipes(draft: Draft, offers: Offers) -> list[Recipe]:
    """Return the recipe of every account, in the order of the accounts."""
    made = list(begun(draft))
    _deal(draft, made)
    needed = _rehearsed(draft, made, offers)
    _bills(draft, made, needed)
    _lines(draft, made, needed)
    _payments(draft, made, needed)
    return made


def _deal(draft: Draft, made: Sequence[Recipe]) -> None:
    """Give the special cases to accounts, each to another one while there are enough."""
    random = draft.random("special cases of money")
    carried = {account.key: account.traps for account in draft.accounts}
    children = [one for one in made if "child_accounts" in carried[one.account]]
    billed = [one for one in made if one.unpaid == 0 and one.terms.last > one.terms.first] or [
        *made
    ]
    random.shuffle(billed)
    active = [one for one in billed if one.terms.is_active] or billed
    turns, last, young = cycle(billed), cycle(active), cycle(children)
    for name in BILLS:
        for index in range(draft.wanted[name]):
            if name != CHILD:
                next(turns).bills.append((name, index))
            elif children:
                next(young).bills.append((name, index))
    for name in LAST:
        for index in range(draft.wanted[name]):
            next(last).last.append((name, index))
    for name in BESIDE:
        for index in range(draft.wanted[name]):
            next(last).beside.append((name, index))


def _rehearsed(draft: Draft, made: Sequence[Recipe], offers: Offers) -> Counter[str]:
    """Return how many records the special cases come to."""
    random, numbers = draft.random("rehearsal"), Numbers(draft)
    sizes: Counter[str] = Counter()
    for recipe in made:
        for name, index in (*recipe.bills, *recipe.last, *recipe.beside):
            parent = Book("0", numbers, random)
            book = Book(recipe.account, numbers, random, parent=parent)
            (period,) = periods(recipe.terms, 1)
            SCENES[name](book, offers, period, index)
            sizes.update(book.sizes())
            sizes.update(parent.sizes())
    for trap, collection in (
        ("orphan_debit", "debits"),
        ("orphan_payment", "payments"),
        ("orphan_credit", "credits"),
    ):
        sizes[collection] += draft.wanted[trap]
    return sizes


def _bills(draft: Draft, made: Sequence[Recipe], special: Mapping[str, int]) -> None:
    """Set how many ordinary bills each account has."""
    room = {
        index: max(capacity(one.terms) - len(one.bills) - len(one.last) - one.unpaid, 0)
        for index, one in enumerate(made)
        if one.is_billed or one.bills
    }
    target = draft.target.get("invoices")
    if target is None:
        random = draft.random("number of bills")
        for index, most in room.items():
            made[index].usual = min(most, random.randint(1, MOST))
        return
    left = max(target - special["invoices"] - sum(one.unpaid for one in made), 0)
    for index, count in _level(room, left).items():
        made[index].usual = count


def _level(room: Mapping[int, int], total: int) -> dict[int, int]:
    """Share a total as evenly as the room of each allows; what finds no room is shared anyway."""
    given = dict.fromkeys(room, 0)
    left, able = total, [key for key in room if room[key] > 0]
    while left and able:
        each = max(left // len(able), 1)
        for key in able:
            more = min(each, room[key] - given[key], left)
            given[key] += more
            left -= more
        able = [key for key in able if given[key] < room[key]]
    for key, more in zip(room, spread(left, [1] * len(room)), strict=True):
        given[key] += more
    return given


def _lines(draft: Draft, made: Sequence[Recipe], special: Mapping[str, int]) -> None:
    """Set further lines, taxes and discounts of the ordinary bills."""
    bills = [one.ordinary for one in made]
    taxed = [0 if one.terms.is_exempt else one.ordinary for one in made]
    paid = [one.usual for one in made]
    done = {"debits": special["debits"] + sum(bills), **{k: special[k] for k in _LINES[1:]}}
    shares = {}
    for name, weights in zip(_LINES, (bills, taxed, paid), strict=True):
        target = draft.target.get(name)
        wanted = (
            round(USUAL[name] * sum(weights)) if target is None else max(target - done[name], 0)
        )
        shares[name] = spread(wanted, weights)
    for one, debits, taxes, discounts in zip(made, *(shares[name] for name in _LINES), strict=True):
        one.debits, one.taxes, one.discounts = debits, taxes, discounts


_LINES = ("debits", "tax_transactions", "discounts")


def _payments(draft: Draft, made: Sequence[Recipe], special: Mapping[str, int]) -> None:
    """Set which payments pay two bills, a half, or leave something for the next bill."""
    usual = [one.usual for one in made]
    target = draft.target.get("payments")
    more = -round(USUAL["doubles"] * sum(usual))
    if target is not None:
        more = target - special["payments"] - sum(usual)
    pairs = spread(min(max(-more, 0), sum(n // 2 for n in usual)), [n // 2 for n in usual])
    halves = spread(min(max(more, 0), sum(usual)), usual)
    for one, pair, half in zip(made, pairs, halves, strict=True):
        one.doubles, one.halves = pair, half
    links = [one.links for one in made]
    target = draft.target.get("credits")
    wanted = round(USUAL["carries"] * sum(links))
    if target is not None:
        done = special["credits"] + sum(usual) + sum(halves)
        wanted = target - done - sum(one.discounts for one in made)
    for one, carries in zip(made, spread(min(max(wanted, 0), sum(links)), links), strict=True):
        one.carries = carries


def spread(total: int, weights: Sequence[int]) -> list[int]:
    """Share a total by weights, evenly along them; none gets more than its weight if all fits."""
    every, seen = sum(weights), 0
    shares = []
    for weight in weights:
        before = seen * total // every if every else 0
        seen += weight
        shares.append(seen * total // every - before if every else 0)
    return shares
