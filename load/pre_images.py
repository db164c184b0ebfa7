"""`ops.pre_image`: what a row held before this run updated it; what undoing the run puts back."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from sqlalchemy import Connection, text

from load.targets import Target
from runtime.manifest import Mart
from runtime.run_ledger import Run

_INSERT = (
    "insert into ops.pre_image (target, run_id, table_name, row_key, image)"
    " select :target, :run_id, :mart, {} on conflict do nothing"
)


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

    def keep_lines(self, mart: Mart, lines: Iterable[bytes]) -> int:
        """Commit images that come as lines (key and image as JSON in hex); return how many."""
        with self._run.engine.begin() as warehouse:
            warehouse.exec_driver_sql(
                "create temporary table if not exists load_image (row_key text, image text)"
                " on commit delete rows"
            )
            content = io.BytesIO()
            for line in lines:
                content.write(line)
                content.write(b"\n")
            content.seek(0)
            copied = _copy(warehouse, content)
            decoded = ", ".join(
                f"cast(convert_from(decode({name}, 'hex'), 'UTF8') as jsonb)"
                for name in ("row_key", "image")
            )
            warehouse.execute(text(_INSERT.format(f"{decoded} from load_image")), self._names(mart))
        return copied

    def _names(self, mart: Mart) -> dict[str, Any]:
        return {"target": self._target.name, "run_id": self._run.run_id, "mart": mart.name}


def _copy(warehouse: Connection, content: io.BytesIO) -> int:
    driver: Any = warehouse.connection.cursor()
    with driver as cursor:
        cursor.copy_expert("copy load_image from stdin (encoding 'UTF8')", content)
        return int(cursor.rowcount)
