"""`python -m load doctor`: what a load needs of Splynx, whether it is there, what to mend.

Looks at the database where SPLYNX_MYSQL_URL is set and at the API where SPLYNX_URL is. Leaves
nothing behind on either (load.rest.probing, load.mysql.rights); takes no lock, so that it can look
while a run is at work.
"""

from __future__ import annotations

import click

from load.mysql import examination as by_mysql
from load.rest import examination as by_rest
from load.rest.needs import endpoints
from load.rest.shape_meta import read_shapes
from runtime import log
from runtime.errors import Unfinished
from runtime.examination import Examination
from runtime.manifest import read_manifest
from runtime.settings import environment, named_rest_target, splynx_api, splynx_db


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def doctor_command(*, as_json: bool) -> None:
    """Check what a load needs of Splynx, by its database and by its API."""
    log.configure("doctor")
    examination = Examination()
    given = environment()
    parked: list[str] = []
    if "SPLYNX_MYSQL_URL" in given:
        _by_mysql(examination)
    else:
        examination.warn("SPLYNX_MYSQL_URL", "is not set", "no load by MySQL")
    if "SPLYNX_URL" in given:
        parked = _by_rest(examination)
    else:
        examination.warn("SPLYNX_URL", "is not set", "no load by REST, no passwords, no files")
    if {"SPLYNX_MYSQL_URL", "SPLYNX_URL"} & given.keys():
        with examination.part("SPLYNX_TARGET") as good:
            named_rest_target()
            good("names the same Splynx a second time")
    click.echo(examination.rendered(as_json=as_json))
    if examination.error is not None:
        raise examination.error
    if parked:
        raise Unfinished(f"{len(parked)} tables wait for a module that is switched off", parked)


def _by_mysql(examination: Examination) -> None:
    with examination.part("SPLYNX_MYSQL_URL"):
        db = splynx_db()
        by_mysql.examine(examination, db, read_manifest())


def _by_rest(examination: Examination) -> list[str]:
    with examination.part("SPLYNX_URL"):
        api = splynx_api()
        return by_rest.examine(examination, api, endpoints(read_shapes(read_manifest())))
    return []
