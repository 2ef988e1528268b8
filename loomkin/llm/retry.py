"""Tries a model call again when that is safe: before anything of the answer arrived, and once for a stall."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Protocol

from loomkin.errors import TimeoutExceeded, TransientError
from loomkin.llm.wire import CallDelta, Delta, Finished, TextDelta
from loomkin.records.dataclass import dataclass


class Clock(Protocol):
    """Time and chance, so that tests and replays decide them."""

    def now(self) -> float:
        """Seconds on a clock that never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    def random(self) -> float:
        """A number from 0 up to, not including, 1."""
        ...


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long: `attempts` counts the first one, times are seconds.

    The wait before attempt n+1 is `base * 2**(n-1)`, at most `cap`, of which the upper half is left to chance
    ("equal jitter", Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015). A provider's
    retry-after replaces it, at most `longest`.
    """

    attempts: int = 5
    base: float = 0.5
    cap: float = 30.0
    longest: float = 120.0
    stalls: int = 1

    def wait(self, failed: int, retry_after: float | None, chance: float) -> float:
        """Seconds to wait after the `failed`-th failure (from 1); `chance` is from 0 to 1."""
        if retry_after is not None:
            return min(max(retry_after, 0.0), self.longest)
        whole = min(self.cap, self.base * 2.0 ** min(failed - 1, 64))
        return whole / 2 + whole / 2 * chance


@dataclass(frozen=True, slots=True)
class RetryNotice:
    """Another try is coming: `attempt` of `attempts`, in `seconds`, at `at` on the clock.

    `discard` says that the unfinished words already handed out are void, because the answer starts over.
    """

    error: TransientError
    attempt: int
    attempts: int
    seconds: float
    at: float
    discard: bool = False


async def with_retry(
    start: Callable[[], AsyncIterator[Delta]],
    policy: RetryPolicy,
    clock: Clock,
    on_wait: Callable[[RetryNotice], None],
) -> AsyncIterator[Delta]:
    """Yield one answer, starting it again after a TransientError as long as nothing has been yielded.

    A stream that stalls after its first byte (TimeoutExceeded) starts over `policy.stalls` times, if no
    block was complete; `on_wait` is told first, with `discard`. All other errors, and cancellation, pass
    through.
    """
    failed = stalls = 0
    while True:
        progress = _Progress()
        stream = start()
        try:
            async for delta in stream:
                progress.see(delta)
                yield delta
            return
        except TransientError as error:
            failed += 1
            if progress.begun:
                stalls += 1
                if not isinstance(error, TimeoutExceeded) or progress.block_done or stalls > policy.stalls:
                    raise
            elif failed >= policy.attempts:
                raise
            seconds = policy.wait(failed, error.retry_after, clock.random())
            notice = RetryNotice(
                error, failed + 1, policy.attempts, seconds, clock.now() + seconds, discard=progress.begun
            )
        finally:
            if isinstance(stream, AsyncGenerator):
                await stream.aclose()
        on_wait(notice)
        await clock.sleep(seconds)


class _Progress:
    """What has been handed out of one answer."""

    def __init__(self) -> None:
        self.begun = False
        self.block_done = False
        self._block: object = None

    def see(self, delta: Delta) -> None:
        """A block is complete when a delta of another block, or the end, follows it."""
        if isinstance(delta, Finished):
            block: object = "end"
        elif isinstance(delta, CallDelta):
            block = delta.index
        else:
            block = "text" if isinstance(delta, TextDelta) else "thinking"
        if self.begun and block != self._block:
            self.block_done = True
        self.begun = True
        self._block = block
