"""A fake model server that speaks OpenAI, Anthropic and Ollama from one script; in process or `python -m`.

    python -m tests.fakes.model_server --script FILE.json --log FILE.jsonl [--port 0] [--tls CA.pem]
                                       [--spool DIR] [--models a,b] [--context 32768]

prints its port on stdout and serves until it is ended. A script is a list of steps that all agents share,
or a mapping from an agent's name (`default` for the rest) to its own list; `Step` in `tests/fakes/script.py`
names the keys. With `--spool` every request is written to DIR/NNNN.request.json and DIR/NNNN.answer.json,
one step written by anybody, is its answer.
"""

import argparse
import asyncio
import json
import ssl
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import trustme

from tests.fakes.dialects import DIALECTS, Context
from tests.fakes.http1 import Connection, HttpRequest, HttpServer
from tests.fakes.play import Play
from tests.fakes.script import Script, ScriptError, Step, agent_of

SECRET_HEADERS = ("authorization", "x-api-key", "api-key", "cookie", "proxy-authorization")
Steps = Sequence[Mapping[str, Any]] | Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(slots=True)
class Entry:
    """One logged request; times are seconds of the wall clock, `ended` is 0 while it is being answered."""

    number: int
    connection: int
    method: str
    path: str
    headers: dict[str, str]
    body: Any
    started: float
    agent: str = ""
    status: int = 0
    ended: float = 0.0
    closed_early: bool = False
    note: str = ""


