"""A keeper that was made is told in one line, on the screen, in plain lines and in the stream."""

import json
from pathlib import Path

import jsonschema
import pytest

from loomkin.records.event import Event, TurnStarted
from loomkin.records.ids import KeeperId, MessageId, SessionId
from loomkin.records.keeper import Card, Keeper, KeeperKind
from loomkin.records.keeper_event import KeeperMade
from loomkin.ui.plain import Detail, PlainLines
from loomkin.ui.stream_messages import StreamMessages
from loomkin.ui.transcript import Block, Kind, Transcript

LINE = "context 82 % -> 41 %: 212 messages moved to keeper k7 (recall with @k7)"
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "stream-json.schema.json").read_text())


def made(count: int = 212) -> Event:
    ids = tuple(MessageId(f"m{number}") for number in range(count))
    kept = Keeper(
        KeeperId("k7"), KeeperKind.CONTEXT, "coder", SessionId("s"), Card("The parser"), ids, tokens=48_200
    )
    return Event(1, 1.7e9, SessionId("s"), "coder", "", KeeperMade(kept, 82, 41))


@pytest.mark.feature("C6")
def test_the_person_sees_one_line() -> None:
    lines = PlainLines(Detail.ACTIVITY)
    lines.of(Event(0, 1.7e9, SessionId("s"), "coder", "", TurnStarted(1, "person")))
    assert lines.of(made()) == f"coder: {LINE}\n"
    assert PlainLines(Detail.WARNINGS).of(made()) == ""
    assert Transcript().take(made()) == [Block(Kind.NOTICE, LINE)]
    assert "1 message moved" in Transcript().take(made(1))[0].text


@pytest.mark.feature("C6")
def test_the_stream_has_a_line_that_fits_the_schema() -> None:
    [line] = StreamMessages("openai/fake", {"coder": "coder"}).of(made())
    jsonschema.Draft202012Validator(SCHEMA).validate(line)
    assert (line["subtype"], line["keeper_id"], line["messages"]) == ("keeper", "k7", 212)
    assert (line["before_percent"], line["after_percent"]) == (82, 41)
