"""`python -m expectations run`: accept the marts, or say why not."""

from __future__ import annotations

import click

from expectations.acceptance import Acceptance, accept
from expectations.gate import Finding
from runtime.cli import main
from runtime.errors import GateFailed
from runtime.manifest import read_manifest
from runtime.run_ledger import stage
from runtime.settings import BUILD, shown


def _line(finding: Finding) -> str:
    keys = f" [{', '.join(finding.keys)}]" if finding.keys else ""
    return f"  {finding.severity}: {finding.what} ({finding.count}){keys}: {finding.todo}"


def _render(acceptance: Acceptance) -> str:
    lines = [f"{'mart':<24}{'rows':>10}{'rules':>8}{'failed':>8}"]
    for mart, rows in acceptance.rows.items():
        results = [result for result in acceptance.results if result.mart == mart]
        failed = sum(not result.passed for result in results)
        lines.append(f"{mart:<24}{rows:>10}{len(results):>8}{failed:>8}")
    lines += [_line(finding) for finding in acceptance.verdict.findings]
    lines.append(f"Data Docs: {shown(acceptance.docs)}")
    lines.append(f"{acceptance.verdict.word}: build {acceptance.fingerprint[:12]}")
    return "\n".join(lines)


@click.group()
def cli() -> None:
    """Check the marts before anything is loaded."""


@cli.command()
def run() -> None:
    """Run all rules, write Data Docs, record the verdict."""
    with stage("accept") as current:
        acceptance = accept(current, read_manifest(), BUILD / "data_docs")
        click.echo(_render(acceptance))
        refusing = acceptance.verdict.refusing
        if refusing:
            raise GateFailed(
                f"acceptance refused {len(refusing)} time(s), first: {refusing[0].what}: "
                f"{refusing[0].todo}",
                report={"findings": [finding.as_dict() for finding in refusing]},
            )


if __name__ == "__main__":
    main(cli, "expectations")
