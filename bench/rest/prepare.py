"""Marts for a turn, inspected and accepted: `python -m bench.rest.prepare CUSTOMERS`."""

from __future__ import annotations

import click
from sqlalchemy import text

from bench.rest.marts import MANIFEST, fill
from load.target import switches
from runtime.fingerprint import fingerprint
from runtime.run_ledger import stage
from runtime.settings import rest_target_address


@click.command()
@click.argument("customers", type=int)
def main(*, customers: int) -> None:
    """Make the marts, and record what an inspection and an acceptance would have."""
    address = rest_target_address()
    with stage("prepare") as run, run.engine.begin() as connection:
        fill(connection, customers)
        connection.execute(
            text(
                "insert into ops.target (target, address, epoch, dialect, version, sql_mode,"
                " charset, local_infile, run_id) values (:name, :address, 1, 'rest', '', '', '',"
                " false, 'i1')"
            ),
            {"name": f"{address}#1", "address": address},
        )
        connection.execute(
            text(
                "insert into ops.switch_attestation (target, switch, words, run_id)"
                " values (:name, :switch, 'a benchmark has no application', 'i1')"
            ),
            [{"name": f"{address}#1", "switch": one.name} for one in switches.declared()],
        )
        connection.exec_driver_sql(
            "insert into ops.extract_ledger (run_id, source, collection, kind, state, grade)"
            " values ('e1', 'bench', 'accounts', 'list', 'complete', 'proven')"
        )
        connection.execute(
            text(
                "insert into ops.acceptance"
                " (run_id, target, extraction_run_id, fingerprint, verdict, findings)"
                " select 'a1', target, 'e1', :fingerprint, 'accepted', '[]' from ops.current_target"
            ),
            {"fingerprint": fingerprint(connection, MANIFEST).value},
        )
    click.echo("work 0")


if __name__ == "__main__":
    main()
