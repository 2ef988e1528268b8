"""The way to each provider, which all agents of a session share: its buckets and its gate."""

import time
from collections.abc import Callable, Mapping

from loomkin.llm.models import ModelSpec
from loomkin.llm.rate_headers import seconds_shut
from loomkin.llm.wire import Endpoint
from loomkin.records.dataclass import dataclass
from loomkin.runtime.ratelimit import Gate, TokenBucket


@dataclass(frozen=True, slots=True)
class Rate:
    """What a person's account allows in a minute; None is no limit."""

    requests: int | None = None
    tokens: int | None = None


class Lane:
    """One provider's buckets and gate."""

    def __init__(self, rate: Rate) -> None:
        self._requests = TokenBucket(rate.requests, time.monotonic) if rate.requests else None
        self._tokens = TokenBucket(rate.tokens, time.monotonic) if rate.tokens else None
        self.gate = Gate(time.monotonic)

    async def take(self, tokens: int, waits: Callable[[float], None]) -> None:
        """Wait until a request of so many tokens keeps to the limits; `waits` hears for how many seconds."""
        if self._requests is not None:
            await self._requests.take(1, waits)
        if self._tokens is not None:
            await self._tokens.take(tokens, waits)


class Lanes:
    """One lane a provider; what answers say of its limits shuts its gate."""

    def __init__(self, rates: Mapping[str, Rate] | None = None) -> None:
        self._rates = rates or {}
        self._by_provider: dict[str, Lane] = {}
        self._by_url: dict[str, Lane] = {}

    def of(self, spec: ModelSpec) -> Lane:
        """The lane to a model's provider."""
        lane = self._by_provider.get(spec.provider)
        if lane is None:
            lane = self._by_provider[spec.provider] = Lane(self._rates.get(spec.provider, Rate()))
        self._by_url[spec.endpoint.base_url] = lane
        return lane

    def heard(self, endpoint: Endpoint, headers: Mapping[str, str]) -> None:
        """Take what an answer says of the limits."""
        lane = self._by_url.get(endpoint.base_url)
        wait = seconds_shut(headers, time.time()) if lane is not None else None
        if lane is not None and wait:
            lane.gate.shut(wait)
