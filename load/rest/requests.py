"""One request before it is sent, and one answer before it is judged."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from load.rest.results import File

_ID = re.compile(r"\d+(--\w+)*")
_NAMED = re.compile(r"(?<=/additional-fields)/.*|(?<=/config/download)/.*|(?<=/auth/tokens)/.*")
_ACTIONS: Mapping[str, str] = {
    "HEAD": "index",
    "OPTIONS": "index",
    "POST": "add",
    "PUT": "update",
    "DELETE": "delete",
}
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


@dataclass(frozen=True, slots=True)
class Request:
    """A request below /api/2.0/; `sent` is its body as it was given, for masking.

    With `files` it is a form, which has `fields` too.
    """

    method: str
    path: str
    query: str = ""
    body: bytes | None = field(default=None, repr=False)
    sent: object = field(default=None, repr=False)
    files: Sequence[File] = ()
    fields: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)

    @property
    def is_idempotent(self) -> bool:
        """Whether carrying it out twice is the same as once."""
        return self.method in _IDEMPOTENT

    @property
    def shown(self) -> str:
        """Method and path for a message; what follows in the path of a token is a secret."""
        path = re.sub(r"(?<=auth/tokens/).+", "…", self.path)
        return f"{self.method} {path}"

    @property
    def names_a_record(self) -> bool:
        """Whether the path holds an id or a name."""
        return self.controller != self.path

    @property
    def controller(self) -> str:
        """What rights are granted for: the path without ids and names."""
        path = _NAMED.sub("", self.path)
        return "/".join(part for part in path.split("/") if part and not _ID.fullmatch(part))

    @property
    def action(self) -> str:
        """The right that the request needs; which ones exist is inferred from their names."""
        if self.method == "GET":
            return "view" if _ID.fullmatch(self.path.rsplit("/", 1)[-1]) else "index"
        if self.path.endswith("--upload") or (self.files and self.method == "POST"):
            return "upload"
        return _ACTIONS.get(self.method, self.method.lower())


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; `headers` by lower-case name."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
