"""Letters that an agent still owes something for stay in its window."""

from pathlib import Path

import pytest

from loomkin.agent.turn import Limits
from loomkin.agent.view import CARD
from loomkin.records.ids import MailId, MessageId, TaskId
from loomkin.records.mail import Mail, MailKind
from loomkin.records.message import Message, Role, Text
from loomkin.team.mailroom import in_words
from loomkin.team.open_matters import OpenMatters
from loomkin.team.transitions import Actor, Verb
from tests.scenarios.conftest import Bench, call, said
from tests.scenarios.team.conftest import asked
from tests.team.conftest import Script, at_work
from tests.team.test_board import a_board, a_task

SPAWN = {"calls": [call("team_spawn", role="coder", work="Read all the parts.")]}


def letter(identity: str, kind: MailKind, task: str = "") -> Mail:
    return Mail(MailId(identity), "lead", "coder", kind, "Mend mean.", 0.0, task=TaskId(task))


def heard(mail: Mail) -> Message:
    return Message(MessageId("m"), Role.USER, (Text(in_words(mail, 0.0)),), "lead", 0.0)


@pytest.mark.feature("C6")
async def test_a_task_that_has_not_ended_and_a_question_without_an_answer_stay(
    bench: Bench, home: Path
) -> None:
    script: Script = {
        "concierge": [SPAWN, *[{"text": "Noted."}] * 3],
        "coder": [{"text": "Read."}],
    }
    async with at_work(bench, home, script) as (session, company, _):
        await session.send("Read it.", Limits(20))
        member = company.team.member("coder")
        board, _ = a_board()
        board.add(a_task(owner="coder"), ())
        stays = OpenMatters(company.team, board, "coder")
        order, question = letter("m7", MailKind.CONTROL, "t1"), letter("m8", MailKind.QUESTION)
        assert stays(heard(order))
        assert not OpenMatters(company.team, board, "tester")(heard(order)), "it is another one's task"
        assert not stays(heard(question))
        member.letters = [question]
        assert stays(heard(question))
        assert not stays(heard(letter("m9", MailKind.CHAT)))
        board.move("t1", Verb.CANCEL, "lead", "not needed", role=Actor.LEAD)
        assert not stays(heard(order)), "its task has ended"


@pytest.mark.feature("C6")
async def test_a_teammates_window_is_emptied_like_any_other_and_its_order_stays(
    bench: Bench, home: Path
) -> None:
    for number in range(6):
        lines = (f"value_{number}_{line} = {line} * {number}  # of part {number}\n" for line in range(250))
        bench.write(f"part{number}.py", "".join(lines))
    bench.write(".loomkin/config.toml", '[models."openai/fake-model"]\nwindow = 24000\nmax_output = 2000\n')
    reads = [{"calls": [call("file_read", path=f"part{number}.py")]} for number in range(6)]
    script: Script = {
        "concierge": [SPAWN, *[{"text": "Noted."}] * 3],
        "coder": [*reads, {"text": "All read."}],
    }
    async with at_work(bench, home, script) as (session, company, server):
        await session.send("Read it.", Limits(20))
        last = said(asked(server, "coder")[-1])
        shown = company.team.member("coder").agent.window.shown
    assert "Read all the parts." in last
    assert '<keeper id=\\"k1\\"' in last
    assert "value_0_7 " not in last
    assert any(one.message.id.startswith(CARD) for one in shown)
