"""One call from its credentials to its answer, without HTTP: who, which entity, may it, do it."""

from __future__ import annotations

import datetime as dt
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from sandbox.splynx.rest import (
    credit_note_effects,
    customer_effects,
    files,
    money_effects,
    network_effects,
    payment_accounts,
    rows,
    scheduling_effects,
    support_effects,
    task_files,
)
from sandbox.splynx.rest.catalogue import ACTIONS, METHODS, Entity, catalogue, find
from sandbox.splynx.rest.columns import read_tables
from sandbox.splynx.rest.credentials import Credentials
from sandbox.splynx.rest.definitions import answer as answer_definitions
from sandbox.splynx.rest.effects import AFTER, BEFORE
from sandbox.splynx.rest.errors import (
    ApiError,
    InvalidError,
    Reply,
    bad_request,
    forbidden,
    invalid,
    not_allowed,
    not_found,
)
from sandbox.splynx.rest.files import Upload
from sandbox.splynx.rest.scene import Actor, Scene
from sandbox.splynx.rest.tokens import Tokens
from sandbox.splynx.rest.vault import Vault

_TOKENS = "admin/auth/tokens"
_MISSING_PARENT = re.compile(r"FOREIGN KEY \(`(\w+)`\)")
# Importing them registers them.
EFFECTS = (
    credit_note_effects,
    customer_effects,
    money_effects,
    network_effects,
    scheduling_effects,
    support_effects,
)


@dataclass(frozen=True, slots=True)
class Call:
    """A request as the API sees it; `path` is what follows /api/2.0/."""

    method: str
    path: str
    query: Mapping[str, Any]
    body: Mapping[str, Any]
    uploads: Sequence[Upload]
    authorization: str | None
    address: str
    agent: str


class Api:
    """The API over one database; safe to use from many threads."""

    def __init__(self, engine: Engine, vault: Vault, folder: Path) -> None:
        self._engine = engine
        self._vault = vault
        self._files = folder
        self._lock = threading.Lock()
        self.tokens = Tokens()
        self.off: set[str] = set()
        self._credentials = Credentials(vault, self.tokens)
        with engine.connect() as connection:
            self._tables = read_tables(connection)
        _refuse_unknown_names(self._tables)

    @property
    def modules(self) -> frozenset[str]:
        """The switches that exist."""
        return frozenset(entity.module for entity in catalogue().values())

    def switch(self, module: str, *, on: bool) -> None:
        """Switch a module on or off."""
        with self._lock:
            self.off = self.off - {module} if on else self.off | {module}

    def answer(self, call: Call) -> Reply:
        """Carry out a call; what it refuses leaves no trace but the used nonce."""
        with self._engine.connect() as connection:
            try:
                if call.path == _TOKENS or call.path.startswith(f"{_TOKENS}/"):
                    return self._answer_tokens(connection, call)
                return self._answer(connection, call)
            except (ApiError, InvalidError) as refusal:
                return refusal.reply()
            except IntegrityError as exc:
                column = _MISSING_PARENT.search(str(exc.orig))
                if column is None:
                    raise
                return invalid(column[1], f"{column[1]} does not exist!").reply()

    def _answer(self, connection: Connection, call: Call) -> Reply:
        if call.path == "admin/api/check" and not call.query.get("checkAuth"):
            return _checked()
        with connection.begin():
            actor = self._credentials.actor(
                connection, call.authorization, call.address, call.agent
            )
        entity, operation, names = self._route(call)
        if entity.module in self.off:
            raise not_allowed("METHOD_DISABLED")
        right = (entity.controller, ACTIONS[operation])
        if actor.rights is not None and right not in actor.rights:
            raise forbidden()
        with connection.begin():
            return _carry_out(self._scene(connection, actor), entity, operation, names, call)

    def _route(self, call: Call) -> tuple[Entity, str, Mapping[str, str]]:
        fits = list(find(call.path))
        for entity, operation, names in fits:
            if METHODS[operation] == call.method:
                return entity, operation, names
        if not fits:
            raise not_found()
        entity = fits[0][0]
        if entity.module in self.off:
            raise not_allowed("METHOD_DISABLED")
        wants_item = {METHODS[o] for o in entity.operations} & {"PUT", "DELETE"}
        raise bad_request() if call.method in wants_item else not_allowed()

    def _answer_tokens(self, connection: Connection, call: Call) -> Reply:
        token = call.path.removeprefix(_TOKENS).removeprefix("/")
        who = (call.address, call.agent)
        with connection.begin():
            if call.method == "POST" and not token:
                actor, owner = self._credentials.log_in(connection, call.body, *who)
                status = HTTPStatus.CREATED
            elif call.method == "GET" and token:
                actor, owner = self._credentials.renew(connection, token, *who)
                status = HTTPStatus.OK
            elif call.method == "DELETE" and token:
                if not self.tokens.revoke(token):
                    raise not_found()
                return Reply(HTTPStatus.NO_CONTENT)
            else:
                raise not_allowed()
        granted = sorted(f"{c}:{a}" for c, a in actor.rights or ())
        return Reply(status, {**self.tokens.issue(owner), "permissions": granted})

    def _scene(self, connection: Connection, actor: Actor) -> Scene:
        now = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
        return Scene(connection, self._tables, actor, self._vault, self._files, now)