def without_secrets(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers with the values of keys blotted out; the scheme of `authorization` stays."""
    return {
        name: (value.split(" ")[0] + " ***" if " " in value else "***") if name in SECRET_HEADERS else value
        for name, value in headers.items()
    }


@dataclass
class ModelServer:
    """The server, an async context; `log` is a JSON-lines file, `spool` a directory to play the model in."""

    script: Steps = ()
    port: int = 0
    log: Path | None = None
    spool: Path | None = None
    tls: bool = False
    models: tuple[str, ...] = ("fake-model",)
    context_length: int = 32768
    capabilities: tuple[str, ...] = ("completion", "tools", "vision", "thinking")
    entries: list[Entry] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.steps = Script(self.script)
        self._gates: dict[str, asyncio.Event] = {}
        self._changed = asyncio.Condition()
        self.authority = trustme.CA() if self.tls else None
        context = None
        if self.authority is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
        self._http = HttpServer(self._handle, tls=context)

    @property
    def url(self) -> str:
        """The address without a path."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def sockets(self) -> int:
        """How many connections were accepted so far."""
        return self._http.accepted

    @property
    def chats(self) -> list[Entry]:
        """The logged requests to a model, without look-ups."""
        return [entry for entry in self.entries if entry.path in DIALECTS]

    async def __aenter__(self) -> Self:
        await self._http.start(self.port)
        self.port = self._http.port
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.stop()

    def release(self, gate: str) -> None:
        """Open a gate for good."""
        self._gates.setdefault(gate, asyncio.Event()).set()

    async def until(self, holds: Callable[[list[Entry]], bool]) -> None:
        """Wait until the log of requests satisfies `holds`."""
        async with self._changed:
            await self._changed.wait_for(lambda: holds(self.chats))

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _handle(self, request: HttpRequest, connection: Connection) -> bool:
        path = request.path.partition("?")[0]
        if path == "/_log":
            await connection.send_json(200, [asdict(entry) for entry in self.entries])
            return True
        if path.startswith("/_gate/"):
            self.release(path.removeprefix("/_gate/"))
            await connection.send_json(200, {})
            return True
        entry = self._entry(request, path)
        await self._notify()
        results: list[bool] = []

        async def answer() -> None:
            results.append(await self._answer(request, entry, connection))

        entry.closed_early = not await connection.unless_gone(answer())
        entry.ended = time.time()
        if self.log is not None:
            await asyncio.to_thread(self._append, json.dumps(asdict(entry)))
        await self._notify()
        return bool(results and results[0])

    def _entry(self, request: HttpRequest, path: str) -> Entry:
        arrived = time.time()
        try:
            body = json.loads(request.body) if request.body else None
        except ValueError:
            body = request.body.decode("utf-8", "replace")
        entry = Entry(
            number=len(self.entries),
            connection=request.connection,
            method=request.method,
            path=path,
            headers=without_secrets(request.headers),
            body=body,
            started=arrived,
            agent=agent_of(body) if isinstance(body, dict) else "",
        )
        self.entries.append(entry)
        return entry

    def _append(self, line: str) -> None:
        assert self.log is not None
        with self.log.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    async def _answer(self, request: HttpRequest, entry: Entry, connection: Connection) -> bool:
        """Answer one request; True keeps the connection."""
        if entry.path not in DIALECTS:
            known = self._lookup(entry.path)
            entry.status = 404 if known is None else 200
            await connection.send_json(entry.status, known or {"error": f"no such path: {entry.path}"})
            return True
        dialect = DIALECTS[entry.path]
        if not isinstance(entry.body, dict):
            entry.status = 400
            await connection.send_json(
                400, dialect.failure(400, "the body is not a JSON object", "bad_request")
            )
            return True
        try:
            step = await self._spooled(entry) if self.spool is not None else self.steps.take(entry.body)
        except ScriptError as error:
            entry.status, entry.note = 500, str(error)
            await connection.send_json(500, dialect.failure(500, str(error), "script_error"))
            return True
        if step.wait_for:
            await self._gates.setdefault(step.wait_for, asyncio.Event()).wait()
        context = Context(entry.body, len(request.body), entry.number)
        streamed = bool(entry.body.get("stream", dialect.name == "ollama"))
        entry.status, entry.note = (step.status if step.fault == "status" else 200), step.fault
        return await Play(step, context, dialect, connection, streamed).run()

    def _lookup(self, path: str) -> object:
        details = {"family": "fake", "parameter_size": "7B", "quantization_level": "Q4_K_M"}
        models = [
            {"name": name, "model": name, "size": 1, "digest": "0", "details": details}
            for name in self.models
        ]
        window = {"general.architecture": "fake", "fake.context_length": self.context_length}
        listed = [
            {
                "id": name,
                "object": "model",
                "type": "model",
                "display_name": name,
                "max_model_len": self.context_length,
            }
            for name in self.models
        ]
        return {
            "/v1/models": {"object": "list", "data": listed, "has_more": False},
            "/api/tags": {"models": models},
            "/api/ps": {"models": models},
            "/api/version": {"version": "0.12.0"},
            "/api/show": {"details": details, "model_info": window, "capabilities": list(self.capabilities)},
        }.get(path)

    async def _spooled(self, entry: Entry) -> Step:
        """Write the request into the spool and wait for somebody's answer."""
        assert self.spool is not None
        request = self.spool / f"{entry.number:04}.request.json"
        answer = self.spool / f"{entry.number:04}.answer.json"
        content = json.dumps({"path": entry.path, "agent": entry.agent, "body": entry.body}, indent=1)
        await asyncio.to_thread(_write_whole, request, content)
        while True:
            if await asyncio.to_thread(answer.exists):
                try:
                    return Step.parse(json.loads(await asyncio.to_thread(answer.read_text, encoding="utf-8")))
                except json.JSONDecodeError:  # still being written
                    pass
            await asyncio.sleep(0.05)


def _write_whole(path: Path, content: str) -> None:
    part = path.with_suffix(".part")
    part.write_text(content, encoding="utf-8")
    part.rename(path)


async def serve(server: ModelServer, ca: Path | None) -> None:
    """Serve until cancelled; the port goes to stdout first."""
    async with server:
        if ca is not None and server.authority is not None:
            await asyncio.to_thread(server.authority.cert_pem.write_to_path, str(ca))
        sys.stdout.write(f"{server.port}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def main() -> None:
    """Run the server as a program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--script", type=Path)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--spool", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument(
        "--tls", type=Path, metavar="CA.pem", help="serve TLS and write the CA certificate here"
    )
    parser.add_argument("--models", default="fake-model", help="names, comma between")
    parser.add_argument("--context", type=int, default=32768)
    options = parser.parse_args()
    script = json.loads(options.script.read_text(encoding="utf-8")) if options.script else ()
    if options.spool:
        options.spool.mkdir(parents=True, exist_ok=True)
    server = ModelServer(
        script=script,
        port=options.port,
        log=options.log,
        spool=options.spool,
        tls=options.tls is not None,
        models=tuple(options.models.split(",")),
        context_length=options.context,
    )
    try:
        asyncio.run(serve(server, options.tls))
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
