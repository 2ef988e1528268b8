"""The connections of ours to one endpoint: kept open between requests, opened as many as are needed."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING

from loomkin.llm.connection import Connection
from loomkin.llm.connection_failures import from_transport
from loomkin.llm.http_parser import Head
from loomkin.llm.http_request import Target, head_of, target_of
from loomkin.llm.transport import ConnectTimedOut, Cut, TransportError, Unreachable, Unsendable
from loomkin.llm.wire import Endpoint

if TYPE_CHECKING:
    import ssl

KEEP_ALIVE_SECONDS = 120.0
NEXT_ADDRESS_SECONDS = 0.25
Origin = tuple[bool, str, int]


class Connections:
    """The transport without a proxy; nothing is opened before the first request.

    A connection is kept for `keep_alive` seconds after its last answer.
    """

    def __init__(self, endpoint: Endpoint, keep_alive: float = KEEP_ALIVE_SECONDS) -> None:
        self._endpoint = endpoint
        self._keep_alive = keep_alive
        self._open: set[Connection] = set()
        self._idle: dict[Origin, list[Connection]] = {}

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None
    ) -> "DirectResponse":
        """Send a request and wait for the head of its answer; raises ProviderError leaves.

        A kept connection that turns out to be closed, before a byte of the answer, is replaced by a new one
        and the request sent again: the server closed it while it was not in use (RFC 9110, section 9.2.2,
        leaves that to those who know; nothing that we ask a model is harmed by being asked twice).
        """
        try:
            target = target_of(url)
            head = head_of(method, target, headers, None if content is None else len(content))
            kept = self._kept(target.origin)
            if kept is not None:
                try:
                    return await self._exchange(kept, target.origin, method, head, content or b"")
                except Cut:
                    if not kept.stale:
                        raise
            fresh = await self._connected(target)
            return await self._exchange(fresh, target.origin, method, head, content or b"")
        except TransportError as error:
            raise from_transport(self._endpoint, error, started=False) from error

    async def aclose(self) -> None:
        """Close every connection, those in use too; a later request opens new ones."""
        closing = tuple(self._open)
        self._open.clear()
        self._idle.clear()
        for connection in closing:
            connection.close()
        for connection in closing:
            await connection.wait_closed()

    def release(self, connection: Connection, origin: Origin) -> None:
        """Keep a connection whose answer is over, or close it."""
        if connection.release() and connection in self._open:
            self._idle.setdefault(origin, []).append(connection)
        else:
            self._forget(connection)

    async def _exchange(
        self, connection: Connection, origin: Origin, method: str, head: bytes, content: bytes
    ) -> "DirectResponse":
        try:
            answered = await connection.exchange(method, head, content)
            return DirectResponse(self, connection, origin, answered, self._endpoint)
        except BaseException:
            self._forget(connection)
            raise

    def _forget(self, connection: Connection) -> None:
        connection.close()
        self._open.discard(connection)

    def _kept(self, origin: Origin) -> Connection | None:
        """The connection used last; those that are too old or closed are put away."""
        oldest = asyncio.get_running_loop().time() - self._keep_alive
        for there, kept in list(self._idle.items()):
            sound = [one for one in kept if one.usable and one.idle_since > oldest]
            for one in kept:
                if one not in sound:
                    self._forget(one)
            self._idle[there] = sound
        kept = self._idle.get(origin, [])
        return kept.pop() if kept else None

    async def _connected(self, target: Target) -> Connection:
        loop = asyncio.get_running_loop()
        context = await _trusted() if target.secure else None
        try:
            async with asyncio.timeout(self._endpoint.connect):
                _, connection = await loop.create_connection(
                    lambda: Connection(loop, self._endpoint.silence),
                    target.host,
                    target.port,
                    ssl=context,
                    server_hostname=target.server_name if context else None,
                    ssl_handshake_timeout=self._endpoint.connect + 1 if context else None,
                    happy_eyeballs_delay=NEXT_ADDRESS_SECONDS,
                )
        except TimeoutError as error:
            raise ConnectTimedOut("nobody accepted the connection") from error
        except UnicodeError as error:
            raise Unsendable(f"its name is no name of a host: {error}") from error
        except OSError as error:
            raise Unreachable(reason_of(error)) from error
        self._open.add(connection)
        return connection


class DirectResponse:
    """An answer on a connection of ours."""

    def __init__(
        self, owner: Connections, connection: Connection, origin: Origin, head: Head, endpoint: Endpoint
    ) -> None:
        self.status = head.status
        self.headers: Mapping[str, str] = head.headers
        self._owner = owner
        self._connection = connection
        self._closed = False
        self._origin = origin
        self._endpoint = endpoint

    def __aiter__(self) -> AsyncIterator[bytes]:
        encoding = self.headers.get("content-encoding", "").strip().lower()
        return self if encoding in ("", "identity") else self._inflated(encoding)

    async def __anext__(self) -> bytes:
        try:
            data = await self._chunk()
        except TransportError as error:
            raise from_transport(self._endpoint, error, started=True) from error
        if not data:
            raise StopAsyncIteration
        return data

    async def _inflated(self, encoding: str) -> AsyncIterator[bytes]:
        from loomkin.llm.http_encodings import Inflater

        try:
            inflater = Inflater(encoding)
            while data := await self._chunk():
                for piece in inflater.feed(data):
                    yield piece
            inflater.end()
        except TransportError as error:
            raise from_transport(self._endpoint, error, started=True) from error

    async def _chunk(self) -> bytes:
        if self._closed:  # the connection may be somebody else's by now
            raise Cut("the answer was given up")
        return await self._connection.chunk()

    async def aclose(self) -> None:
        """Give the connection back; it is closed where the answer did not come to its end."""
        if not self._closed:
            self._closed = True
            self._owner.release(self._connection, self._origin)


async def _trusted() -> "ssl.SSLContext":
    from loomkin.llm.tls import authorities

    return await asyncio.to_thread(authorities)


def reason_of(error: OSError) -> str:
    """Why no connection came about, in the system's words without numbers and addresses."""
    if (isinstance(error, ConnectionError) and error.errno is None) or "EOF occurred" in str(error):
        return "it closed the connection during the TLS handshake"
    if error.errno is None or error.errno < 0:  # several addresses failed, or the name is not known
        numbers = {int(number) for number in re.findall(r"\[Errno (\d+)\]", str(error))}
    else:
        numbers = {error.errno}
    words = sorted(os.strerror(number).lower() for number in numbers)
    return ", ".join(words) or (error.strerror or str(error)).lower()
