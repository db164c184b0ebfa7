"""`Splynx`: the API as typed calls. How patiently it is asked: load.rest.conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import msgspec

from load.rest import answers, queries, results
from load.rest.budget import Clock
from load.rest.conversation import Conversation, Manners, Tally
from load.rest.failures import Failure, Passing, Unexpected
from load.rest.queries import Conditions
from load.rest.requests import Request
from load.rest.results import Created, File, Options, Record
from runtime.settings import SplynxApi

__all__ = ["Created", "File", "Manners", "Options", "Record", "Splynx", "Tally"]


class Splynx:
    """An open conversation with one Splynx; use as an async context manager, from many tasks."""

    def __init__(
        self, api: SplynxApi, manners: Manners | None = None, *, clock: Clock | None = None
    ) -> None:
        self._conversation = Conversation(api, manners or Manners(), clock or Clock())

    async def __aenter__(self) -> Self:
        await self._conversation.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._conversation.close()

    @property
    def tally(self) -> Tally:
        """What the conversation has cost so far."""
        return self._conversation.tally

    @property
    def way(self) -> str:
        """How this conversation proves who asks, in words."""
        return self._conversation.way

    async def get(self, path: str, params: Mapping[str, object] | None = None) -> Record:
        """Return one record, or whatever object the endpoint answers.

        Raises:
            Failure: as load.rest.failures says; so do all other calls.
        """
        return _object(await self._content("GET", path, params), path)

    async def search(  # noqa: PLR0913 - what Splynx takes
        self,
        path: str,
        *,
        main_attributes: Conditions | None = None,
        additional_attributes: Conditions | None = None,
        order: Mapping[str, str] | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> list[Record]:
        """Return the records that fit, in Splynx's order where `order` names none.

        Without `limit` everything comes. Splynx ignores a condition on a name that it does not
        know, so whoever looks something up compares what comes back.

        Raises:
            ValueError: a condition that cannot be sent as it is meant.
        """
        params = queries.search(main_attributes, additional_attributes, order, limit, offset)
        found = await self._content("GET", path, params)
        if not isinstance(found, list):
            raise Unexpected(f"GET {path} did not answer with a list")
        return [_object(row, path) for row in found]

    async def count(
        self,
        path: str,
        *,
        main_attributes: Conditions | None = None,
        additional_attributes: Conditions | None = None,
    ) -> int:
        """Return how many records fit."""
        params = queries.search(main_attributes, additional_attributes)
        try:
            answer = await self._conversation.ask(Request("HEAD", path, queries.encode(params)))
        except Passing:
            raise
        except Failure as exc:
            if exc.internal_code is None:  # an answer to HEAD has no body that could say why
                await self._content("GET", path, {**params, "limit": 1})
            raise
        told = answer.headers.get("x-total-count", "")
        if not told.isdecimal():
            raise Unexpected(f"HEAD {path} did not answer with X-total-count")
        return int(told)

    async def options(self, path: str) -> Options:
        """Return the attributes that an endpoint has."""
        return results.options(await self._content("OPTIONS", path, None))

    async def create(
        self, path: str, body: Mapping[str, Any], params: Mapping[str, object] | None = None
    ) -> Created:
        """Create a record; return its id, or its name. Sent once, whatever happens on the way.

        Raises:
            ReplyLost, ServerFault, NotJson, Unexpected: it may exist now; look it up.
        """
        answer = await self._conversation.ask(_with_body("POST", path, body, params))
        made = results.created(answers.content(answer))
        if made is None:
            raise Unexpected(f"POST {path} did not answer with an id", status=answer.status)
        return made

    async def update(
        self, path: str, body: Mapping[str, Any], params: Mapping[str, object] | None = None
    ) -> None:
        """Change the attributes that `body` holds; sent again after a lost answer."""
        await self._conversation.ask(_with_body("PUT", path, body, params))

    async def delete(self, path: str, params: Mapping[str, object] | None = None) -> None:
        """Delete a record; one that an attempt without answer had deleted already counts as done.

        Raises:
            NotFound: there was no such record.
        """
        await self._conversation.ask(Request("DELETE", path, queries.encode(params or {})))

    async def upload(
        self,
        path: str,
        files: Sequence[File],
        params: Mapping[str, object] | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> Created | None:
        """Send files and fields of a form; return what was created, None where it does not say.

        Raises:
            ReplyLost, ServerFault, NotJson: they may have arrived.
        """
        names = [file.filename for file in files]
        request = Request(
            "POST", path, queries.encode(params or {}), sent=names, files=files, fields=fields or {}
        )
        return results.created(answers.content(await self._conversation.ask(request)))

    async def _content(self, method: str, path: str, params: Mapping[str, object] | None) -> Any:  # noqa: ANN401
        request = Request(method, path, queries.encode(params or {}))
        return answers.content(await self._conversation.ask(request))


def _with_body(
    method: str, path: str, body: Mapping[str, Any], params: Mapping[str, object] | None
) -> Request:
    """Return a request with a JSON body; Decimal goes as text, as Splynx writes it itself."""
    return Request(method, path, queries.encode(params or {}), msgspec.json.encode(body), body)


def _object(value: object, path: str) -> Record:
    if not isinstance(value, dict):
        raise Unexpected(f"{path} did not answer with an object")
    return value
