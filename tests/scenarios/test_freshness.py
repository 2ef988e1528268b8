"""A person changes a file between an agent's read and its write: nothing is lost, and the agent is told."""

import pytest

from tests.scenarios.conftest import CALC, Bench, bodies, call, said

NEWS = "Changed since you read it, not by you"


@pytest.mark.feature("D2")
async def test_a_persons_edit_between_read_and_write_is_kept_and_told_once(bench: Bench):
    theirs = CALC.replace("value * 2", "value + value").replace(" + 1", "")
    steps = (
        {"calls": [call("file_read", path="calc.py")]},
        {"calls": [call("file_write", path="calc.py", content="mine = 1\n")], "wait_for": "edited"},
        {"calls": [call("file_read", path="calc.py")]},
        {"calls": [call("file_write", path="calc.py", content="mine = 1\n")], "wait_for": "deleted"},
        {"text": "The person has mended it."},
    )
    async with bench.model(*steps) as server:
        process = await bench.start("ask", "--permission-mode", "yolo", "mend it")
        await server.until(lambda chats: len(chats) == 2)
        (bench.root / "calc.py").write_text(theirs)
        server.release("edited")
        await server.until(lambda chats: len(chats) == 4)
        assert (bench.root / "calc.py").read_text() == theirs
        (bench.root / "calc.py").unlink()
        server.release("deleted")
        out, err = await process.communicate()
    assert (process.returncode, out) == (0, b"The person has mended it.\n"), err
    asked = bodies(server)
    assert NEWS not in said(asked[1])
    note = asked[2]["messages"][-1]["content"]
    assert note.startswith(NEWS)
    assert "calc.py, by the person or a program outside of loomkin" in note
    assert "+    return value + value" in note
    assert "-    return value * 2" in note
    assert "changed since you read it" in asked[2]["messages"][-2]["content"]
    assert said(asked[3]).count(NEWS) == 1
    assert asked[3]["messages"][: len(asked[2]["messages"])] == asked[2]["messages"]
    assert "It had been deleted since you read it, not by you" in asked[4]["messages"][-1]["content"]


@pytest.mark.feature("D2")
async def test_what_a_command_of_the_agent_changed_is_said_in_its_result_and_is_no_news(bench: Bench):
    steps = (
        {"calls": [call("file_read", path="calc.py"), call("file_read", path="test_calc.py")]},
        {"calls": [call("shell", command="sed -i 's/value/number/g' calc.py; git mv test_calc.py check.py")]},
        {"text": "Done."},
    )
    async with bench.model(*steps) as server:
        ended = await bench.run("ask", "--permission-mode", "yolo", "rename it")
    assert ended.code == 0, ended.err
    last = bodies(server)[-1]
    assert "different from what you read: calc.py, test_calc.py." in last["messages"][-1]["content"]
    assert NEWS not in said(last)


@pytest.mark.feature("D2")
async def test_moved_and_deleted_files_and_a_checkout_are_told_in_few_lines(bench: Bench):
    names = [f"part{number}.py" for number in range(20)]
    for name in names:
        bench.write(name, f"# {name}\n")
    bench.git("add", ".")
    bench.git("commit", "-qm", "Parts")
    bench.git("switch", "-qc", "other")
    for name in names:
        bench.write(name, f"# {name}, otherwise\n")
    bench.git("commit", "-qam", "Otherwise")
    bench.git("switch", "-q", "main")
    steps = (
        {"calls": [call("file_read", path=name) for name in ("calc.py", "test_calc.py", *names)]},
        {"calls": [call("directory_list", path=".")], "wait_for": "moved"},
        {"calls": [call("directory_list", path=".")], "wait_for": "switched"},
        {"text": "Seen."},
    )
    async with bench.model(*steps) as server:
        process = await bench.start("ask", "look")
        await server.until(lambda chats: len(chats) == 2)
        (bench.root / "calc.py").rename(bench.root / "sums.py")
        (bench.root / "test_calc.py").unlink()
        server.release("moved")
        await server.until(lambda chats: len(chats) == 3)
        bench.git("switch", "-q", "other")
        server.release("switched")
        _, err = await process.communicate()
    assert process.returncode == 0, err
    _, _, moved, switched = bodies(server)
    note = moved["messages"][-1]["content"]
    assert "it was moved to sums.py." in note
    assert "test_calc.py, by the person or a program outside of loomkin: it was deleted." in note
    note = switched["messages"][-1]["content"]
    assert note.startswith("20 files that you read were changed since, not by you, by git, which went from")
    assert len(note) < 400


@pytest.mark.feature("D2")
async def test_a_hook_that_formats_after_an_edit_is_named_and_not_taken_for_the_person(bench: Bench):
    bench.write(
        ".loomkin.toml",
        '[[hooks]]\nevent = "PostToolUse"\nmatcher = "file_edit"\n'
        'command = "sed -i s/value/number/ calc.py"\n',
    )
    steps = (
        {"calls": [call("file_read", path="calc.py")]},
        {"calls": [call("file_edit", path="calc.py", old=" + 1", new="")]},
        {"text": "Done."},
    )
    async with bench.model(*steps) as server:
        ended = await bench.run("ask", "--trust", "--permission-mode", "edits", "mend it")
    assert ended.code == 0, ended.err
    note = bodies(server)[-1]["messages"][-1]["content"]
    assert "- calc.py, by a hook of the person: +" in note
    assert "+def double(number):" in note


@pytest.mark.feature("D2")
@pytest.mark.feature("C12")
async def test_a_session_that_goes_on_hears_what_became_of_its_files_meanwhile(bench: Bench):
    bench.write("notes.txt", "one\n")
    steps = (
        {"calls": [call("file_read", path="calc.py"), call("file_read", path="test_calc.py")]},
        {"calls": [call("file_edit", path="calc.py", old=" + 1", new="")]},
        {"text": "Mended."},
        {"calls": [call("file_write", path="notes.txt", content="mine\n")]},
        {"text": "Seen."},
        {"text": "Nothing new."},
    )
    async with bench.model(*steps) as server:
        assert (await bench.run("ask", "--permission-mode", "edits", "mend it, see @notes.txt")).code == 0
        bench.write("notes.txt", "two\n")
        (bench.root / "test_calc.py").unlink()
        assert (await bench.run("ask", "-c", "--permission-mode", "edits", "go on")).code == 0
        assert (await bench.run("ask", "-c", "and now?")).code == 0
    asked = bodies(server)
    note = asked[3]["messages"][-1]["content"]
    assert note.startswith(f"go on\n\n{NEWS}")
    assert "- test_calc.py, by somebody since that session: it was deleted." in note
    assert "- notes.txt, by somebody since that session: read it again" in note
    assert "- calc.py" not in note
    assert (bench.root / "notes.txt").read_text() == "two\n"
    assert said(asked[5]).count(NEWS) == 1
