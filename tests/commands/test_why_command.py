"""/why: the person asks for the decision behind a line, beside an agent."""

from pathlib import Path

import pytest

from loomkin.errors import UsageError
from tests.commands.test_commands import root as root
from tests.commands.test_commands import talk

DECIDED = {
    "calls": [
        {
            "name": "decision_log",
            "arguments": {
                "kind": "decision",
                "title": "Keep notes in a file",
                "rejected": [{"title": "A wiki", "reason": "nobody looks"}],
            },
        },
        {"name": "file_write", "arguments": {"path": "notes.txt", "content": "one note to keep\n"}},
    ]
}


@pytest.mark.feature("C5")
async def test_the_person_asks_why_a_line_is_there(root: Path, own_machine: Path) -> None:
    async with talk(root, own_machine, DECIDED, {"text": "Noted."}) as one:
        await one.say("write a note")
        told = await one.run("why notes.txt:1")
        assert "decided: d1 Keep notes in a file [likely: recorded when the line was written]" in told
        assert "rejected: d2 A wiki: nobody looks" in told
        assert "write a note" in told
        with pytest.raises(UsageError, match="has 1 line: there is no line 4"):
            await one.run("why notes.txt:4")
