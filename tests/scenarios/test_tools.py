"""Each tool as a model meets it: what it says about a good call and a bad one, read in the next request."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.scenarios.conftest import CALC, Bench, bodies, call, said

DONE = {"text": "Done."}
YOLO = ("--permission-mode", "yolo")
EDITS = ("--permission-mode", "edits")
HEREDOC = "apply_patch <<'EOF'\n{}\nEOF"


def results(body: dict[str, Any]) -> list[str]:
    """What a request says that the tools gave, oldest first."""
    return [message["content"] for message in body["messages"] if message["role"] == "tool"]


async def told(bench: Bench, *calls: dict[str, Any], words: tuple[str, ...] = YOLO) -> list[str]:
    """Let a model plan the calls, a message each; the texts that it reads."""
    async with bench.model(*({"calls": [one]} for one in calls), DONE) as server:
        ended = await bench.run("ask", "go", *words)
    assert (ended.code, ended.out) == (0, "Done.\n"), ended.err
    return results(bodies(server)[-1])[-len(calls) :]


def update(path: str, old: str, new: str) -> str:
    return f"*** Update File: {path}\n@@\n-{old}\n+{new}\n"


def patch(*files: str) -> str:
    return f"*** Begin Patch\n{''.join(files)}*** End Patch"


@pytest.mark.feature("A2")
async def test_a_file_is_written_whole_and_an_unread_one_is_not_shrunk(bench: Bench):
    long = bench.write("long.txt", "line\n" * 300)
    made, unread, outside, read, shrunk = await told(
        bench,
        call("file_write", path="new/a.py", content="x = 1\n"),
        call("file_write", path="long.txt", content="short\n"),
        call("file_write", path="../out.txt", content="x"),
        call("file_read", path="long.txt"),
        call("file_write", path="long.txt", content="shorter\n"),
    )
    assert made.startswith("Created new/a.py: +1 -0")
    assert (bench.root / "new/a.py").read_text() == "x = 1\n"
    assert unread.startswith("long.txt exists with 300 lines (1500 characters) and you have not read it")
    assert "only 1 lines" in unread
    assert "Read it with file_read first" in unread
    assert "outside of the workspace" in outside
    assert not (bench.root.parent / "out.txt").exists()
    assert "300 lines" in read
    assert shrunk.startswith("Changed long.txt: +1 -300")
    assert long.read_text() == "shorter\n"


@pytest.mark.feature("A2")
async def test_only_an_old_text_that_was_not_found_counts_as_a_failure(bench: Bench):
    bench.write("twice.txt", "again\nagain\n")
    several = call("file_edit", path="twice.txt", old="again", new="once")
    nowhere = call("file_edit", path="twice.txt", old="somewhere else", new="once")
    *_, first, second = await told(bench, several, several, nowhere, nowhere)
    assert "This is failure" not in first
    assert "This is failure 2 on this file" in second


@pytest.mark.feature("A2")
async def test_a_patch_of_two_files_applies_whole_or_not_at_all(bench: Bench):
    fine = update("calc.py", "    return value * 2", "    return 2 * value")
    refused, applied, shapeless = await told(
        bench,
        call("file_patch", patch=patch(fine, update("test_calc.py", "no such line", "x"))),
        call(
            "file_patch",
            patch=patch(
                fine, update("test_calc.py", "from calc import mean", "from calc import mean, double")
            ),
        ),
        call("file_patch", patch="change calc.py please"),
    )
    assert refused.startswith("The old text of hunk 1 is not in test_calc.py.")
    assert "No file of the patch was changed." in refused
    assert "Changed calc.py: +1 -1" in applied
    assert "Changed test_calc.py: +1 -1" in applied
    assert "*** Begin Patch" in shapeless
    assert (bench.root / "calc.py").read_text() == CALC.replace("value * 2", "2 * value")


@pytest.mark.feature("D4")
async def test_files_and_texts_are_found_and_a_wrong_pattern_is_explained(bench: Bench):
    bench.write(".gitignore", "built/\n")
    bench.write("built/made.py", "def mean(): ...\n")
    files, none, nowhere, lines, wrong, lost, unmatched = await told(
        bench,
        call("file_search", pattern="*.py"),
        call("file_search", pattern="*.rs"),
        call("file_search", pattern="*.py", path="nowhere"),
        call("content_search", pattern="def mean"),
        call("content_search", pattern="mean("),
        call("content_search", pattern="mean", path="nowhere"),
        call("content_search", pattern="no_such_word"),
    )
    assert sorted(files.splitlines()) == ["calc.py", "test_calc.py"]
    assert none == "No file matches *.rs in . or below."
    assert nowhere == "There is no folder nowhere. Look with directory_list."
    assert lines == "calc.py\n1:def mean(values):"
    assert wrong.startswith("The pattern has a ( without its ).")
    assert lost == "There is no nowhere. Use file_search to find it."
    assert unmatched == "No line matches `no_such_word`."


@pytest.mark.feature("D4")
async def test_a_folder_is_listed_and_a_file_is_no_folder(bench: Bench):
    bench.write("deep/er/est/x.py", "1\n")
    tree, file = await told(bench, call("directory_list"), call("directory_list", path="calc.py"), words=())
    assert "calc.py  132 B" in tree
    assert "deep/\n    er/" in tree
    assert "x.py" not in tree, "two levels unless told"
    assert file == "calc.py is not a folder. Read it with file_read, or name its folder."


@pytest.mark.feature("D4")
async def test_reading_what_is_not_there_names_what_is(bench: Bench):
    bench.write("image.png", "\x00\x01")
    missing, binary, folder, past, part, named, unnamed = await told(
        bench,
        call("file_read", path="calculator.py"),
        call("file_read", path="image.png"),
        call("file_read", path="."),
        call("file_read", path="calc.py", offset=50),
        call("file_read", path="calc.py", offset=6, limit=1),
        call("file_read", path="calc.py", symbol="double"),
        call("file_read", path="calc.py", symbol="Calc.doubel"),
        words=(),
    )
    assert missing.startswith("There is no file calculator.py. In its folder: calc.py")
    assert "is not text" in binary
    assert ". is a folder:" in folder
    assert "There is no line 50: the file has 7." in past
    assert "Lines 6 to 6 only; go on with offset=7." in part
    assert part.endswith("     6→def double(value):")
    assert "Lines 6 to 7, the end of the file.\n     6→def double(value):\n     7→" in named
    assert unnamed == "calc.py has no Calc.doubel. Near it: double."


@pytest.mark.feature("E5")
async def test_a_command_tells_its_exit_code_and_keeps_what_was_cut(bench: Bench):
    failed, long, unknown = await told(
        bench,
        call("shell", command="echo out; echo err >&2; exit 3"),
        call("shell", command="seq 1 20000"),
        call("shell", command="no_such_command_here"),
    )
    assert failed == "out\nerr\nexit 3"
    shown = long.splitlines()
    assert shown[0] == "1"
    assert shown[-2:] == ["20000", "exit 0"]
    assert len(long) < 30_000
    assert "\n10000\n" not in long
    assert "exit 127: a command was not found" in unknown
    kept = re.search(r"\.loomkin/outputs/\S+?(?=[\s:;,)\]]|\.\s|\.$)", long)
    assert kept is not None, "the place of the whole output is named"
    (middle,) = await told(
        bench, call("file_read", path=kept[0], offset=10_000, limit=1), words=("-c", *EDITS)
    )
    assert middle.endswith("→10000")


@asynccontextmanager
async def fifo(bench: Bench) -> AsyncIterator[int]:
    """The reading end of a pipe named `alive`, which ends when its last writer does."""
    os.mkfifo(bench.root / "alive")
    descriptor = os.open(bench.root / "alive", os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(descriptor, True)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@pytest.mark.feature("E5")
async def test_a_slow_command_goes_to_the_background_and_can_be_killed(bench: Bench):
    async with fifo(bench) as alive:
        slow, looked, killed, again, unknown = await told(
            bench,
            call("shell", command="exec >> alive; echo here; echo seen >&2; exec sleep 600", timeout=0.5),
            call("shell_output", handle="out1"),
            call("shell_output", handle="out1", kill=True),
            call("shell_output", handle="out1"),
            call("shell_output", handle="out9"),
        )
        async with asyncio.timeout(5):
            assert await asyncio.to_thread(os.read, alive, 100) == b"here\n"
            assert await asyncio.to_thread(os.read, alive, 100) == b"", "the last writer is gone"
    assert slow.startswith("seen\n")
    assert "now in the background: handle out1. Read it with shell_output." in slow
    assert "(nothing new)\nRunning for" in looked
    assert "ended by SIGTERM" in killed
    assert "ended by SIGTERM" in again
    assert unknown.startswith("There is no command 'out9' here.")


@pytest.mark.feature("E5")
async def test_a_command_may_begin_in_the_background_and_be_waited_for(bench: Bench):
    begun, waited = await told(
        bench,
        call("shell", command="sleep 0.3; echo late; exit 4", background=True),
        call("shell_output", handle="out1", wait=20),
    )
    assert begun == "Running in the background; read it with shell_output, handle out1."
    assert waited == "late\nexit 4"


@pytest.mark.feature("A2")
async def test_a_patch_typed_behind_a_folder_change_changes_the_file_of_that_folder(bench: Bench):
    bench.write("sub/note.txt", "old\n")
    bench.write("note.txt", "old\n")
    typed = HEREDOC.format(patch("*** Modify File: note.txt\n@@\n-old\n+new\n"))
    (applied,) = await told(bench, call("shell", command=f"cd sub && {typed}"))
    assert applied.startswith("Changed sub/note.txt")
    assert (bench.root / "sub/note.txt").read_text() == "new\n"
    assert (bench.root / "note.txt").read_text() == "old\n"


@pytest.mark.feature("E1")
async def test_a_patch_typed_into_the_shell_is_judged_and_applied_as_a_patch(bench: Bench):
    made = call("shell", command=HEREDOC.format(patch("*** Add File: made.txt\n+hello\n")))
    rules = call("shell", command=HEREDOC.format(patch("*** Add File: .git/hooks/post-commit\n+x\n")))
    wrong = call("shell", command=HEREDOC.format(patch(update("calc.py", "no such line", "x"))))
    (asked,) = await told(bench, made, words=())
    assert asked.startswith("Not permitted")
    assert not (bench.root / "made.txt").exists()
    applied, protected, refused = await told(bench, made, rules, wrong, words=EDITS)
    assert applied.startswith("Created made.txt: +1 -0")
    assert (bench.root / "made.txt").read_text() == "hello\n"
    assert protected.startswith("Not permitted")
    assert not (bench.root / ".git/hooks/post-commit").exists()
    assert "The old text of hunk 1 is not in calc.py." in refused


@pytest.mark.feature("E1")
async def test_git_reads_freely_and_commits_only_under_a_rule(bench: Bench):
    bench.write("calc.py", CALC.replace(" + 1", ""))
    commit = call("git", operation="commit", args="-am 'Mend the mean'")
    status, short, refused, pushed, option = await told(
        bench,
        call("git", operation="status"),
        call("git", operation="status", args="--short"),
        commit,
        call("git", operation="push"),
        call("git", operation="log", args="--output=stolen"),
        words=EDITS,
    )
    assert "modified:   calc.py" in status
    assert short.splitlines()[0] == " M calc.py", "the first column tells what is staged"
    assert refused.startswith("Not permitted: nobody is there to allow it. No rule covers git commit")
    assert "must be one of status, diff" in pushed
    assert "the option --output is not offered here" in option
    assert bench.git("log", "--format=%s") == "First\n"
    named = call("git", operation="commit", args="-m 'Mend the mean' -- calc.py")
    every, done = await told(bench, commit, named, words=("--allowed-tools", "git(commit *)"))
    assert "that would take along what you did not change: calc.py" in every
    assert "Mend the mean" in done
    assert bench.git("log", "--format=%s").splitlines() == ["Mend the mean", "First"]


@pytest.mark.feature("E1")
async def test_a_long_diff_is_cut_by_file_and_kept_whole_and_new_files_are_named(bench: Bench):
    bench.write("calc.py", "".join(f"value_{number} = {number}\n" for number in range(2000)))
    bench.write("sub/new.py", "fresh = 1\n")
    bench.write("test_calc.py", "small = 1\n")
    shown, of_one, staged = await told(
        bench,
        call("git", operation="diff"),
        call("git", operation="diff", args="-- test_calc.py"),
        call("git", operation="diff", args="--cached"),
    )
    named = re.search(r"Not or not all shown: calc.py \(\+2000 -7\)\. .* whole output: (\S+)", shown)
    assert named
    assert "more lines of this file" in shown
    assert "+value_1000 = 1000" not in shown
    assert "+small = 1" in shown
    assert "+value_1000 = 1000" in (bench.root / named[1]).read_text()
    new = "New files that are not in this diff (file_read shows them): "
    assert f"\n{new}sub/new.py." in shown
    assert "+small = 1" in of_one
    assert new not in of_one + staged


@pytest.mark.feature("E1")
@pytest.mark.parametrize("rule", ["git", "shell(git commit *)", "Bash(git commit:*)"])
async def test_rules_for_git_hold_for_the_tool_and_for_the_shell(bench: Bench, rule: str):
    bench.write("new.py", "")
    by_tool = call("git", operation="commit", args="--allow-empty -m one")
    by_shell = call("shell", command="git commit -q --allow-empty -m two")
    await told(bench, by_tool, by_shell, words=("--allowed-tools", rule))
    assert bench.git("log", "--format=%s").splitlines() == ["two", "one", "First"]
    (pushed,) = await told(bench, call("shell", command="git push"), words=("--allowed-tools", rule))
    assert pushed.startswith("Not permitted")


@asynccontextmanager
async def page(text: str) -> AsyncIterator[str]:
    """A page on loopback; its address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(text)}\r\n\r\n"
        writer.write((head + text).encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


@pytest.mark.feature("E1")
async def test_pages_are_fetched_once_the_tool_is_found_and_the_host_is_allowed(bench: Bench):
    steps = [call("tool_search", query="bake bread"), call("tool_search", query="fetch a web page")]
    async with page("<title>Notes</title><p>The <b>answer</b> is 42.</p>") as url:
        get = call("web_fetch", url=url)
        async with bench.model(*({"calls": [one]} for one in (*steps, get)), DONE) as server:
            refused = await bench.run("ask", "go", "--output-format", "json")
        asked = bodies(server)
        nothing, found, first = results(asked[-1])
        get_again, file = call("web_fetch", url=url), call("web_fetch", url="file:///etc/passwd")
        fetched, local = await told(
            bench, get_again, file, words=("-c", "--allowed-tools", "web_fetch(domain:127.0.0.1)")
        )
        (private,) = await told(bench, get_again, words=("-c", "--allowed-tools", "web_fetch(domain:*)"))
    names = [[tool["function"]["name"] for tool in body["tools"]] for body in asked]
    assert "web_fetch" not in names[1]
    assert "web_fetch" in names[2]
    assert "is inside this machine or network" in private
    assert nothing.startswith("No further tool fits.")
    assert found.startswith("You can call these from now on:\nweb_fetch: ")
    assert first.startswith("Not permitted: nobody is there to allow it. It talks to 127.0.0.1.")
    assert [one["tool_name"] for one in refused.json["permission_denials"]] == ["web_fetch"]
    assert url in fetched
    assert "Notes" in fetched
    assert "The answer is 42." in fetched
    assert "root:" not in local


@pytest.mark.feature("A13")
async def test_a_question_without_a_person_is_answered_with_an_assumption_to_name(bench: Bench):
    absent, many = await told(
        bench,
        call("ask_person", question="Tabs or spaces?", options=["tabs", "spaces"]),
        call("ask_person", question="Which?", options=list("abcde")),
    )
    assert absent.startswith("Nobody is there to answer.")
    assert "name this assumption in your answer" in absent
    assert many == "At most 4 options. Ask again with fewer."


@pytest.mark.feature("D2")
async def test_a_person_changes_the_file_between_reading_and_editing(bench: Bench):
    steps = (
        {"calls": [call("file_read", path="calc.py")]},
        {"calls": [call("file_write", path="calc.py", content="x = 1\n")], "wait_for": "changed"},
        {"calls": [call("file_edit", path="calc.py", old="    return value * 2", new="    return 0")]},
        {"calls": [call("file_edit", path="calc.py", old="len(values) + 1", new="len(values)")]},
        DONE,
    )
    async with bench.model(*steps) as server:
        process = await bench.start("ask", "go", *YOLO)
        await server.until(lambda entries: len(entries) == 2)
        bench.write("calc.py", CALC.replace("value * 2", "value * 3"))
        server.release("changed")
        out, err = await process.communicate()
    assert (process.returncode, out) == (0, b"Done.\n"), err
    _, written, edited, elsewhere = results(bodies(server)[-1])
    assert written.startswith("calc.py changed since you read it")
    assert "Read it again with file_read" in written
    assert edited.startswith("The old text is not in calc.py.")
    assert "value * 3" in edited
    assert "The file changed since you read it." in edited
    assert elsewhere.startswith("Changed calc.py: +1 -1")
    assert "the file changed since you read it; the old text still matched exactly once" in elsewhere
    assert (bench.root / "calc.py").read_text() == CALC.replace("value * 2", "value * 3").replace(" + 1", "")


@pytest.mark.feature("E1")
async def test_backslashes_do_not_lead_past_the_permissions(bench: Bench):
    hook = "*** Add File: .git\\hooks\\pre-commit\n+exit 1\n"
    texts = await told(
        bench,
        call("file_write", path=".git\\hooks\\post-commit", content="exit 1\n"),
        call("file_edit", path=".git\\config", old="[core]", new="[core] "),
        call("file_patch", patch=patch(hook)),
        call("shell", command=HEREDOC.format(patch(hook))),
        words=EDITS,
    )
    assert all(text.startswith("Not permitted") for text in texts), texts
    assert "[core] " not in (bench.root / ".git/config").read_text()
    assert not (bench.root / ".git/hooks/pre-commit").exists()
    assert not (bench.root / ".git/hooks/post-commit").exists()


@pytest.mark.feature("E5")
async def test_commands_that_cannot_keep_their_output_end_the_run_with_54(bench: Bench):
    (bench.root / ".loomkin").mkdir()
    bench.write(".loomkin/outputs", "a file where the folder should be")
    async with bench.model({"calls": [call("shell", command="true")]}, {"text": "never"}) as server:
        ended = await bench.run("ask", "--permission-mode", "yolo", "--output-format", "json", "go")
    assert ended.code == 54
    assert "outputs" in ended.json["errors"][0]
    assert len(server.chats) == 1
    async with bench.model({"text": "Back again."}) as server:
        (bench.root / ".loomkin" / "outputs").unlink()
        again = await bench.run("ask", "-c", "go on")
    assert again.out == "Back again.\n"
    assert said(bodies(server)[0]).count('"tool_call_id"') == 1
