"""Planned calls under the person's eyes: while the agent is paused they can be changed or left out."""

from collections.abc import Awaitable, Callable, Sequence

from loomkin.errors import NotFoundError
from loomkin.records.message import ToolCall
from loomkin.tooling.planned import Revision


class Review:
    """The calls of the present step that have not begun; `held` waits while the agent is paused."""

    def __init__(self, held: Callable[[], Awaitable[None]]) -> None:
        self._held = held
        self._calls: list[ToolCall] = []
        self._revisions: dict[str, Revision] = {}

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """What is planned and has not begun, in order, as the person left it."""
        return tuple(self._calls)

    @property
    def lines(self) -> tuple[str, ...]:
        """The same in a line each, with what the person made of it so far."""
        return tuple(
            f"{number}  {call.name} {revised.words if revised else call.arguments}"
            for number, (call, revised) in enumerate(self._with_revisions(), 1)
        )

    def _with_revisions(self) -> list[tuple[ToolCall, Revision | None]]:
        return [(call, self._revisions.get(call.id)) for call in self._calls]

    def begin(self, calls: Sequence[ToolCall]) -> None:
        """The calls of a new step."""
        self._calls = list(calls)
        self._revisions.clear()

    def skip(self, number: int, reason: str) -> str:
        """Leave out the call of that number (from 1); the words say what it was. Raises NotFoundError."""
        return self._revise(number, Revision(skipped=True, reason=reason))

    def edit(self, number: int, arguments: str) -> str:
        """Give the call of that number other arguments, JSON text; raises NotFoundError."""
        return self._revise(number, Revision(arguments))

    def _revise(self, number: int, revision: Revision) -> str:
        if not 1 <= number <= len(self._calls):
            count = len(self._calls)
            there = f"Planned and not begun: {count}." if count else "No call is planned that has not begun."
            raise NotFoundError(f"There is no planned call {number}.", hint=there)
        call = self._calls[number - 1]
        self._revisions[call.id] = revision
        return f"{call.name}: {revision.words}"

    async def __call__(self, call: ToolCall) -> Revision | None:
        """Wait while paused; then the call begins, as the person left it."""
        await self._held()
        self._calls = [one for one in self._calls if one.id != call.id]
        return self._revisions.pop(call.id, None)
