"""In a team each hears who changed a file that it has read: a teammate by name, or the person."""

import pytest

from tests.scenarios.conftest import CALC, Bench, call
from tests.scenarios.team.conftest import asked, last
from tests.scenarios.team.test_claims import DOUBLE, READ, at_work, steps

NEWS = "Changed since you read it, not by you"


@pytest.mark.feature("D2")
async def test_a_teammates_edit_and_command_are_told_with_names_and_the_persons_is_not_theirs(bench: Bench):
    bench.write("notes.txt", "one\ntwo\n")
    look = {"calls": [*READ["calls"], call("file_read", path="notes.txt")]}
    idle = call("directory_list", path=".")
    ann = (
        look,
        {"calls": [idle], "wait_for": "written"},
        {"calls": [idle], "wait_for": "saved"},
        {"text": "Looked.", "wait_for": "end"},
    )
    bob = (
        {"calls": [*READ["calls"]], "wait_for": "seen"},
        {"calls": [DOUBLE]},
        {"calls": [call("shell", command="sed -i s/two/three/ notes.txt")]},
        {"text": "Turned.", "wait_for": "end"},
    )
    async with at_work(bench, ann, bob, "yolo") as server:
        await server.until(lambda _: steps(server, "ann", 2))
        server.release("seen")
        await server.until(lambda _: steps(server, "bob", 4))
        server.release("written")
        await server.until(lambda _: steps(server, "ann", 3))
        told = str(asked(server, "ann")[2]["messages"][-1]["content"])
        bench.write("calc.py", CALC.replace("value * 2", "2 * value").replace(" + 1", ""))
        server.release("saved")
        await server.until(lambda _: steps(server, "ann", 4))
        then = str(asked(server, "ann")[3]["messages"][-1]["content"])
        mine = last(server, "bob")
        server.release("end")
    assert told.startswith(NEWS)
    assert "- calc.py, by bob: +1 -1 (hash " in told
    assert "- notes.txt, while bob ran `sed -i s/two/three/ notes.txt`: +1 -1 (hash " in told
    assert "+    return 2 * value" in told
    assert "- calc.py, by the person or a program outside of loomkin: +1 -1 (hash " in then
    assert "notes.txt" not in then
    assert "2 * value" not in then.replace("     return 2 * value", "")
    assert NEWS not in mine, "what it did itself is no news"
