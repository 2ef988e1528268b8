"""From a line of a file back to the decision behind it, through the real command."""

from typing import Any

import pytest

from tests.scenarios.conftest import Bench, bodies, call, said

YOLO = ("--permission-mode", "yolo")
MEMO = {"title": "Memoise with a dict", "reason": "grows without end"}
ASKED = "Cache what double() gives, but keep it small"


def decide(title: str = "Cache with lru_cache", **more: Any) -> dict[str, Any]:
    """A planned call that logs a decision with a rejected option."""
    return call("decision_log", kind="decision", title=title, confidence=85, rejected=[MEMO], **more)


def edit(old: str, new: str) -> dict[str, Any]:
    """A planned edit of calc.py."""
    return call("file_edit", path="calc.py", old=old, new=new)


def commit(message: str) -> list[dict[str, Any]]:
    """Planned calls that commit what was changed."""
    return [
        call("git", operation="add", args="calc.py"),
        call("git", operation="commit", args=f"-m '{message}'"),
    ]


CACHED = (
    {"text": "A dict would grow; I take lru_cache.", "calls": [decide()]},
    {"calls": [call("file_read", path="calc.py")]},
    {"calls": [edit("    return value * 2", "    return lru_doubled(value)")]},
    {"calls": commit("Cache double")},
    {"text": "Cached and committed."},
)
LINE = "calc.py:7"


@pytest.mark.feature("C5")
async def test_why_names_the_decision_what_was_rejected_and_the_words_three_commits_later(
    bench: Bench,
) -> None:
    async with bench.model(*CACHED):
        done = await bench.run("ask", ASKED, *YOLO)
        assert done.code == 0, done.err
    for number in range(3):
        bench.write(f"note{number}.txt", "x\n")
        bench.git("add", ".")
        bench.git("commit", "-qm", f"Note {number}")
    told = await bench.run("why", LINE)
    assert told.code == 0, told.err
    print(told.out)
    print(bench.git("log", "-4", "--format=%B"))
    assert "decided: d1 Cache with lru_cache (85 %) [sure: the commit names it]" in told.out
    assert "rejected: d2 Memoise with a dict: grows without end" in told.out
    assert ASKED in told.out


@pytest.mark.feature("C5")
async def test_the_decision_knows_the_commit_and_the_branch_that_carry_it(bench: Bench) -> None:
    async with bench.model(*CACHED):
        await bench.run("ask", ASKED, *YOLO)
    graph = (await bench.run("graph", "show", "--json")).json
    nodes = {node["title"]: node for node in graph["nodes"]}
    head, branch = bench.git("rev-parse", "HEAD").strip(), bench.git("branch", "--show-current").strip()
    decision, action = nodes["Cache with lru_cache"], nodes["Commit: Cache double"]
    for node in (decision, action):
        assert (node["commit"], node["branch"], node["files"]) == (head, branch, ["calc.py"])
    assert (action["author"], action["prompt"]) == ("automatic", ASKED)
    assert ("d1", action["id"]) in {(edge["from"], edge["to"]) for edge in graph["edges"]}
    assert f"Loomkin-Decision: d1 {decision['change_id']}\n" in bench.git("log", "-1", "--format=%B")


