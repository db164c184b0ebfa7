"""`ops.pre_image`: what a row held before this run updated it; what undoing the run puts back."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from sqlalchemy import Connection, text

from load.target.targets import Target
from runtime.manifest import Mart
from runtime.run_ledger import Run

_INSERT = (
    "insert into ops.pre_image (target, run_id, table_name, row_key, image)"
    " select :target, :run_id, :mart, {} on conflict do nothing"
)


_INSERT_PAGE = text(
    "insert into ops.pre_image_page"
    " (batch, target, run_id, table_name, column_names, key_columns, images)"
    " values (:batch, :target, :run_id, :mart, :names, :keys, :images)"
)

_UNPACK = text(
    """
    with page as (delete from ops.pre_image_page where target = :target returning *)
    insert into ops.pre_image (target, run_id, table_name, row_key, image, taken_at)
    select
        page.target, page.run_id, page.table_name,
        jsonb_object(page.key_columns, array(
            select image.parts[array_position(page.column_names, key.name) + 1]
            from unnest(page.key_columns) with ordinality as key (name, place) order by place
        )),
        jsonb_object(page.column_names, array(
            select case when substr(image.parts[1], i, 1) = '0' then image.parts[i + 1] end
            from generate_series(1, cardinality(page.column_names)) as i order by i
        )),
        page.taken_at
    from page, lateral (
        select string_to_array(one, chr(31)) as parts
        from string_to_table(convert_from(page.images, 'UTF8'), chr(30)) as one
    ) as image
    order by page.batch
    on conflict do nothing
    """
)


def unpack(warehouse: Connection, target: Target) -> None:
    """Make rows of `ops.pre_image` of all pages; to be called before images are looked up."""
    warehouse.execute(_UNPACK, {"target": target.name})


def drop_pages(warehouse: Connection, batch: int) -> None:
    """Forget the pages of a batch that was not written."""
    warehouse.execute(text("delete from ops.pre_image_page where batch = :batch"), {"batch": batch})


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

    def keep_pages(self, mart: Mart, batch: int, pages: Iterable[tuple[int, bytes]]) -> int:
        """Commit images as they come, under the number of their batch; return how many.

        A page has so many images, joined by chr(30). An image is a digit a column, 1 for NULL, and
        the texts of the mart's columns, joined by chr(31). They are unpacked only where a row's
        image is asked for (`unpack`): making rows of them costs as much as loading.

        Raises:
            NotPlain: there is such a character in a text; nothing is committed.
        """
        names = [column.name for column in mart.columns]
        kept = 0
        with self._run.engine.begin() as warehouse:
            for count, images in pages:
                separators = images.count(b"\x1e"), images.count(b"\x1f")
                if separators != (count - 1, count * len(names)):
                    raise NotPlain
                warehouse.execute(
                    _INSERT_PAGE,
                    {
                        **self._names(mart),
                        "batch": batch,
                        "names": names,
                        "keys": list(mart.key),
                        "images": images,
                    },
                )
                kept += count
        return kept

    def drop(self, batch: int) -> None:
        """Forget the pages of a batch that was not written."""
        with self._run.engine.begin() as warehouse:
            drop_pages(warehouse, batch)

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
