"""How the files of the project's marts travel, as their YAML says it, without dbt."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import yaml

from load.files.uploads import Upload, read_uploads
from runtime.manifest import Manifest, Reference
from runtime.settings import ROOT
from tests.load.miniature import column, mart

_MARTS = ROOT / "dbt_project" / "models" / "marts" / "splynx"
FILES = Reference("file_id", "files_upload", "id")


@cache
def said_of(name: str) -> dict[str, Any]:
    """Return `meta.load.files` of a mart; nothing where it says nothing."""
    document = yaml.safe_load((_MARTS / f"{name}.yml").read_text(encoding="utf-8"))
    said: dict[str, Any] = document["models"][0]["config"]["meta"]["load"].get("files", {})
    return said


def uploads() -> tuple[Upload, ...]:
    """Return how files travel, with no more columns than the queries read."""
    names = ("id", "type", "title", "description", "filename_uploaded", "updated_at")
    documents = mart(
        "customer_documents",
        "customer",
        [column(name, "text") for name in names],
        [Reference("customer_id", "customers", "id")],
    )
    found = [replace(documents, files=said_of("customer_documents"))]
    plain = {"files_upload": "filename_original", "ticket_messages": "id", "scheduling_task": "id"}
    found += [mart(name, "trailing", [column(one, "text")]) for name, one in plain.items()]
    for name, owner, to in (
        ("ticket_messages_to_files_upload", "message_id", "ticket_messages"),
        ("scheduling_task_attachment", "task_id", "scheduling_task"),
    ):
        link = mart(name, "trailing", [], [Reference(owner, to, "id"), FILES])
        found.append(replace(link, files=said_of(name)))
    return read_uploads(Manifest(tuple(found), "files"))
