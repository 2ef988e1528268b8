"""What carries a request to a server and its answer back: the seam below `Http`."""

from collections.abc import AsyncIterator, Mapping
from typing import Protocol


class Response(Protocol):
    """An answer whose body is still to be read, by `async for`; reading raises ProviderError leaves.

    Names of headers are lower case, values that came under one name are joined by commas.
    """

    @property
    def status(self) -> int:
        """The status code."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the answer."""
        ...

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Pieces of the body, decoded."""
        ...

    async def aclose(self) -> None:
        """Free the connection; it is closed where the answer did not come to its end."""
        ...


class Transport(Protocol):
    """The connections to one endpoint."""

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None
    ) -> Response:
        """Send a request and wait for the head of its answer; raises ProviderError leaves."""
        ...

    async def aclose(self) -> None:
        """Close every connection; a later request opens new ones."""
        ...


class TransportError(Exception):
    """Something went wrong on a connection of our own; the words go into a sentence about the host."""


class Unsendable(TransportError):
    """The request cannot be put into the form of the protocol; nothing was sent."""


class Unreachable(TransportError):
    """No connection came about."""


class ConnectTimedOut(TransportError):
    """No connection came about in time."""


class Silent(TransportError):
    """No byte came for too long."""


class Cut(TransportError):
    """The connection ended before the answer did."""


class Garbage(TransportError):
    """What came is not HTTP."""


class Undecodable(TransportError):
    """The body is not what its headers say."""
