"""The one kind of expectation that we use: all rules of a mart, of one severity, in one statement.

An expectation for each rule costs Great Expectations some 30 ms of Python, whatever its SQL takes:
50 s for the 1,600 rules of 86 marts. It bundles counts of metrics of its own kinds into one
statement too, but logs the text of an error in it, which may quote a value.

The result tells of broken rules only, with keys if the format is `COMPLETE`, else without:
`{"observed_value": rows, "details": {"rules": [{"rule", "count", "keys", "broken"}, …]}}`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, ClassVar

import orjson
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from great_expectations.render import RenderedTableContent
from great_expectations.render.components import LegacyDiagnosticRendererType
from great_expectations.render.renderer.renderer import renderer

from expectations.counting import Counted, count_all
from expectations.suites.rules import Rule

_METRIC = "table.rows_breaking_rules"


def rules_in(text: str) -> list[Rule]:
    """Return the rules of an expectation from their text."""
    return [Rule(**{**each, "columns": tuple(each["columns"])}) for each in orjson.loads(text)]


class RowsBreakingRules(TableMetricProvider):  # type: ignore[misc] # the library ships no types
    """The metric: what each rule found, in the order of the rules."""

    metric_name = _METRIC
    value_keys = ("rules",)

    @metric_value(engine=SqlAlchemyExecutionEngine)  # type: ignore[untyped-decorator]
    def _sqlalchemy(
        cls,  # noqa: N805 - the library makes it a class method
        execution_engine: Any,  # noqa: ANN401
        metric_domain_kwargs: Mapping[str, Any],
        metric_value_kwargs: Mapping[str, Any],
        **_: object,
    ) -> list[Counted]:
        batch, _, _ = execution_engine.get_compute_domain(
            metric_domain_kwargs, domain_type=MetricDomainTypes.TABLE
        )
        [table] = batch.element.get_final_froms()  # the batch is "all rows of the mart"
        relation = execution_engine.engine.dialect.identifier_preparer.format_table(table)
        return count_all(execution_engine.engine, rules_in(metric_value_kwargs["rules"]), relation)


class ExpectRowsToKeepRules(BatchExpectation):  # type: ignore[misc]
    """Every row keeps every one of `rules`.

    They are JSON text: the library copies and validates mappings dozens of times on their way.
    """

    rules: str

    metric_dependencies: ClassVar[tuple[str, ...]] = (_METRIC,)
    success_keys: ClassVar[tuple[str, ...]] = ("rules",)

    def _validate(
        self,
        metrics: Mapping[str, Any],
        runtime_configuration: Mapping[str, Any] | None = None,
        execution_engine: object = None,  # noqa: ARG002 - the library's signature
    ) -> dict[str, Any]:
        wanted = (runtime_configuration or {}).get("result_format", {})
        most = wanted["partial_unexpected_count"] if wanted["result_format"] == "COMPLETE" else 0
        broken = [
            {"rule": rule.description, **asdict(found), "keys": list(found.keys[:most])}
            for rule, found in zip(rules_in(self.rules), metrics[_METRIC], strict=True)
            if not found.holds
        ]
        return {
            "success": not broken,
            "result": {
                "observed_value": sum(each["count"] for each in broken),
                "details": {"rules": broken},
            },
        }

    @classmethod
    @renderer(renderer_type=LegacyDiagnosticRendererType.OBSERVED_VALUE)  # type: ignore[untyped-decorator]
    def _diagnostic_observed_value_renderer(
        cls,
        configuration: object = None,  # noqa: ARG003
        result: Any = None,  # noqa: ANN401
        runtime_configuration: object = None,  # noqa: ARG003
    ) -> str:
        details = result.result.get("details")
        return "--" if details is None else f"{len(details['rules'])} broken"

    @classmethod
    @renderer(renderer_type=LegacyDiagnosticRendererType.UNEXPECTED_TABLE)  # type: ignore[untyped-decorator]
    def _diagnostic_unexpected_table_renderer(
        cls,
        configuration: object = None,  # noqa: ARG003
        result: Any = None,  # noqa: ANN401
        runtime_configuration: object = None,  # noqa: ARG003
    ) -> list[Any]:
        details = result.result.get("details")
        if details is None:
            return []  # the error is shown instead
        found = {each["rule"]: each for each in details["rules"]}
        rules = rules_in(result.expectation_config.kwargs["rules"])
        table = [
            [
                rule.description,
                *_cells(found.get(rule.description)),
            ]
            for rule in sorted(rules, key=lambda rule: rule.description not in found)
        ]
        return [
            RenderedTableContent(
                table=table,
                header_row=["Rule", "Rows that break it", "Keys"],
                styling={"body": {"classes": ["table", "table-sm", "mt-3"]}},
            )
        ]


def _cells(broken: Mapping[str, Any] | None) -> tuple[str, str]:
    if broken is None:
        return "0", ""
    if broken["broken"] is not None:
        return f"the rule could not be evaluated: {broken['broken']}", ""
    return str(broken["count"]), ", ".join(broken["keys"])


def expectations_of(rules: Sequence[Rule]) -> list[ExpectRowsToKeepRules]:
    """Return one expectation for each severity that occurs among `rules`, in order of weight."""
    found = []
    for severity in ("critical", "warning", "info"):
        alike = [rule for rule in rules if rule.severity == severity]
        if alike:
            found.append(
                ExpectRowsToKeepRules(
                    rules=orjson.dumps(alike).decode(),
                    severity=severity,
                    description=f"every row keeps each of {len(alike)} rules",
                    notes=[rule.description for rule in alike],
                )
            )
    return found
