"""A linked worktree has a memory of its own, says where the others are, and takes sessions from there."""

import json

import pytest

from tests.scenarios.conftest import Bench


@pytest.mark.feature("C7")
async def test_a_worktree_says_where_other_memories_are_and_takes_a_session_from_there(bench: Bench):
    linked = bench.root.parent / "linked"
    bench.git("worktree", "add", "-q", str(linked))
    async with bench.model({"text": "The gateway is called plover."}):
        assert (await bench.run("ask", "What is it called?", "-n", "gate")).code == 0
    for words in (("recall", "gateway plover"), ("keepers", "list")):
        there = await bench.run(*words, cwd=linked)
        assert f"Other worktrees of this repository have a memory of their own: {bench.root}." in there.err
        assert "plover" not in there.out, "the memories do not mix"
        assert (await bench.run(*words)).err == "", "the linked one has none yet"
    exported = await bench.run(
        "sessions", "export", "-C", str(bench.root), "gate", "--format", "json", cwd=linked
    )
    taken = await bench.run("sessions", "import", "-", stdin=exported.out.encode(), cwd=linked)
    assert "Imported session" in taken.out, taken.err
    assert "called plover" in (await bench.run("recall", "gateway plover", cwd=linked)).out
    known = await bench.run("recall", "gateway", "--json")
    assert (known.err, len(json.loads(known.out)) > 0) == ("", True)
    assert f"memory of their own: {linked}." in (await bench.run("recall", "gateway")).err
