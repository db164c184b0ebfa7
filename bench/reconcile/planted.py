"""Which rows differ: planted in the target, so that both ways have to find exactly these."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Engine

from bench.load.marts import MIX
from runtime.manifest import Total

EVERY = 100  # one row of so many
_CHANGES = {
    "bench_customers": "city = concat(city, '!')",
    "bench_billing": "day = day + 1",
    "bench_bookings": "amount = amount + 0.01",
}
_TOTALS = {
    "bench_customers": (Total(("status",)),),
    "bench_bookings": (Total((), month="booked", amount="amount"),),
}
# Bookings have totals by month as the real ones: they are part of our comparison.
MARTS = replace(
    MIX, marts=tuple(replace(mart, totals=_TOTALS.get(mart.name, ())) for mart in MIX.marts)
)
Found = dict[str, dict[str, list[int]]]  # ids by table and class


def plant(splynx: Engine) -> Found:
    """Change one row of a hundred, remove one and add one in each table; return their keys."""
    planted: Found = {}
    with splynx.begin() as connection:
        for mart in MARTS.marts:
            (key,) = mart.key
            others = ", ".join(column.name for column in mart.columns if column.name != key)
            ids = connection.exec_driver_sql(f"select {key} from {mart.name} order by {key}")
            known: list[int] = list(ids.scalars())
            gone, new = known[len(known) // 2], known[-1] + 1
            changed = [value for value in known if value % EVERY == 0 and value != gone]
            connection.exec_driver_sql(
                f"update {mart.name} set {_CHANGES[mart.name]} where {key} %% {EVERY} = 0", ()
            )
            connection.exec_driver_sql(
                f"insert into {mart.name} ({key}, {others})"
                f" select {new}, {others} from {mart.name} where {key} = {known[0]}"
            )
            connection.exec_driver_sql(f"delete from {mart.name} where {key} = {gone}")
            planted[mart.name] = {"modified": changed, "missing": [gone], "extra": [new]}
    return planted
