"""Recorded conversations: every answer that the extractor gets, replayed from a file.

A benchmark of the extractor must not measure the sandbox. So its requests are recorded once,
answered by the engine, and replayed by their bytes: no parsing, no rows, no rendering. The recorder
runs the extractor itself as a command, with a warehouse that exists only meanwhile: what is asked,
and in which words, is then never guessed. Files are not recorded.

A recording is a folder with `recording.sqlite`: table `answer` (request, response), and table
`about` (what was recorded). It fits one tenant, one page size and one wording of the queries. What
changed since the last look is asked too; nothing does in a recording, so instants do not matter.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import re
import sqlite3
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

import orjson
from aiohttp import web

from runtime.settings import ROOT
from sandbox.sonar.listening import listening
from services import postgres

FILE = "recording.sqlite"
_CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

_LARGE = 4_000_000  # bytes of a page; where it has twice as many, the extractor asks for fewer rows
_INSTANT = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_ANY = b"2000-01-01T00:00:00+00:00"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class RecordingError(RuntimeError):
    """A recording could not be made or read."""


class Recorder:
    """Lets the extractor read what an application serves, and keeps every answer."""

    def __init__(self, environment: Mapping[str, str], page_size: int) -> None:
        self._environment = environment
        self._page_size = page_size
        self._into: sqlite3.Connection | None = None

    async def record(self, folder: Path, about: Mapping[str, str]) -> int:
        """Write what is said in one extraction to `folder`; another one asks what has changed.

        Returns:
            The number of different requests.

        Raises:
            RecordingError: the extractor did not read everything; there is no recording then.
        """
        with writing(folder, {"pages": str(self._page_size), **about}) as database:
            self._into = database
            try:
                await self._extract()
            finally:
                self._into = None
            return int(database.execute("select count(*) from answer").fetchone()[0])

    @web.middleware
    async def hear(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer as the application does."""
        response = await handler(request)
        body = response.body if isinstance(response, web.Response) else None
        if self._into and request.path == "/api/graphql" and isinstance(body, bytes):
            keep(self._into, timeless(await request.read()), body)
        return response

    async def _extract(self) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "extract", "run", "--skip-files", f"--page-size={self._page_size}"),
            cwd=ROOT,
            env=dict(self._environment),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        if process.returncode != 0:
            last = said.decode(errors="replace").strip().splitlines()[-1:]
            raise RecordingError(f"the extractor did not read everything: {' '.join(last)}")


def timeless(request: bytes) -> bytes:
    """Return a request with every instant in it replaced by one and the same."""
    return _INSTANT.sub(_ANY, request)


@asynccontextmanager
async def recorder(app: web.Application, token: str, page_size: int) -> AsyncIterator[Recorder]:
    """Serve `app`, which must not have started yet, and a warehouse while the context is open."""
    with tempfile.TemporaryDirectory(prefix="recording-") as name:
        place = Path(name)
        environment = {
            **os.environ,
            "ENV_FILE": str(place / "none.env"),
            "LOCAL_DIR": str(place / "local"),
            "SONAR_API_KEY": token,
        }
        made = Recorder(environment, page_size)
        app.middlewares.append(made.hear)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        warehouse = await asyncio.to_thread(postgres.up, place / "postgres", settings=_CARELESS)
        try:
            url = warehouse.url().render_as_string(hide_password=False)
            async with listening(runner, 0, token) as address:
                environment |= {"WAREHOUSE_URL": url, "SONAR_URL": address}
                yield made
        finally:
            await asyncio.to_thread(postgres.down, place / "postgres")


@contextmanager
def writing(folder: Path, about: Mapping[str, str]) -> Iterator[sqlite3.Connection]:
    """Begin a recording; it replaces the one before it when the context ends without an error."""
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{FILE}.part"
    unfinished.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(unfinished)) as database, database:
            database.execute(
                "create table answer (request blob primary key, response blob not null)"
            )
            database.execute("create table about (name text primary key, value text not null)")
            database.executemany("insert into about values (?, ?)", about.items())
            yield database
        unfinished.replace(folder / FILE)
    finally:
        unfinished.unlink(missing_ok=True)


