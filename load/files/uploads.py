"""What the marts say of uploaded files: `meta.load.files` of their YAML. Pure.

Two kinds of rows have files. An **own** one holds its file: the bytes go to the row, and fill a
column of it. A link leads from its owner to a file, and is **attached**: the upload makes the file
and the link. `docs/adding-an-entity.md` explains the keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from runtime.errors import ConfigError
from runtime.manifest import Manifest, Mart, Reference

_ALWAYS = frozenset({"place", "name", "path", "part", "item", "content"})
_OWN = frozenset({"where", "before_key", "fills", "also_fills", "row"})
_ATTACHED = frozenset({"of", "file", "also_in", "query", "form"})
_ROW = frozenset({"path", "of", "known_by", "also"})


@dataclass(frozen=True, slots=True)
class NewRow:
    """How the API makes the row of a file: at `path`, for the row of `to` that `of` leads to.

    It is found again by the attribute `known_by`, in the list below the same path.
    """

    path: str
    of: str
    to: str
    known_by: str
    also: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Upload:
    """How the files of one mart travel.

    `place` is their kind in `ops.file_upload`. In `path`, `item` and `content`, `{id}` is the id of
    the row (own) or of the file; in `query` and `form`, `{owner}` and `{user}` are the owner's id
    and that of the administrator who brings it. `owner` and `file` are the marts that a link leads
    to; of an own row, the mart itself. `also_in` are tables without a mart that lead to the file.
    """

    mart: Mart
    place: str
    name: str
    path: str
    part: str
    item: str
    content: str
    owner: Mart
    where: Mapping[str, str] = field(default_factory=dict)
    before_key: str = ""
    fills: str | None = None
    row: NewRow | None = None
    of: str = ""
    file: Mart | None = None
    file_column: str = ""
    also_in: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_own(self) -> bool:
        """Whether the row itself holds its file."""
        return self.file is None


def read_uploads(manifest: Manifest) -> tuple[Upload, ...]:
    """Return how files travel, by the marts in load order.

    Raises:
        ConfigError: `meta.load.files` of a mart is wrong.
    """
    found = tuple(_upload(mart, manifest) for mart in manifest.marts if mart.files)
    places = [upload.place for upload in found]
    for upload in found:
        if places.count(upload.place) > 1:
            raise _wrong(upload.mart, f"place {upload.place} is another mart's too")
    return found


def _upload(mart: Mart, manifest: Manifest) -> Upload:
    said = mart.files
    kind = _ATTACHED if "file" in said else _OWN
    if unknown := sorted(said.keys() - _ALWAYS - kind):
        raise _wrong(mart, f"{', '.join(unknown)} means nothing here")
    if missing := sorted((_ALWAYS | ({"of"} if kind is _ATTACHED else set())) - said.keys()):
        raise _wrong(mart, f"{', '.join(missing)} is missing")
    columns = {column.name for column in mart.columns}
    alike = Upload(
        mart,
        place=str(said["place"]),
        name=str(said["name"]),
        path=str(said["path"]),
        part=str(said["part"]),
        item=str(said["item"]),
        content=str(said["content"]),
        owner=mart,
    )
    if kind is _ATTACHED:
        file = manifest.mart(_reference(mart, said["file"]).to_mart)
        _has(mart, {alike.name}, {column.name for column in file.columns})
        return replace(
            alike,
            owner=manifest.mart(_reference(mart, said["of"]).to_mart),
            of=str(said["of"]),
            file=file,
            file_column=str(said["file"]),
            also_in=_texts(said.get("also_in")),
            query=_texts(said.get("query")),
            form=_texts(said.get("form")),
        )
    where = _texts(said.get("where"))
    fills = str(said["fills"]) if "fills" in said else None
    filled = {*([fills] if fills else ()), *map(str, said.get("also_fills", ()))}
    _has(mart, {alike.name, *where, *filled}, columns)
    return replace(
        alike,
        where=where,
        before_key=str(said.get("before_key", "")),
        fills=fills,
        row=_new_row(mart, said["row"], columns) if "row" in said else None,
    )


def _new_row(mart: Mart, said: Mapping[str, Any], columns: set[str]) -> NewRow:
    if said.keys() != _ROW:
        raise _wrong(mart, f"row has {', '.join(sorted(_ROW))}")
    _has(mart, {str(said["known_by"])}, columns)
    if mart.group != "customer":
        raise _wrong(mart, "only rows of customers are made, because what they belong to is one")
    to = _reference(mart, said["of"]).to_mart
    return NewRow(
        str(said["path"]), str(said["of"]), to, str(said["known_by"]), _texts(said["also"])
    )


def _reference(mart: Mart, column: object) -> Reference:
    for reference in mart.references:
        if reference.column == column and reference.to_column == "id":
            return reference
    raise _wrong(mart, f"{column} leads to no mart")


def _has(mart: Mart, named: set[str], columns: set[str]) -> None:
    if lost := sorted(named - columns):
        raise _wrong(mart, f"there is no column {', '.join(lost)}")


def _texts(said: Mapping[str, Any] | None) -> dict[str, str]:
    return {str(name): str(value) for name, value in (said or {}).items()}


def _wrong(mart: Mart, what: str) -> ConfigError:
    return ConfigError(f"mart {mart.name}: meta.load.files: {what}")


def marts_of(uploads: tuple[Upload, ...]) -> Iterator[Mart]:
    """Yield the marts that are read to know which files there are; one may come twice."""
    for upload in uploads:
        yield upload.mart
        yield upload.owner
        if upload.file is not None:
            yield upload.file
