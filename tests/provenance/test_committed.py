"""Which decisions commits of agents name, and which commits were made when."""

from pathlib import Path

from loomkin.config.settings import GitSettings
from loomkin.decisions.desk import Who
from loomkin.decisions.drafts import Draft
from loomkin.provenance.committed import since, trailers_for
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

        async def named(*paths: str) -> list[str]:
            settings = GitSettings(True, "assisted-by", "never", "auto", 300.0)
            return list(await trailers_for(database, root, paths, settings, SESSION, "coder"))

        on_a, on_b = await decide("On a", "a.py"), await decide("On b", "b.py")
        await decide("Elsewhere", "a.py", SessionId("s-2"))
        await decide("Given up", "a.py")
        await bench.graph.close("d4", NodeStatus.ABANDONED, "it was wrong", CODER)
        assert await named("a.py") == [on_a]
        assert await named("a.py", "b.py") == [on_a, on_b]
        assert await named("c.py") == []


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
