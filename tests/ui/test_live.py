"""The live view shows what goes on in a few short lines, and leaves nothing behind."""

import io
import re

import pyte
from rich.console import Console

from loomkin.records.event import CallStarted, NoticeGiven, QuestionAsked, TextStreamed, TurnStarted
from loomkin.runtime.bus import Bus
from loomkin.ui.live import LiveView, preview, rows
from loomkin.ui.state import ViewState, reduce
from tests.ui.facts import event, job, used


def seen(*facts: object) -> ViewState:
    state = ViewState()
    for fact in facts:
        state = reduce(state, event(fact))
    return state


def test_a_row_tells_agent_state_step_tokens_money_and_time() -> None:
    state = seen(
        TurnStarted(1, "person"), used(cost=110_000_000_000), CallStarted("c", "shell", '{"command":"make"}')
    )
    (first, _), (second, _) = rows(state, 42.4, 80)
    assert first == "● coder  working  step 2  130 tok  $0.1100  0:42"
    assert second == "  shell make"


def test_the_preview_keeps_the_last_six_lines_within_the_width() -> None:
    text = "\n".join(f"line {number} " + "x" * 90 for number in range(20))
    lines = preview(text, 40)
    assert len(lines) == 6
    assert max(map(len, lines)) <= 40
    assert preview("a\x1b[31mb", 40) == ["ab"]
    shown = rows(seen(TextStreamed(text), QuestionAsked("q", "Which one?" * 20, ())), 1, 40)
    assert len(shown) == 8
    assert all(len(line) <= 40 for line, _ in shown)


async def test_the_view_paints_while_it_runs_and_is_gone_afterwards() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=60, height=12, no_color=True, legacy_windows=False)
    bus = Bus()
    feed = bus.feed()
    for one in job()[:-1]:
        bus.publish(one)
    bus.publish(event(NoticeGiven("mind the gap", "warning")))
    feed.close()
    await LiveView(color=False, console=console).follow(feed)
    written = out.getvalue()
    assert "\x1b[2J" not in written
    assert not re.search(r"\x1b\[3\d", written)
    screen = pyte.Screen(60, 12)
    pyte.Stream(screen).feed(written.replace("\n", "\r\n"))
    shown = [line.rstrip() for line in screen.display if line.strip()]
    assert shown == ["coder: mind the gap"]
    assert not screen.cursor.hidden