def _carry_out(  # noqa: PLR0911, PLR0912  one line per kind of handler
    scene: Scene, entity: Entity, operation: str, names: Mapping[str, str], call: Call
) -> Reply:
    if entity.handler == "definitions":
        return answer_definitions(scene, operation, names, call.query, call.body)
    if entity.handler == "download":
        return files.download(scene, names)
    if entity.handler == "check":
        return _checked()
    if entity.handler == "payment_accounts":
        return payment_accounts.answer(scene, entity, operation, call.query, call.body)
    if operation == "upload" and entity.handler == "documents":
        return files.upload_document(scene, entity, names, call.uploads)
    if entity.handler == "attachments" and operation != "delete":
        if operation == "upload":
            return files.attach(scene, str(call.query.get("message_id", "")), call.uploads)
        return files.attachments(scene, names, call.query)
    if entity.handler == "task_attachments" and operation != "delete":
        if operation == "upload":
            return task_files.attach(scene, {**call.query, **call.body}, call.uploads)
        return task_files.attachments(scene, names, call.query)
    if entity.handler == "task_comments" and operation == "upload":
        return task_files.attach_to_comment(scene, names["id"], call.uploads)
    if operation == "create":
        reply = rows.create(scene, entity, names, call.body, call.query)
        if entity.handler == "messages":
            files.attach_to_new(scene, reply.body["id"], call.uploads)
        elif entity.handler == "task_comments":
            task_files.attach_to_new(scene, reply.body["id"], call.uploads)
        return reply
    return _row_reply(scene, entity, operation, names, call)


def _row_reply(
    scene: Scene, entity: Entity, operation: str, names: Mapping[str, str], call: Call
) -> Reply:
    if operation == "list":
        return rows.listing(scene, entity, names, call.query)
    if operation == "head":
        return rows.head(scene, entity, names, call.query)
    if operation == "options":
        return rows.options(scene, entity)
    if operation == "read":
        return rows.read(scene, entity, names)
    if operation == "update":
        return rows.update(scene, entity, names, call.body, call.query)
    return rows.delete(scene, entity, names, call.query)


def _checked() -> Reply:
    return Reply(HTTPStatus.OK, {"status": "ok", "message": "API works", "same_server": True})


def _refuse_unknown_names(tables: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse a catalogue that names a column or an effect that does not exist."""
    wrong = [
        f"{entity.name}.{attribute.name}"
        for entity in catalogue().values()
        for attribute in entity.attributes.values()
        if attribute.column is not None and attribute.column not in tables[entity.table]
    ]
    wrong += [
        f"{entity.name}: {effect.does}"
        for entity in catalogue().values()
        for effect in entity.effects
        if effect.does not in {**BEFORE, **AFTER}
    ]
    if wrong:
        raise ValueError(f"catalogue.yml names what does not exist: {', '.join(wrong)}")