def keep(database: sqlite3.Connection, request: bytes, response: bytes) -> None:
    """Add an answer to the recording that is being written; the last one to a request counts."""
    database.execute("insert or replace into answer values (?, ?)", (request, response))


class Answers(Mapping[bytes, bytes]):
    """The answers of a recording by request, each read when it is asked for.

    A large tenant's take more memory than the servers beside it can spare; the system's cache holds
    what there is room for.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def __getitem__(self, request: bytes) -> bytes:
        query = "select response from answer where request = ?"
        found = self._database.execute(query, (request,)).fetchone()
        if found is None:
            raise KeyError(request)
        return bytes(found[0])

    def __iter__(self) -> Iterator[bytes]:
        for (request,) in self._database.execute("select request from answer"):
            yield request

    def __len__(self) -> int:
        return int(self._database.execute("select count(*) from answer").fetchone()[0])

    def sizes(self) -> Iterator[tuple[bytes, int]]:
        """Yield each request and how many bytes its answer has."""
        yield from self._database.execute("select request, length(response) from answer")

    def close(self) -> None:
        """Close the file; nothing can be read after it."""
        self._database.close()


def read(folder: Path) -> tuple[Answers, Mapping[str, str]]:
    """Return the answers of a recording, to be closed, and what was recorded.

    Raises:
        RecordingError: there is none.
    """
    path = folder / FILE
    if not path.is_file():
        raise RecordingError(f"{folder} holds no recording: make one with `record --out {folder}`")
    database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    about = dict(database.execute("select name, value from about order by rowid"))
    return Answers(database), about


def _without_size(request: bytes) -> tuple[str, bytes] | None:
    """Return the query of a step of a walk by id, and the request without its page size."""
    body = orjson.loads(request) if b'"last"' in request else {}
    if not {"last", "size"} <= body.get("variables", {}).keys():
        return None
    del body["variables"]["size"]
    return body["query"], orjson.dumps(body)


def _of_any_size(answers: Answers) -> Mapping[bytes, bytes]:
    """Return the requests of walks that have large pages, by themselves without the page size.

    Where pages are large the extractor asks for fewer rows, and the ranges of a collection learn
    that from each other: which of them asks first is a matter of timing. A walk goes on from the
    rows that it gets, however many they are.
    """
    steps = [
        (*step, asked, size) for asked, size in answers.sizes() if (step := _without_size(asked))
    ]
    large = {query for query, _, _, size in steps if size > _LARGE}
    return {request: asked for query, request, asked, _ in steps if query in large}


def replaying(answers: Answers, about: Mapping[str, str], token: str) -> web.ServerRunner:
    """Return a server that answers what was recorded, and refuses anything else.

    It has no routes and no middlewares: looking the body up is all it does.
    """
    allowed = f"Bearer {token}".encode()
    large = _of_any_size(answers)
    what = ", ".join(f"{name} {value}" for name, value in about.items())
    refused = {  # worded as a query that is wrong: asking in smaller pages cannot help
        "message": f"validation: this request was not recorded ({what}): extract with the options "
        "of the recording, or record again"
    }

    async def answer(request: web.BaseRequest) -> web.Response:
        sent = request.headers.get("Authorization", "").encode()
        if not hmac.compare_digest(sent, allowed):
            return _json(orjson.dumps({"message": "Unauthenticated."}), status=401)
        asked = await request.read()
        found = answers.get(asked) or answers.get(timeless(asked))
        if found is None and (step := _without_size(timeless(asked))):
            found = answers.get(large.get(step[1], b""))
        if found is None:
            return _json(orjson.dumps({"errors": [refused]}))
        return _json(found)

    server = web.Server(answer, access_log=None)
    return web.ServerRunner(server, shutdown_timeout=1.0)


def _json(body: bytes, *, status: int = 200) -> web.Response:
    return web.Response(body=body, status=status, content_type="application/json")
