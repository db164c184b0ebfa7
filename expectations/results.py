"""From Great Expectations' results to ours, and the results made safe to be shown.

`COMPLETE` results with `exclude_unexpected_values` hold counts and keys, capped by
`partial_unexpected_count` in the query itself. Two ways remain by which a value could get out: the
text of a database error ("invalid input syntax for type integer: …"), and rows that a query rule
selects. The first is replaced by the error's class; the second selects keys only, capped here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

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


def _keys(result: Mapping[str, Any]) -> tuple[str, ...]:
    found: list[str] = []
    for entry in result.get("unexpected_index_list") or []:
        keys = entry.get("_sonar_key", [])
        found += keys if isinstance(keys, list) else [keys]
    for row in (result.get("details") or {}).get("unexpected_rows") or []:
        found.append(row.get("_sonar_key"))
    return tuple(str(key) for key in found[:MAX_KEYS])


def make_safe(validation: Any) -> None:  # noqa: ANN401 - the library ships no types
    """Strip the results of one validation, in place, of everything that may hold a value."""
    for result in validation.results:
        error = _error_class(result.exception_info)
        if error is not None:
            result.exception_info = {
                "raised_exception": True,
                "exception_message": f"the rule could not be evaluated: {error}",
                "exception_traceback": "",  # Data Docs want a text
            }
        rows = (result.result.get("details") or {}).get("unexpected_rows")
        if rows is not None:
            result.result["details"]["unexpected_rows"] = rows[:MAX_KEYS]


def rule_results(mart: str, validation: Any) -> list[RuleResult]:  # noqa: ANN401
    """Return our view of one mart's safe validation result, in the order of the library."""
    found: list[RuleResult] = []
    for result in validation.results:
        config = result.expectation_config
        info = result.exception_info
        count = result.result.get("unexpected_count", result.result.get("observed_value", 0))
        found.append(
            RuleResult(
                mart=mart,
                rule=str(config.description or config.type),
                severity=getattr(config.severity, "value", config.severity),
                passed=bool(result.success),
                count=int(count or 0),
                keys=_keys(result.result),
                broken=info["exception_message"].rpartition(": ")[2] if _raised(info) else None,
            )
        )
    return found
