"""From Great Expectations' results to ours, and the results made safe to be shown.

Results hold counts and keys, capped in the query itself. One way remains by which a value could get
out: the text of an error that is not a rule's ("connection to server … failed"). It is replaced by
the error's class.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from expectations.expectation import rules_in
from expectations.gate import MAX_KEYS, RuleResult

RESULT_FORMAT: Mapping[str, Any] = {
    "result_format": "COMPLETE",
    "unexpected_index_column_names": ["_sonar_key"],
    "exclude_unexpected_values": True,
    "partial_unexpected_count": MAX_KEYS,
    "return_unexpected_index_query": False,
}
_ERROR_CLASS = re.compile(
    r"^(?:[\w.]+\.)?(?P<name>[A-Z]\w*(?:Error|Exception|Column|Function))\b", re.M
)


def _raised(info: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the single exceptions; the library keeps one, or one for each metric."""
    if "raised_exception" in info:
        return [info] if info["raised_exception"] else []
    return [part for part in info.values() if isinstance(part, Mapping)]


def _error_class(info: Mapping[str, Any]) -> str | None:
    for part in _raised(info):
        names = _ERROR_CLASS.findall(str(part.get("exception_traceback", "")))
        return str(names[0]) if names else "unknown error"
    return None


def make_safe(validation: Any) -> bool:  # noqa: ANN401 - the library ships no types
    """Strip the results of one validation, in place, of everything that may hold a value.

    Return whether there was such a thing.
    """
    found = False
    for result in validation.results:
        error = _error_class(result.exception_info)
        if error is not None:
            found = True
            result.exception_info = {
                "raised_exception": True,
                "exception_message": f"the rules could not be evaluated: {error}",
                "exception_traceback": "",  # Data Docs want a text
            }
    return found


def rule_results(mart: str, validation: Any) -> Iterator[RuleResult]:  # noqa: ANN401
    """Yield our view of one mart's safe validation result, rule by rule."""
    for result in validation.results:
        details = result.result.get("details")
        # Without details the library failed, and nothing is known of any rule.
        error = "unknown error" if details is None else None
        for part in _raised(result.exception_info):
            error = str(part["exception_message"]).rpartition(": ")[2]
        broken = {each["rule"]: each for each in (details or {}).get("rules", [])}
        for rule in rules_in(result.expectation_config.kwargs["rules"]):
            found = broken.get(rule.description, {"count": 0, "keys": (), "broken": error})
            yield RuleResult(
                mart=mart,
                rule=rule.description,
                severity=rule.severity,
                passed=not found["count"] and found["broken"] is None,
                count=found["count"],
                keys=tuple(found["keys"]),
                broken=found["broken"],
            )
