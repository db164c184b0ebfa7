"""The yardstick for statements: PyMySQL, 1,000 rows an INSERT, rows ready in memory."""

from __future__ import annotations

import time
from contextlib import closing

import click
import pymysql
from sqlalchemy import create_engine

from bench.load.marts import CUSTOMERS
from runtime.settings import splynx_db, warehouse_url

_ROWS = 1000


@click.command()
def main() -> None:
    """Insert all customers; print the seconds without reading them. Keeps no record of anything."""
    url = splynx_db().url
    connection = pymysql.connect(
        host=url.host or "",
        port=url.port or 3306,
        user=url.username,
        password=url.password or "",
        database=url.database,
        charset="utf8mb4",
    )
    mart = CUSTOMERS.marts[0]
    with create_engine(warehouse_url()).connect() as warehouse:
        names = ", ".join(
            "coalesce(since::text, '0000-00-00')" if c.name == "since" else f"{c.name}::text"
            for c in mart.columns
        )
        found = warehouse.exec_driver_sql(f"select {names} from {mart.relation}")
        rows = [tuple(row) for row in found]
    one = "(" + ", ".join(["%s"] * len(mart.columns)) + ")"
    with closing(connection), connection.cursor() as cursor:
        cursor.execute("set session sql_mode = 'STRICT_ALL_TABLES'")
        started = time.monotonic()
        for start in range(0, len(rows), _ROWS):
            part = rows[start : start + _ROWS]
            cursor.execute(
                f"insert into {mart.name} values {', '.join([one] * len(part))}",
                tuple(value for row in part for value in row),
            )
        connection.commit()
    click.echo(f"work {time.monotonic() - started:.3f}")


if __name__ == "__main__":
    main()