@pytest.mark.feature("C5")
async def test_a_line_that_is_not_committed_is_known_by_its_recorded_change(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setenv("GIT_COMMITTER_DATE", "2026-01-01T12:00:00Z")
        bench.git("commit", "-q", "--amend", "--no-edit")
    async with bench.model(*CACHED[:3], {"text": "Cached."}):
        await bench.run("ask", ASKED, *YOLO)
    told = (await bench.run("why", LINE)).out
    assert "not committed yet\nwritten by coder, " in told
    assert "decided: d1 Cache with lru_cache (85 %) [likely: recorded when the line was written]" in told
    assert "rejected: d2 Memoise with a dict: grows without end" in told
    untouched = (await bench.run("why", "calc.py:1", "--json")).json["stretches"][0]
    assert (untouched["committed"], untouched["link"], untouched["change"]) == (True, "none", None)


@pytest.mark.feature("C5")
async def test_a_change_without_a_decision_is_told_with_the_words_that_led_to_it(bench: Bench) -> None:
    script = (
        {"text": "I add.", "calls": [edit("    return value * 2", "    return value + value")]},
        {"text": "Done."},
    )
    async with bench.model(*script):
        await bench.run("ask", "Add instead of multiplying", *YOLO)
    bench.git("commit", "-qam", "Add")
    told = (await bench.run("why", LINE)).out
    assert "decided: nothing is on record" in told
    assert "written by coder, " in told
    assert "Add instead of multiplying" in told
    assert "I add." in told


@pytest.mark.feature("C5")
async def test_a_clone_without_the_graph_says_which_decision_the_commit_names(bench: Bench) -> None:
    async with bench.model(*CACHED):
        await bench.run("ask", ASKED, *YOLO)
    (change,) = [
        node["change_id"]
        for node in (await bench.run("graph", "show", "--json")).json["nodes"]
        if node["id"] == "d1"
    ]
    clone = Bench(bench.root.parent / "clone", bench.environ)
    bench.git("clone", "-q", str(bench.root), str(clone.root))
    told = await clone.run("why", LINE)
    assert told.code == 0, told.err
    assert f"decided: d1 {change} (the commit names it, but the graph here does not have it)" in told.out
    assert "Cache double" in told.out
    await clone.run("graph", "add", "decision", "Something else")
    again = (await clone.run("why", LINE, "--json")).json["stretches"][0]
    assert (again["decisions"], again["unknown"]) == ([], [{"id": "d1", "change_id": change}])


@pytest.mark.feature("C5")
async def test_a_repository_without_history_of_loomkin_is_told_from_git_alone(bench: Bench) -> None:
    told = await bench.run("why", "calc.py:2")
    assert told.code == 0
    assert "No session has been recorded here yet." in told.out
    assert ": First" in told.out
    assert "decided: nothing is on record" in told.out
    assert not (bench.root / ".loomkin").exists()


@pytest.mark.feature("C5")
async def test_an_agent_asks_why_before_it_undoes_something(bench: Bench) -> None:
    asks = ({"calls": [call("tool_search", query="why")]}, {"calls": [call("why", path="calc.py", line=7)]})
    async with bench.model(*CACHED, *asks, {"text": "It stays."}) as server:
        await bench.run("ask", ASKED, *YOLO)
        assert (await bench.run("ask", "simplify double()", *YOLO)).code == 0
    told = said(bodies(server)[-1])
    assert "decided: d1 Cache with lru_cache (85 %) [sure: the commit names it]" in told
    assert "rejected: d2 Memoise with a dict: grows without end" in told


@pytest.mark.feature("C5")
async def test_commits_carry_no_trailers_where_the_person_does_not_want_them(bench: Bench) -> None:
    async with bench.model(*CACHED):
        unnamed = {"LOOMKIN__GIT__TRAILERS": "false", "LOOMKIN__GIT__ATTRIBUTION": "none"}
        done = await bench.run("ask", ASKED, *YOLO, environ=unnamed)
        assert done.code == 0, done.err
    assert bench.git("log", "-1", "--format=%B").strip() == "Cache double"
    told = (await bench.run("why", LINE)).out
    assert "decided: d1 Cache with lru_cache (85 %) [sure: recorded when this commit was made]" in told


@pytest.mark.feature("C5")
async def test_a_commit_names_only_the_decisions_on_its_own_files(bench: Bench) -> None:
    logs = {"calls": [decide("About notes", files=["notes.txt"]), decide("About cache", files=["calc.py"])]}
    both = {
        "calls": [edit("value * 2", "2 * value"), call("file_write", path="notes.txt", content="Noted.\n")]
    }
    async with bench.model(logs, {"calls": [call("file_read", path="calc.py")]}, both,
                           {"calls": [call("git", operation="commit", args="-m 'Cache it' -- calc.py")]},
                           {"calls": [call("git", operation="add", args="notes.txt"),
                                      call("git", operation="commit", args="-m 'Note it'")]},
                           {"text": "Done."}):  # fmt: skip
        assert (await bench.run("ask", ASKED, *YOLO)).code == 0
    nodes = {node["title"]: node for node in (await bench.run("graph", "show", "--json")).json["nodes"]}
    about = {
        subject: [
            line for line in bench.git("log", "-1", "--format=%B", commit).splitlines() if "Loomkin" in line
        ]
        for subject, commit in (("cache", "HEAD~1"), ("notes", "HEAD"))
    }
    for subject, lines in about.items():
        node = nodes[f"About {subject}"]
        assert lines == [f"Loomkin-Decision: {node['id']} {node['change_id']}"]


@pytest.mark.feature("C5")
async def test_a_decision_that_was_superseded_says_by_what(bench: Bench) -> None:
    async with bench.model(*CACHED):
        await bench.run("ask", ASKED, *YOLO)
    await bench.run("graph", "pivot", "d1", "It leaks in threads", "Compute it each time")
    told = (await bench.run("why", LINE)).out
    assert "decided: d1 Cache with lru_cache (85 %, superseded) [sure: the commit names it]" in told
    assert "superseded: It leaks in threads" in told
    assert "Compute it each time" in told


@pytest.mark.feature("C5")
async def test_a_clone_that_took_in_the_patch_tells_the_decision_under_its_own_number(bench: Bench) -> None:
    async with bench.model(*CACHED):
        await bench.run("ask", ASKED, *YOLO)
    patch = bench.root.parent / "decisions.json"
    assert (await bench.run("graph", "diff", "--prompts", "-o", str(patch))).code == 0
    clone = Bench(bench.root.parent / "clone", bench.environ)
    bench.git("clone", "-q", str(bench.root), str(clone.root))
    await clone.run("graph", "add", "decision", "Something of the clone's own")
    applied = await clone.run("graph", "apply", str(patch))
    assert applied.code == 0, applied.err
    (stretch,) = (await clone.run("why", LINE, "--json")).json["stretches"]
    (found,) = stretch["decisions"]
    assert (found["title"], found["link"], stretch["unknown"]) == ("Cache with lru_cache", "trailer", [])
    assert found["id"] != "d1"
    assert [(one["title"], one["reason"]) for one in found["options"]] == [
        ("Memoise with a dict", "grows without end")
    ]
    told = (await clone.run("why", LINE)).out
    assert f"asked, word for word (the rest of that session is not here):\n    {ASKED}" in told


@pytest.mark.feature("C5")
async def test_a_line_that_was_not_committed_when_its_file_was_renamed_is_still_known(bench: Bench) -> None:
    async with bench.model(*CACHED[:3], {"text": "Cached."}):
        done = await bench.run("ask", ASKED, *YOLO)
        assert done.code == 0, done.err
    bench.git("mv", "calc.py", "sums.py")
    bench.git("commit", "-qam", "Rename")
    told = await bench.run("why", "sums.py:7")
    assert told.code == 0, told.err
    assert "\nwritten by coder, " in told.out
    assert "decided: d1 Cache with lru_cache (85 %)" in told.out
    assert ASKED in told.out
    assert "written by coder, " in (await bench.run("why", "sums.py")).out
    assert "It is called sums.py now" in (await bench.run("why", "calc.py:7")).out
