"""Commits of people and of agents' shells know the decisions behind them, and these know their commits."""

import fcntl
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from loomkin.codemap.digest import VERSION
from loomkin.store.codemap import MapStore
from tests.githooks.repository import Repository, begin
from tests.scenarios.conftest import Bench, bench, call

__all__ = ["bench"]
ASKED = "Cache what double() gives"
YOLO = ("--permission-mode", "yolo")
MEMO = {"title": "Memoise with a dict", "reason": "grows without end"}
LINE = "calc.py:7"
CACHED = (
    {"calls": [call("decision_log", kind="decision", title="Cache with lru_cache", confidence=85,
                    rejected=[MEMO])]},
    {"calls": [call("file_read", path="calc.py")]},
    {"calls": [call("file_edit", path="calc.py", old="value * 2", new="doubled(value)")]},
)  # fmt: skip


async def decided(bench: Bench, *more: dict[str, object]) -> Repository:
    """The repository after an agent decided something and changed a file for it, and did what comes after."""
    repo = Repository(bench.root)
    repo.install("prepare-commit-msg", "post-commit", "post-rewrite", "post-merge")
    async with bench.model(*CACHED, *more, {"text": "Done."}):
        done = await bench.run("ask", ASKED, *YOLO)
        assert done.code == 0, done.err
    return repo


async def nodes_of(bench: Bench) -> dict[str, Any]:
    """The nodes of the graph by title."""
    return {node["title"]: node for node in (await bench.run("graph", "show", "--json")).json["nodes"]}


def trailers(repo: Repository, rev: str = "HEAD") -> list[str]:
    """The decisions that a commit names."""
    return [line for line in repo.message(rev).splitlines() if line.startswith("Loomkin-Decision: ")]


@pytest.mark.feature("F4")
@pytest.mark.feature("C5")
async def test_a_persons_commit_names_the_decision_behind_its_files(bench: Bench) -> None:
    repo = await decided(bench)
    repo.add("other.py", "x = 1\n")
    repo.git("commit", "-m", "Something else")
    assert trailers(repo) == []
    repo.git("commit", "-am", "Cache double\n\nBecause it is slow.\n\nReviewed-by: Somebody <a@example.org>")
    assert len(trailers(repo)) == 1
    assert repo.message().startswith("Cache double\n\nBecause it is slow.\n\nReviewed-by: Somebody")
    parsed = repo.git("log", "-1", "--format=%(trailers:key=Loomkin-Decision,valueonly)")
    assert parsed.startswith("d1 ")
    graph = (await bench.run("graph", "show", "--json")).json
    nodes = {node["title"]: node for node in graph["nodes"]}
    decision, action = nodes["Cache with lru_cache"], nodes["Commit: Cache double"]
    head = repo.git("rev-parse", "HEAD").strip()
    assert (decision["commit"], action["commit"], action["branch"]) == (head, head, "main")
    assert ("d1", action["id"]) in {(edge["from"], edge["to"]) for edge in graph["edges"]}
    assert "Commit: Something else" not in nodes


@pytest.mark.feature("F4")
@pytest.mark.feature("C5")
async def test_decisions_follow_their_commit_through_amend_and_rebase(bench: Bench) -> None:
    repo = await decided(bench)
    # the graph knows the commit also where its message says nothing
    repo.environ |= {"LOOMKIN__GIT__TRAILERS": "false", "LOOMKIN__GIT__ATTRIBUTION": "none"}
    repo.git("commit", "-qam", "Cache double")
    assert repo.message() == "Cache double"
    repo.git("commit", "-q", "--amend", "-m", "Cache what double gives")
    repo.add("other.py", "x = 1\n")
    repo.git("commit", "-qm", "Something else")
    repo.git("rebase", "-q", "-i", "HEAD~2", environ={"GIT_SEQUENCE_EDITOR": "sed -i -e '1{h;d};2G'"})
    nodes, cached = await nodes_of(bench), repo.git("rev-parse", "HEAD").strip()
    assert repo.message().startswith("Cache what double gives")
    assert nodes["Cache with lru_cache"]["commit"] == cached
    assert [node["commit"] for node in nodes.values() if node["kind"] == "action"] == [cached]


@pytest.mark.feature("F4")
@pytest.mark.feature("C5")
async def test_a_commit_in_an_agents_shell_names_the_decision_and_is_recorded_once(bench: Bench) -> None:
    commit = {"calls": [call("shell", command="git commit -qam 'Cache double'")]}
    repo = await decided(bench, commit)
    assert repo.message().startswith("Cache double\n")
    assert len(trailers(repo)) == 1
    nodes = (await bench.run("graph", "show", "--json")).json["nodes"]
    actions = [node for node in nodes if node["kind"] == "action"]
    assert [(one["title"], one["prompt"]) for one in actions] == [("Commit: Cache double", ASKED)]


@pytest.mark.feature("F4")
async def test_decisions_learn_their_commit_from_what_is_pulled(bench: Bench, tmp_path: Path) -> None:
    repo = await decided(bench)
    change = (await nodes_of(bench))["Cache with lru_cache"]["change_id"]
    repo.git("checkout", "-q", "calc.py")
    far = Repository(tmp_path / "far")
    repo.git("clone", "-q", str(bench.root), str(far.root))
    far.add("calc.py", "def double(value):\n    return doubled(value)\n")
    far.git("commit", "-qm", f"Cache double\n\nLoomkin-Decision: d9 {change}")
    repo.git("pull", "-q", "--ff-only", str(far.root), "main")
    assert (await nodes_of(bench))["Cache with lru_cache"]["commit"] == repo.git("rev-parse", "HEAD").strip()


def settled(holds: Callable[[], bool]) -> bool:
    """Whether something comes true within eight seconds."""
    until, pause = time.monotonic() + 8, Event()
    while not holds() and time.monotonic() < until:
        pause.wait(0.05)
    return holds()


@pytest.mark.feature("F4")
@pytest.mark.feature("D1")
def test_the_map_follows_a_checkout_and_a_merge_where_there_is_one(tmp_path: Path) -> None:
    repo = begin(tmp_path / "a repository")
    repo.install("post-checkout", "post-merge")
    for branch, name in (("side", "fresh.py"), ("other", "merged.py")):
        repo.git("switch", "-q", "-c", branch, "main")
        repo.add(name, "def fresh():\n    return 1\n")
        repo.git("commit", "-qm", branch)
    assert not (repo.root / ".loomkin").exists()
    assert "makes one" in repo.loomkin("hook", "refresh")
    repo.git("switch", "-q", "main")
    repo.loomkin("map")
    kept = MapStore(repo.root / ".loomkin/map.db", VERSION)
    try:
        repo.git("switch", "-q", "side")
        assert settled(lambda: "fresh.py" in kept.known())
        repo.git("merge", "-q", "--no-edit", "other")
        assert settled(lambda: "merged.py" in kept.known())
    finally:
        kept.close()
    with (repo.root / ".loomkin/map.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "already" in repo.loomkin("hook", "refresh")
