"""Which commits of agents name decisions, and which stay as they are."""

from itertools import pairwise
from pathlib import Path

from loomkin.decisions.desk import Who
from loomkin.decisions.drafts import Draft
from loomkin.provenance.committed import since, with_trailers
from loomkin.records.decision import Author, NodeKind, NodeStatus, Origin
from loomkin.records.ids import SessionId
from tests.cli.project import repository
from tests.decisions.desk import graph_bench
from tests.provenance.test_places import commit, git, write

SESSION = SessionId("s-1")
CODER = Who("coder", SESSION, "coder")


async def test_a_commit_names_what_holds_and_is_about_its_files_in_this_session(tmp_path: Path) -> None:
    root = repository(tmp_path / "top")
    for name in ("a.py", "b.py"):
        write(root / name, "x = 1\n")
    commit(root, "First")
    async with graph_bench() as bench:
        database = bench.graph.database

        async def decide(title: str, file: str, session: SessionId = SESSION) -> str:
            origin = Origin(Author.AGENT, "coder", session)
            node = (await bench.graph.add(Draft(NodeKind.DECISION, title, files=(file,)), origin, CODER)).node
            return f"Loomkin-Decision: {node.id} {node.change_id}"

        async def named(*argv: str) -> list[str]:
            words = await with_trailers(database, SESSION, argv, root)
            return [after for word, after in pairwise(words) if word == "--trailer"]

        on_a, on_b = await decide("On a", "a.py"), await decide("On b", "b.py")
        await decide("Elsewhere", "a.py", SessionId("s-2"))
        await decide("Given up", "a.py")
        await bench.graph.close("d4", NodeStatus.ABANDONED, "it was wrong", CODER)
        for name in ("a.py", "b.py"):
            write(root / name, "x = 2\n")
        git(root, "add", "a.py")
        assert await named("commit", "-m", "One") == [on_a]
        assert await named("commit", "-am", "Both") == [on_a, on_b]
        assert await named("commit", "-m", "Only b", "--", "b.py") == [on_b]
        assert await named("commit", "--dry-run", "-m", "None") == []
        (root / ".git" / "MERGE_HEAD").write_text(git(root, "rev-parse", "HEAD"))
        assert await with_trailers(database, SESSION, ["commit", "-m", "Merge"], root) == [
            "commit",
            "-m",
            "Merge",
        ]


async def test_only_commits_between_two_moments_were_made_then(tmp_path: Path) -> None:
    root = repository(tmp_path / "top")
    write(root / "odd name.py", "x = 1\n")
    name = commit(root, "First: with a : colon")
    at = float(git(root, "log", "-1", "--format=%ct"))
    branch, (made,) = await since(root, at - 5, at + 5)
    assert (branch, made.id[:10], made.subject) == ("main", name, "First: with a : colon")
    assert made.files == ("odd name.py",)
    assert (await since(root, at + 2, at + 9))[1] == []
    assert (await since(tmp_path, at - 5, at + 5))[1] == []
