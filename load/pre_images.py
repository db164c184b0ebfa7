"""`ops.pre_image`: what a row held before this run updated it; what undoing the run puts back."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from sqlalchemy import Connection, text

from load.row_hash import pg_text
from load.targets import Target
from runtime.manifest import Mart
from runtime.run_ledger import Run

_INSERT = (
    "insert into ops.pre_image (target, run_id, table_name, row_key, image)"
    " select :target, :run_id, :mart, {} on conflict do nothing"
)


class NotPlain(Exception):  # noqa: N818 - no fault, a reason to take another form
    """An image has a text with the character that is to separate its texts."""


class Images:
    """Keeps the images of one run. Each call commits, so call before the target commits."""

    def __init__(self, run: Run, target: Target) -> None:
        self._run = run
        self._target = target

    def keep(
        self, mart: Mart, images: Iterable[tuple[Mapping[str, str], Mapping[str, str | None]]]
    ) -> None:
        """Commit images: (row key, canonical text by loaded column) of rows about to change."""
        found = list(images)
        if not found:
            return
        rows = (
            "row_key, image from unnest(cast(:keys as jsonb[]), cast(:images as jsonb[]))"
            " as found (row_key, image)"
        )
        with self._run.engine.begin() as warehouse:
            warehouse.execute(
                text(_INSERT.format(rows)),
                {
                    **self._names(mart),
                    "keys": [orjson.dumps(key).decode() for key, _ in found],
                    "images": [orjson.dumps(image).decode() for _, image in found],
                },
            )

    def keep_plain_lines(self, mart: Mart, lines: Iterable[bytes]) -> int:
        """Commit images that come as lines in hex; return how many.

        A line is a digit a column, 1 for NULL, and the texts of the mart's columns, joined by
        chr(31).

        Raises:
            NotPlain: there is such a character in a text; nothing is committed.
        """
        names = [column.name for column in mart.columns]
        width = len(names)
        values = ", ".join(
            f"case when substr(parts[1], {i}, 1) = '0' then parts[{i + 1}] end"
            for i in range(1, width + 1)
        )
        keys = ", ".join(f"{pg_text(name)}, parts[{names.index(name) + 2}]" for name in mart.key)
        with self._run.engine.begin() as warehouse:
            copied = self._copied(warehouse, lines, "line text")
            warehouse.exec_driver_sql(
                "create temporary table load_image_parts on commit drop as"
                " select string_to_array(convert_from(decode(line, 'hex'), 'UTF8'), chr(31))"
                " as parts from load_image_line"
            )
            other = warehouse.exec_driver_sql(
                "select exists (select from load_image_parts where cardinality(parts) <> %(n)s)",
                {"n": width + 1},
            )
            if other.scalar_one():
                raise NotPlain
            warehouse.exec_driver_sql(
                "insert into ops.pre_image (target, run_id, table_name, row_key, image)"
                f" select %(target)s, %(run_id)s, %(mart)s, jsonb_build_object({keys}),"
                f" jsonb_object(%(names)s::text[], array[{values}])"
                " from load_image_parts on conflict do nothing",
                {**self._names(mart), "names": names},
            )
        return copied

    def keep_lines(self, mart: Mart, lines: Iterable[bytes]) -> int:
        """Commit images that come as lines (key and image as JSON in hex); return how many."""
        with self._run.engine.begin() as warehouse:
            copied = self._copied(warehouse, lines, "row_key text, image text")
            decoded = ", ".join(
                f"cast(convert_from(decode({name}, 'hex'), 'UTF8') as jsonb)"
                for name in ("row_key", "image")
            )
            warehouse.execute(
                text(_INSERT.format(f"{decoded} from load_image_line")), self._names(mart)
            )
        return copied

    def _copied(self, warehouse: Connection, lines: Iterable[bytes], columns: str) -> int:
        warehouse.exec_driver_sql(
            f"create temporary table load_image_line ({columns}) on commit drop"
        )
        content = io.BytesIO()
        for line in lines:
            content.write(line)
            content.write(b"\n")
        content.seek(0)
        return _copy(warehouse, content)

    def _names(self, mart: Mart) -> dict[str, Any]:
        return {"target": self._target.name, "run_id": self._run.run_id, "mart": mart.name}


def _copy(warehouse: Connection, content: io.BytesIO) -> int:
    driver: Any = warehouse.connection.cursor()
    with driver as cursor:
        cursor.copy_expert("copy load_image_line from stdin (encoding 'UTF8')", content)
        return int(cursor.rowcount)
