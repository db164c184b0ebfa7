"""How much of a server's message may be shown (pure).

An error text can quote what it stumbled over: a name, an address, a statement with its values. So
a word is shown when it is one of the plain words of error messages below or a name out of our own
query, a number when it is short and follows such a word; the rest becomes "…".
"""

from __future__ import annotations

import re

_LONGEST = 160
_LONGEST_NUMBER = 6
_WORDS = """
    a about access action after again aggregate aggregation allowed already an and any are
    argument arguments array as at attempt attempts attribute attributes available backend bad
    be because been before between body boolean bound but by call calls cannot character
    characters collection column complexity connection contain contains contents could current
    data database date datetime deadlock denied depth did direction directive does down due
    duplicate elasticsearch empty encountered end enum error errors every exceed exceeded
    exceeds exception exist exists expected expired failed fails failure field fields file
    filter float for forbidden format found from function gateway get given graphql greater has
    have header hour html http id if in index input int integer internal introspection invalid
    is it its json key later least left length less limit limited line list long longer lost
    maintenance malformed many match maximum may memory message method min minimum minute
    missing more most must name nested no non not null number object of off on one only
    operation operator or order out over page pages paginator parameter parse path per
    permission permissions permitted please position processing properties property provided
    queries query range rate reached read record records refused request requested requests
    required resource response result results retry returned rows runtime schema scope search
    second seconds selected server service should size some sorter sql string subselection
    syntax system table temporarily text than that the this throttled time timed timeout to
    token too total try type unable unauthenticated unauthorized unavailable undefined under
    unexpected unit unknown unsupported up upstream use used user valid validation value values
    variable variables was were when which while window with within without wrong you your
"""
_PLAIN = frozenset(_WORDS.split())
_WORD = re.compile(r"[^\W\d_]\w*|_\w+", re.UNICODE)
_NUMBER = re.compile(r"\d+")


def shown(text: str, asked: str = "") -> str:
    """Return one line of `text` without anything that may be personal; `asked` is our query."""
    ours = frozenset(word.lower() for word in _WORD.findall(asked))
    out: list[str] = []
    for chunk in text.split():
        may = _may_show(chunk, ours, after_a_word=bool(out) and out[-1] != "…")
        if may:
            out.append(chunk)
        elif not out or out[-1] != "…":
            out.append("…")
    return " ".join(out)[:_LONGEST]


def _may_show(chunk: str, ours: frozenset[str], *, after_a_word: bool) -> bool:
    words = [word.lower() for word in _WORD.findall(chunk)]
    if not chunk.isascii() or any(word not in _PLAIN and word not in ours for word in words):
        return False
    digits = sum(map(len, _NUMBER.findall(chunk)))
    return digits == 0 or (digits <= _LONGEST_NUMBER and (after_a_word or bool(words)))
