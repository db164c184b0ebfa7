"""A build on top of an earlier one holds what a build from nothing holds, in every model."""

from __future__ import annotations

from contextlib import closing

import psycopg2
import pytest

from bench.frame import BenchError
from bench.transform.content import contents, differing, drop, same
from bench.transform.landing import change, collections
from bench.transform.plain import build, models, remembers
from tests.dbt.project import Built

pytestmark = pytest.mark.postgres

_FATES = (
    "select count(*) filter (where _deleted_at is not null), count(*) filter (where _run_id = 'r8')"
    " from raw_sonar.{}"
)


def test_a_build_after_changes_holds_what_a_build_from_nothing_holds(built: Built) -> None:
    dsn = built.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        before = contents(cursor, models(built.dbt.manifest()))
        changed = change(cursor, collections(built.dbt.manifest()), percent=10, seed=7)

        again = built.dbt("run")
        assert again.code == 0, again.output

        ordered = models(built.dbt.manifest())
        after = contents(cursor, ordered)
        # Planned ids stand, so their table is what both builds start from; all others go. The SQL
        # of a further incremental model would not be that of a build from nothing.
        assert [model["name"] for model in ordered if remembers(model)] == ["int_crosswalk"]
        forgetful = [model for model in ordered if not remembers(model)]
        drop(cursor, forgetful)
        build(cursor, forgetful)
        same("on an earlier build and from nothing", after, contents(cursor, ordered, after))

        altered = differing(before, after)
        for mart in ("customers", "customer_notes", "customers_labels", "services_internet"):
            assert f'"splynx_staging"."{mart}"' in altered
        for collection in ("accounts", "notes", "account_services"):
            deleted, moved = built.rows(_FATES.format(collection))[0]
            assert 0 < deleted < moved < changed

        # One row of one mart is enough for a difference.
        cursor.execute(
            "delete from splynx_staging.customers"
            " where id = (select min(id) from splynx_staging.customers)"
        )
        with pytest.raises(BenchError, match=r"1 tables differ: .*customers"):
            same("damaged", after, contents(cursor, ordered, after))
