"""What work and the screen know of each other, and an open session as both see it."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Protocol

from loomkin.commands.command import CommandResult, Context
from loomkin.errors import LoomkinError
from loomkin.records.dataclass import dataclass
from loomkin.runtime.bus import Bus
from loomkin.ui.repl_shell import PersonShell
from loomkin.ui.transcript import Block


class Ended(Protocol):
    """How a turn ended, as the agent tells it."""

    @property
    def outcome(self) -> str: ...

    @property
    def error(self) -> LoomkinError | None: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """An open session as the screen sees it.

    `send` gives words to the agent until its turn ends, `attend` lets it hear its teammates; `keepers` are
    the newest ones, with their titles.
    """

    context: Context
    send: Callable[[str], Awaitable[Ended]]
    attend: Callable[[], Awaitable[Ended]]
    bus: Bus
    shell: PersonShell
    keepers: Callable[[], Sequence[tuple[str, str]]]


class Face(Protocol):
    """The screen, as far as work needs it."""

    def show(self, *blocks: Block) -> None:
        """Print what is finished."""
        ...

    def give_back(self, text: str) -> None:
        """Put words into the input line, before the draft."""
        ...

    def changed(self) -> None:
        """Something that the screen shows is different now."""
        ...

    def carry_out(self, result: CommandResult) -> None:
        """Do what only the screen can."""
        ...


Start = Callable[[str, Coroutine[Any, Any, None]], "asyncio.Task[None]"]
