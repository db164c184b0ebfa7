"""`python -m load.reconcile`: compare Sonar's counts, the warehouse and the live target."""

from __future__ import annotations

import click

from load.reconcile.reconciliation import current_target, reconcile, reconcile_choice
from load.reconcile.results import Difference, EntityResult, by_cause, table
from load.reconcile.since_last import since_last
from runtime.cli import main
from runtime.errors import ConfigError, ReconcileMismatch, Unfinished
from runtime.manifest import read_manifest
from runtime.run_ledger import stage
from runtime.settings import environment, splynx_api, splynx_db


def _lines(result: EntityResult, difference: Difference) -> list[str]:
    keys = f" [{', '.join(difference.keys)}]" if difference.keys else ""
    why = f"{difference.cause.replace('_', ' ')}, for: {difference.owner}"
    head = f"  {result.entity} · {difference.layer} · {difference.kind} · {why}: {difference.what}"
    return [f"{head} ({difference.count}){keys}", *(f"    {line}" for line in difference.details)]


@click.command()
@click.option("--chosen", is_flag=True, help="Only what the last load of chosen customers was of.")
def cli(*, chosen: bool) -> None:
    """Compare all layers, print the table, end with 4 when anything differs.

    Splynx is read through its database where SPLYNX_MYSQL_URL is set, else over its API; what the
    API does not show is not compared, and the command ends with 6. With --chosen, only the rows
    that the last load chose are held against the target: seconds instead of minutes, and no word
    on all others.
    """
    has_database = "SPLYNX_MYSQL_URL" in environment()
    if chosen and not has_database:
        raise ConfigError("--chosen reads Splynx's database: set SPLYNX_MYSQL_URL, or leave it out")
    with stage("reconcile") as run:
        db = splynx_db() if has_database else splynx_api()
        if chosen:
            scope, results = reconcile_choice(run, read_manifest(), splynx_db())
            run.note(looked_at=scope)
            click.echo(f"looked at nothing but what the last load was of: {scope}")
        else:
            results = reconcile(run, read_manifest(), db)
        click.echo(table(results))
        for result in results:
            for explained in result.explained:
                click.echo(f"  {result.entity} · {explained}")
        differing = [result for result in results if result.verdict == "differs"]
        for result in differing:
            for difference in result.differences:
                click.echo("\n".join(_lines(result, difference)))
        for cause, owner, count in by_cause(results):
            click.echo(f"  differences, {cause.replace('_', ' ')}: {count} (for: {owner})")
        with run.engine.connect() as warehouse:
            target = current_target(warehouse, db.address)
            last = None if chosen else since_last(warehouse, target, run.run_id)
        if last is not None:
            click.echo("\n".join(last.lines()))
        unseen = [f"{r.entity}: {r.unseen}" for r in results if r.verdict == "not_compared"]
        run.note(
            entities=len(results),
            differing=len(differing),
            unexplained=sum(not d.is_explained for r in results for d in r.differences),
            not_compared=len(unseen),
        )
        if differing:
            every = [(r.entity, d) for r in differing for d in r.differences]
            unexplained = [(entity, d) for entity, d in every if not d.is_explained]
            entity, first = (unexplained or every)[0]
            raise ReconcileMismatch(
                f"{len(differing)} of {len(results)} entities differ; {len(unexplained)} of"
                f" {len(every)} differences are unexplained, first: {entity}: {first.what}",
                report={r.entity: [d.as_dict() for d in r.differences] for r in differing},
            )
        if unseen:
            raise Unfinished(
                f"{len(unseen)} of {len(results)} entities are not compared, the others agree",
                unseen,
            )


if __name__ == "__main__":
    main(cli, "reconcile")
