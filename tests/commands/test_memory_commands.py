"""/keepers and /recall on a real session; a sub-agent that searches what its caller learnt."""

from pathlib import Path

import pytest

from loomkin.errors import NotFoundError, UsageError
from loomkin.store import sessions
from tests.commands.test_commands import root, talk

__all__ = ["root"]
FACT = "The staging database listens on port 6543 behind the plover gateway."


async def test_the_person_finds_archives_and_brings_back(root: Path, own_machine: Path) -> None:
    async with talk(root, own_machine, {"text": FACT}) as one:
        assert await one.run("keepers") == "No keepers yet: a window that fills up makes them."
        await one.say("Where is staging?")
        await one.run("clear")
        assert "k1    fresh    Where is staging" in await one.run("keepers")
        found = await one.run("recall staging database")
        assert f"  {FACT}" in found
        assert "(k1, m_" in found
        assert await one.run("keepers archive k1") == "k1 is archived."
        assert await one.run("keepers") == "No keeper fits; all are archived: /keepers archived."
        assert "k1    archived" in await one.run("keepers archived")
        assert FACT in await one.run("recall staging database")
        assert await one.run("keepers restore @K1") == "k1 is back."
        assert "k1    fresh" in await one.run("keepers")
        with pytest.raises(UsageError, match="no keeper 'k9'"):
            await one.run("keepers archive k9")
        with pytest.raises(UsageError, match="Name the keeper to archive"):
            await one.run("keepers archive")
        with pytest.raises(UsageError, match="needs words"):
            await one.run("recall ")


async def test_an_agent_that_reads_or_searches_for_nothing_is_told_so_in_few_words(
    root: Path, own_machine: Path
) -> None:
    async with talk(root, own_machine, {"text": FACT}) as one:
        await one.say("Where is staging?")
        await one.run("clear")
        assert one.context.session.memory is not None
        memory = one.context.session.memory.memory
        with pytest.raises(NotFoundError, match="Neither a keeper nor a message is named"):
            await memory.read("coder", "", "", 2, 0)
        with pytest.raises(NotFoundError, match=r"nothing at offset 90000: all of it has \d{3} characters"):
            await memory.read("coder", "k1", "", 2, 90_000)
        assert len(await memory.search("coder", "zyzzyva " * 9_000, "", None, 5)) < 400


async def test_of_a_keeper_one_file_can_be_read_alone(root: Path, own_machine: Path) -> None:
    (root / "src").mkdir()
    for name in ("auth.py", "test_auth.py", "notes.md"):
        (root / "src" / name).write_text(f"whole of {name}\n", encoding="utf-8")
    paths = ("src/auth.py", "src/test_auth.py", "src/notes.md")
    looks = [{"name": "file_read", "arguments": {"path": path}} for path in paths]
    async with talk(root, own_machine, {"calls": looks}, {"text": FACT}) as one:
        await one.say("Where is staging?")
        await one.run("clear")
        assert one.context.session.memory is not None
        memory = one.context.session.memory.memory
        for named in ("auth.py", "src/auth.py", "./src/auth.py"):
            read = await memory.read("coder", "k1", "", 2, 0, named)
            assert "whole of auth.py" in read
            assert not [text for text in ("whole of test_auth.py", "whole of notes.md", FACT) if text in read]
        with pytest.raises(NotFoundError, match=r"Nothing in keeper k1 was read of 'other\.py'"):
            await memory.read("coder", "k1", "", 2, 0, "other.py")


@pytest.mark.feature("C7")
async def test_a_sub_agent_finds_what_its_caller_learnt(root: Path, own_machine: Path) -> None:
    search = {"calls": [{"name": "context_search", "arguments": {"query": "staging database port"}}]}
    find = {"calls": [{"name": "tool_search", "arguments": {"query": "sub agent find out"}}]}
    send = {"calls": [{"name": "sub_agent", "arguments": {"task": "Find the port of staging."}}]}
    script = [{"text": FACT}, find, send, search, {"text": "It is 6543."}, {"text": "So it is."}]
    async with talk(root, own_machine, *script) as one:
        await one.say("Where is staging?")
        await one.run("clear")
        await one.say("Ask somebody.")
        await one.context.scribe.flush()
        heard = sessions.messages(one.context.database, one.context.session.id, "coder/researcher")
    found = [result.text for message in heard for result in message.results]
    assert len(found) == 1
    assert FACT in found[0]
    assert 'keeper="k1"' in found[0]
