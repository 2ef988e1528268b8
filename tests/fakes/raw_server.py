"""A server that sends bytes as they are, for everything that a proper one never does."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

RESET = b"\0reset"
HANG = b"\0hang"
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class RawServer:
    """What the server was sent, each request as it came, and how many connections it took.

    `heard` is set when a request has come, `left` when a connection is over.
    """

    port: int = 0
    secure: bool = False
    requests: list[bytes] = field(default_factory=list)
    accepted: int = 0
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        """The address, without a path."""
        return f"{'https' if self.secure else 'http'}://127.0.0.1:{self.port}"


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """One whole request; raises IncompleteReadError where the client closed."""
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return head + await reader.readexactly(int(line.partition(b":")[2]))
    return head


@asynccontextmanager
async def answering(
    *connections: Sequence[bytes], tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[RawServer]:
    """A server whose n-th connection answers its requests with these bytes, one each, and then closes.

    RESET in their place resets the connection, HANG keeps it open in silence until the client leaves.
    """
    server = RawServer(secure=tls is not None)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers = connections[min(server.accepted, len(connections)) - 1]
        for answer in answers:
            if answer not in (HANG, RESET):
                server.requests.append(await read_request(reader))
                server.heard.set()
                writer.write(answer)
                await writer.drain()
            elif answer == HANG:
                while await reader.read(65536):
                    pass
                server.left.set()
            else:
                server.requests.append(await read_request(reader))
                raw = writer.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()

    async with handling(handle, server, tls=tls, host=host):
        yield server


@asynccontextmanager
async def handling(
    handler: Handler,
    server: RawServer | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    host: str = "127.0.0.1",
) -> AsyncIterator[RawServer]:
    """A server that gives each connection to `handler` and closes it afterwards."""
    here = server or RawServer(secure=tls is not None)
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        here.accepted += 1
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await handler(reader, writer)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            tasks.discard(task)
            here.left.set()
            writer.transport.abort() if tls else writer.close()

    listening = await asyncio.start_server(handle, host, 0, ssl=tls, limit=2**20)
    here.port = listening.sockets[0].getsockname()[1]
    try:
        yield here
    finally:
        listening.close()
        running = [task for task in tasks if not task.done()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
