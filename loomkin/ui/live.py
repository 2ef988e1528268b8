"""The live view of a headless run on stderr: drawn from the view state, gone when the run ends."""

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from loomkin.records.event import Event
from loomkin.runtime.bus import Feed
from loomkin.ui.agent_rows import agent_row, chosen
from loomkin.ui.plain import Detail, PlainLines
from loomkin.ui.state import AgentView, ViewState, reduce
from loomkin.ui.terminal import printable
from loomkin.ui.theme import STYLES, clock, count, money, style_of

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

FRAME = 1 / 12
PREVIEW = 6
MOST_CALLS = 4
MOST_AGENTS = 12


def rows(state: ViewState, seconds: float, width: int, now: float = 0.0) -> list[tuple[str, str]]:
    """The view as lines with the name of their style, at most `width` characters each.

    `now` is in seconds since the epoch; each agent of a team has one row, at most `MOST_AGENTS` of them.
    """
    lines: list[tuple[str, str]] = []
    if len(state.present) > 1:
        lines = _team_rows(state, width, now)
    for agent in state.agents if len(state.present) < 2 else ():
        lines.append((_agent_row(agent, seconds), style_of(agent.state)))
        for call in agent.calls[:MOST_CALLS]:
            lines.append((f"  {call.tool} {call.about}", "default"))
            if call.tail:
                lines.append((f"    {call.tail}", STYLES["quiet"]))
        if agent.streaming:
            lines += [(f"  {line}", STYLES["quiet"]) for line in preview(agent.text, width - 2)]
    asks = "" if len(state.present) < 2 else "{} "
    lines += [(f"? {asks.format(one.agent)}{one.text}", STYLES["waiting"]) for one in state.pending]
    return [(line if len(line) <= width else line[: width - 1] + "…", style) for line, style in lines]


def preview(text: str, width: int) -> list[str]:
    """The last lines of a text, long ones broken, at most `PREVIEW`."""
    broken = [
        line[start : start + width]
        for line in printable(text).expandtabs(4).splitlines()[-PREVIEW:]
        if line.strip()
        for start in range(0, len(line), max(width, 1))
    ]
    return broken[-PREVIEW:]


def _team_rows(state: ViewState, width: int, now: float) -> list[tuple[str, str]]:
    agents, left = chosen(state, MOST_AGENTS)
    lines = [(agent_row(agent, state, now, width), style_of(agent.shown)) for agent in agents]
    if left:
        lines.append((f"  and {left} more", STYLES["quiet"]))
    if state.tasks:
        states = [task.state for task in state.tasks]
        told = [f"{states.count(one)} {one.replace('_', ' ')}" for one in dict.fromkeys(states)]
        lines.append((f"  tasks: {', '.join(told)}", STYLES["quiet"]))
    return lines


def _agent_row(agent: AgentView, seconds: float) -> str:
    state = agent.state.replace("_", " ")
    parts = [
        f"● {agent.name or 'loomkin'}",
        f"{state} {agent.detail}".strip() if agent.state == "retrying" else state,
        f"step {agent.steps + 1}",
        f"{count(agent.tokens)} tok",
        money(agent.cost, agent.unpriced),
        clock(seconds),
    ]
    return "  ".join(parts)


class LiveView:
    """Repaints at most twelve times a second while events come, and once a second while none do."""

    def __init__(self, color: bool, console: "Console | None" = None) -> None:
        from rich.console import Console  # heavy: late on purpose

        self._console = console or Console(stderr=True, no_color=not color, highlight=False)
        self._lines = PlainLines(Detail.WARNINGS, waits=False)
        self._state = ViewState()
        self._changed = asyncio.Event()
        self._over = asyncio.Event()
        self._writing = asyncio.Lock()  # rich counts the lines it has to take back; two writers confuse it
        self._begun = time.monotonic()

    async def follow(self, feed: Feed) -> None:
        """Show the events of a feed until it is closed and empty."""
        from rich.live import Live  # heavy: late on purpose

        live = Live(console=self._console, auto_refresh=False, transient=True)
        live.start()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._paint(live))
                async for event in feed:
                    await self._take(event)
                self._over.set()
                self._changed.set()
        finally:
            live.update(self._picture(nothing=True))
            live.stop()

    async def _take(self, event: Event) -> None:
        self._state = reduce(self._state, event)
        self._changed.set()
        said = self._lines.of(event)
        if said:
            from rich.text import Text  # heavy: late on purpose

            async with self._writing:
                await asyncio.to_thread(self._console.print, Text(said.rstrip("\n"), STYLES["waiting"]))

    async def _paint(self, live: object) -> None:
        from rich.live import Live  # heavy: late on purpose

        assert isinstance(live, Live)
        while not self._over.is_set():
            self._changed.clear()
            async with self._writing:
                live.update(self._picture())
                await asyncio.to_thread(live.refresh)
            await _within(self._over, FRAME)
            await _within(self._changed, 1 - FRAME)

    def _picture(self, nothing: bool = False) -> "Text":
        from rich.text import Text  # heavy: late on purpose

        text = Text(no_wrap=True, overflow="crop")
        if nothing:
            return text
        width = max(self._console.width - 1, 20)
        shown = rows(self._state, time.monotonic() - self._begun, width, time.time())
        for number, (line, style) in enumerate(shown[: max(self._console.height - 2, 1)]):
            text.append(("\n" if number else "") + line, style)
        return text


async def _within(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, at most so long."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
