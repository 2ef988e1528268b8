"""A small HTTP/1.1 server: keep-alive, chunked answers, and it notices a client that leaves."""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass

REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests"}


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One parsed request; header names are lower case, `connection` counts the sockets accepted so far."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int


class _Reader(asyncio.StreamReader):
    """A stream reader that tells at once when the other side has gone, even while nobody reads."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(limit=2**26, loop=loop)
        self.gone = asyncio.Event()

    def feed_eof(self) -> None:
        super().feed_eof()
        self.gone.set()

    def set_exception(self, exc: Exception) -> None:
        super().set_exception(exc)
        self.gone.set()


class Connection:
    """One socket: what a handler answers through."""

    def __init__(self, reader: _Reader, writer: asyncio.StreamWriter, number: int) -> None:
        self._reader = reader
        self._writer = writer
        self.number = number
        self.gone = reader.gone

    async def unless_gone(self, work: Coroutine[object, object, object]) -> bool:
        """Run `work` until it ends or the client closes; False when the client was first."""
        finished = False
        try:
            async with asyncio.TaskGroup() as group:
                task = group.create_task(work)
                watch = group.create_task(self.gone.wait())
                await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
                finished = task.done() and task.exception() is None
                task.cancel()
                watch.cancel()
        except* ConnectionError:
            finished = False
        return finished

    async def read_request(self) -> HttpRequest | None:
        """The next request, or None when the client closed between requests."""
        try:
            head = await self._reader.readuntil(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            method, path, _ = lines[0].split(" ", 2)
            pairs = (line.partition(":") for line in lines[1:] if line)
            headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
            body = await self._body(headers)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        return HttpRequest(method, path, headers, body, self.number)

    async def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return await self._reader.readexactly(int(headers.get("content-length", "0")))
        body = b""
        while size := int((await self._reader.readline()).split(b";")[0], 16):
            body += await self._reader.readexactly(size)
            await self._reader.readexactly(2)
        await self._reader.readline()
        return body

    async def head(self, status: int, headers: dict[str, str]) -> None:
        """Send the status line and headers."""
        lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        await self.raw(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))

    async def send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        """Send a whole answer."""
        await self.head(status, {**headers, "content-length": str(len(body))})
        await self.raw(body)

    async def send_json(self, status: int, value: object, headers: dict[str, str] | None = None) -> None:
        """Send a whole JSON answer."""
        body = json.dumps(value).encode()
        await self.send(status, body, {"content-type": "application/json", **(headers or {})})

    async def chunk(self, data: bytes) -> None:
        """Send one piece of a chunked answer; empty bytes end it."""
        await self.raw(b"%x\r\n%b\r\n" % (len(data), data))

    async def raw(self, data: bytes) -> None:
        """Send bytes as they are and let the loop turn once, so that pieces leave one by one."""
        self._writer.write(data)
        await self._writer.drain()
        await asyncio.sleep(0)

    async def close(self) -> None:
        """Close the socket."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except (ConnectionError, ssl.SSLError):
            return


Handler = Callable[[HttpRequest, Connection], Awaitable[bool]]


class HttpServer:
    """Accepts sockets on loopback; its handler answers each request and returns False to close."""

    def __init__(self, handler: Handler, *, tls: ssl.SSLContext | None = None) -> None:
        self._handler = handler
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._open: set[Connection] = set()
        self.accepted = 0
        self.port = 0

    async def start(self, port: int = 0) -> None:
        """Listen on 127.0.0.1; port 0 takes a free one."""
        loop = asyncio.get_running_loop()

        def protocol() -> asyncio.StreamReaderProtocol:
            return asyncio.StreamReaderProtocol(_Reader(loop), self._serve, loop=loop)

        self._server = await loop.create_server(protocol, "127.0.0.1", port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and close every socket."""
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._open):
            connection.gone.set()
            await connection.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert isinstance(reader, _Reader)
        self.accepted += 1
        connection = Connection(reader, writer, self.accepted)
        self._open.add(connection)
        try:
            while request := await connection.read_request():
                if not await self._handler(request, connection):
                    break
        except* ConnectionError:
            pass
        finally:
            self._open.discard(connection)
            await connection.close()
