"""The connections of a run: one pool an endpoint, whichever agent calls."""

from collections.abc import Callable, Mapping

from loomkin.llm.http import transport_to
from loomkin.llm.registry import open_wire
from loomkin.llm.transport import Response, Transport
from loomkin.llm.wire import Endpoint, Wire

Heard = Callable[[Endpoint, Mapping[str, str]], None]


class SharedConnections:
    """Opens wires that share their connections; `heard` is told the headers of every answer."""

    def __init__(self, heard: Heard = lambda endpoint, headers: None) -> None:
        self._heard = heard
        self._pools: list[tuple[Endpoint, Transport]] = []

    def open(self, name: str, endpoint: Endpoint) -> Wire:
        """A wire that leaves the connections open when it is closed; raises ConfigError for no such wire."""
        return open_wire(name, endpoint, _Borrowed(self, endpoint))

    def pool(self, endpoint: Endpoint) -> Transport:
        """The connections to an endpoint."""
        for known, transport in self._pools:
            if known == endpoint:
                return transport
        self._pools.append((endpoint, transport_to(endpoint)))
        return self._pools[-1][1]

    def hear(self, endpoint: Endpoint, headers: Mapping[str, str]) -> None:
        """Pass the headers of an answer on."""
        self._heard(endpoint, headers)

    async def aclose(self) -> None:
        """Close every connection."""
        for _, transport in self._pools:
            await transport.aclose()
        self._pools.clear()


class _Borrowed:
    """The connections to an endpoint, as one wire has them."""

    def __init__(self, shared: SharedConnections, endpoint: Endpoint) -> None:
        self._shared = shared
        self._endpoint = endpoint

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None
    ) -> Response:
        response = await self._shared.pool(self._endpoint).send(method, url, headers, content)
        self._shared.hear(self._endpoint, response.headers)
        return response

    async def aclose(self) -> None:
        """They are not this wire's to close."""
