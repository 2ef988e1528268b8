"""One connection of ours to a server: a request at a time goes out, its answer is read as it arrives."""

import asyncio
from typing import cast

from loomkin.llm.http_parser import Head, ResponseParser
from loomkin.llm.transport import Cut, Garbage, Silent, TransportError

MOST_WAITING = 256 * 1024
LARGEST_WRITE = 256 * 1024


class Connection(asyncio.Protocol):
    """A socket that speaks HTTP/1.1; `silence` is how many seconds it may send or take nothing.

    What arrives is parsed as it arrives and waits, up to 256 KiB and one read, for somebody to take it.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, silence: float) -> None:
        self._loop = loop
        self._silence = silence
        self._transport: asyncio.Transport | None = None
        self._parser: ResponseParser | None = None
        self._failure: TransportError | None = None
        self._body: list[bytes] = []
        self._size = 0
        self._sent = True
        self._reading = True
        self._writing = True
        self._ended = False
        self._gone = asyncio.Event()
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._since = 0.0
        self._heard = False
        self.stale = False
        self.idle_since = 0.0

    # --- for whoever sends ---------------------------------------------------------------------------

    async def exchange(self, method: str, head: bytes, content: bytes) -> Head:
        """Send a request and wait for the head of its answer.

        Raises Silent, Cut, or Garbage; `stale` says then that the server ended the connection before a byte.
        """
        self._parser = parser = ResponseParser(method)
        self._heard = False
        await self._send(head, content, parser)
        while parser.head is None:
            if self._failure is not None:
                raise self._failure
            await self._wait()
        return parser.head

    async def chunk(self) -> bytes:
        """What has arrived of the body, empty at its end; raises Silent, Cut, or Garbage."""
        while not self._body:
            if self._parser is None or self._parser.done:
                return b""
            if self._failure is not None:
                raise self._failure
            await self._wait()
        data = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._drop_body()
        return data

    def release(self) -> bool:
        """The request is over: true where the connection can carry another one, else it is closed."""
        parser, self._parser = self._parser, None
        self._drop_body()
        if parser is None or not parser.reusable or not self._sent or self._ended:
            self.close()
            return False
        self.idle_since = self._loop.time()
        return True

    @property
    def usable(self) -> bool:
        """Whether nothing speaks against sending a request now."""
        return not self._ended and self._transport is not None and not self._transport.is_closing()

    def close(self) -> None:
        """Close at once; whoever reads hears that the answer was cut."""
        self._fail(Cut("the connection was closed"))

    async def wait_closed(self) -> None:
        """Wait until the socket is closed."""
        await self._gone.wait()

    async def _send(self, head: bytes, content: bytes, parser: ResponseParser) -> None:
        transport = self._transport
        if transport is None or self._is_over(parser):
            return
        if len(content) <= LARGEST_WRITE:
            transport.write(head + content)
            return
        self._sent = False
        transport.write(head)
        view = memoryview(content)
        for start in range(0, len(view), LARGEST_WRITE):
            transport.write(view[start : start + LARGEST_WRITE])
            await asyncio.sleep(0)  # a refusal is heard before more is sent into a closed socket
            while not (self._writing or self._is_over(parser)):
                await self._wait()
            if self._is_over(parser):
                return
        self._sent = True

    def _is_over(self, parser: ResponseParser) -> bool:
        """Whether sending more of the request is of no use: the connection failed, or the answer refuses."""
        return self._failure is not None or (parser.head is not None and parser.head.status >= 300)

    async def _wait(self) -> None:
        """Until something happens."""
        self._since = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_later(self._silence, self._look)
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _look(self) -> None:
        """See whether it has been silent too long; one timer serves many waits."""
        self._timer = None
        if self._waiter is None:
            return
        left = self._since + self._silence - self._loop.time()
        if left <= 0:
            self._fail(Silent("it sent nothing"))
        else:
            self._timer = self._loop.call_later(left, self._look)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _drop_body(self) -> None:
        self._body.clear()
        self._size = 0
        if not self._reading and self._transport is not None:
            self._reading = True
            self._transport.resume_reading()

    def _fail(self, failure: TransportError) -> None:
        if self._failure is None:
            self._failure = failure
        self._ended = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._transport is not None:
            self._transport.abort()
        self._wake()

    # --- for the event loop --------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Parse what arrived."""
        parser = self._parser
        if parser is None:
            fresh = self.idle_since == 0.0
            words = f"it speaks before it is asked: {data[:60].decode('utf-8', 'replace')!r}"
            self._fail(Garbage(words) if fresh else Cut("it closed the connection"))
            return
        if self._failure is not None:
            return
        self._heard = True
        self._since = self._loop.time()
        begun = parser.head is not None
        try:
            pieces = parser.feed(data)
        except Garbage as garbage:
            self._fail(garbage)
            return
        if pieces:
            self._body += pieces
            self._size += len(data)
            if self._size > MOST_WAITING and self._reading and self._transport is not None:
                self._reading = False
                self._transport.pause_reading()
        elif begun and not parser.done:
            return
        self._wake()

    def eof_received(self) -> None:
        """The server has said all."""
        self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is closed."""
        self._end(exc)
        self._gone.set()

    def pause_writing(self) -> None:
        """The server takes no more for now."""
        self._writing = False

    def resume_writing(self) -> None:
        """The server takes more."""
        self._writing = True
        self._wake()

    def _end(self, error: Exception | None) -> None:
        if self._ended:
            return
        if error is None and self._parser is not None:
            self._parser.eof()
        self.stale = not self._heard
        cut = Cut("it closed the connection")
        cut.__cause__ = error
        self._fail(cut)
