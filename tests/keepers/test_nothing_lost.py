"""Long random runs with forced offloads: nothing is lost, pairs stay whole, every provider would take it."""

import asyncio
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from loomkin.agent.history import INTERRUPTED
from loomkin.agent.window import Window
from loomkin.errors import ContextLengthError
from loomkin.records.event import WindowCleared
from loomkin.records.keeper import Form
from loomkin.records.message import RAN
from loomkin.store import rebuild
from loomkin.workspace.account import account
from tests.keepers.desk import SESSION, Desk, check_wires, desk, step, text_of, words

AGENTS = ("coder", "tester", "coder/researcher")
SIZE = 6_000

sizes = st.sampled_from([1, 5, 40, 200, 700, 1_500])
deeds = st.one_of(
    st.tuples(st.just("person"), sizes),
    st.tuples(st.just("attached"), sizes),
    st.tuples(st.just("ran"), sizes),
    st.tuples(st.just("note"), sizes),
    st.tuples(st.just("mail"), sizes),
    st.tuples(st.just("answer"), sizes),
    st.tuples(st.just("step"), st.lists(sizes, min_size=1, max_size=4)),
    st.tuples(st.just("step"), st.lists(sizes, min_size=1, max_size=4)),
    st.tuples(st.just("noted step"), st.lists(sizes, min_size=1, max_size=3)),
    st.tuples(st.just("offload"), st.just(0)),
    st.tuples(st.just("refused"), st.just(0)),
    st.tuples(st.just("resume"), st.just(0)),
    st.tuples(st.just("clear"), st.just(0)),
)
runs = st.lists(st.tuples(st.sampled_from(AGENTS), deeds), min_size=5, max_size=60)


@settings(max_examples=20, deadline=None)
@given(runs)
def test_every_message_is_in_the_window_or_in_a_keeper_and_every_request_is_valid(
    run: list[tuple[str, tuple[str, object]]],
) -> None:
    asyncio.run(played(run))


async def played(run: list[tuple[str, tuple[str, object]]]) -> None:
    async with desk(SIZE) as table:
        windows = {name: table.window(name) for name in AGENTS}
        for number, (name, (deed, size)) in enumerate(run):
            window = windows[name]
            if not window.transcript.messages:
                window.transcript.say("<environment>\nthe place\n</environment>", "loomkin")
            if deed == "resume":
                before = window.load().messages
                windows[name] = window = await table.again(name)
                assert window.load().messages == before
            elif deed == "clear":
                if name == AGENTS[0]:
                    await clear(table, window)
                continue
            else:
                await do(window, deed, size, number)
            await hold(table, name, window)
        assert rebuild.differences(table.database) == []


async def do(window: Window, deed: str, size: object, number: int) -> None:
    transcript = window.transcript
    if isinstance(size, list):
        note = "A teammate waits." if deed == "noted step" else ""
        step(window, *(words(one, f"r{number}_") for one in size), note=note)
    elif isinstance(size, int):
        text = words(size, f"w{number}_")
        match deed:
            case "person":
                transcript.say(f"Person {number}: {text}", "person")
            case "attached":
                file = f'<file path="a{number}.py" hash="0">\n{text}\n</file>'
                transcript.say(f"See {number}", "person", file)
            case "ran":
                transcript.say(f"{RAN}ls {number}\n{text}", "person")
            case "note":
                transcript.say(f"Note {number}: {text}", "loomkin")
            case "mail":
                transcript.say(f'<mail id="m{number}" from="lead" kind="chat">\n{text}\n</mail>', "lead")
            case "answer":
                step(window, text=f"Done {number}. {text}")
            case "offload":
                await window.offload(f"topic {number}")
            case "refused":
                await window.refused(window.load())


async def clear(table: Desk, window: Window) -> None:
    await window.clear()
    table.journal.record(WindowCleared(), SESSION)
    await table.journal.flush()
    [row] = table.database.rows("SELECT cleared FROM sessions")
    table.cleared = int(row[0])
    assert window.shown == []


async def hold(table: Desk, name: str, window: Window) -> None:
    """What must be true at any moment."""
    with suppress(ContextLengthError):
        await window.fit()
    load = window.load()
    check_wires(load)
    counted = account(table.database, SESSION, name, await table.shown(window))
    assert counted.lost == 0
    text = text_of(load)
    assert INTERRUPTED not in text
    clipped = {one.message.id for one in window.shown if one.form is Form.CLIPPED}
    for message in window.transcript.messages:
        if message.sender == "person" and not message.text.startswith(RAN) and message.id not in clipped:
            assert getattr(message.parts[0], "text", "") in text
    if window.transcript.messages:
        assert window.shown[0].original is window.transcript.messages[0]
        assert window.shown[0].form is Form.WHOLE
