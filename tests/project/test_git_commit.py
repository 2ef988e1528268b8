"""Commits of named files in every state a repository can be in; what is the person's is left alone."""

import asyncio
import contextvars
import os
import sys
import time
from pathlib import Path

import pytest

from loomkin.project.git import run_git
from loomkin.project.git_base import Base, Subject, find_base, find_subject
from loomkin.project.git_changes import shown, standing
from loomkin.project.git_commit import Committed, Order, commit
from loomkin.project.git_lock import git_writes, writes_of
from loomkin.project.problem import Problem
from loomkin.project.root import find_root
from tests.project.test_git import _own_settings, git  # noqa: F401 - a fixture

ODD = ("a b.txt", "new\nline.txt", "-dash", os.fsdecode(b"caf\xe9"), "*star", "日本.txt")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    path = tmp_path / "repo"
    path.mkdir()
    git(path, "init", "-q")
    put(path, "a.txt", "one\n")
    git(path, "add", ".")
    git(path, "commit", "-qm", "first")
    return path


async def made(folder: Path, message: str, *paths: str, **more: object) -> Committed:
    done = await commit(folder, Order(message, paths, **more))  # type: ignore[arg-type]
    assert isinstance(done, Committed), str(done)
    return done


async def refused(folder: Path, message: str, *paths: str, **more: object) -> str:
    done = await commit(folder, Order(message, paths, **more))  # type: ignore[arg-type]
    assert isinstance(done, Problem), done
    return str(done)


def put(folder: Path, name: str, text: str, mode: int = 0o644) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.feature("C5")
async def test_odd_names_are_committed_alone_even_as_the_first_commit(tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    git(folder, "init", "-q")
    for name in (*ODD, "other", "star"):
        put(folder, name, f"{name!r}\n")
    done = await made(folder, "First", *ODD, trailers=("Assisted-by: loomkin:m",))
    assert set(done.files) == set(ODD)
    assert git(folder, "log", "-1", "--format=%B") == "First\n\nAssisted-by: loomkin:m"
    assert git(folder, "status", "--porcelain") == "?? other\n?? star"
    assert "caf\\xe9" in done.words
    assert "new\\nline.txt" in done.words
    assert shown("plain ü") == "plain ü"


@pytest.mark.feature("C5")
async def test_what_the_person_staged_stays_staged_and_what_was_half_staged_is_said(repo: Path) -> None:
    put(repo, "mine.txt", "mine\n")
    put(repo, "a.txt", "two\n")
    git(repo, "add", ".")
    put(repo, "a.txt", "three\n")
    done = await made(repo, "Three", "a.txt")
    assert done.notes == (
        "Partly staged before, committed as they are on disk: a.txt.",
        "Still staged, and not in this commit: mine.txt.",
    )
    assert git(repo, "status", "--porcelain") == "A  mine.txt"
    # another program commits before we can look: ours is the one that is told
    put(repo, ".git/hooks/pre-commit", "#!/bin/sh\n", 0o755)
    theirs = "rm .git/hooks/post-commit\nunset GIT_INDEX_FILE\ngit commit -qm Theirs --allow-empty --only\n"
    put(repo, ".git/hooks/post-commit", f"#!/bin/sh\n{theirs}", 0o755)
    put(repo, "b.txt", "x\n")
    done = await made(repo, "Ours", "b.txt")
    assert (done.subject, done.files) == ("Ours", ("b.txt",))
    assert git(repo, "log", "-2", "--format=%s") == "Theirs\nOurs"
    assert git(repo, "status", "--porcelain") == "A  mine.txt"
    assert git(repo, "show", "HEAD:a.txt") == "three"
    assert "mine.txt" in (await made(repo, "The index as it is")).files


@pytest.mark.feature("C5")
async def test_a_refusing_hook_leaves_all_as_it_was_and_is_shown_whole(repo: Path, tmp_path: Path) -> None:
    hooks = tmp_path / "my hooks"
    git(repo, "config", "core.hooksPath", str(hooks))
    put(hooks, "pre-commit", "#!/bin/sh\nseq 1 300 >&2\necho 'to stdout'\nexit 3\n", 0o755)
    put(repo, "new.txt", "x\n")
    told = await refused(repo, "New", "new.txt")
    assert all(f"\n{number}\n" in told for number in (1, 150, 300))
    assert "to stdout" in told
    assert git(repo, "status", "--porcelain") == "?? new.txt"
    put(hooks, "commit-msg", "#!/bin/sh\necho Reviewed-by: me >> $1\n", 0o755)
    assert (await made(repo, "New", "new.txt", hooks=False)).subject == "New"
    put(hooks, "pre-commit", "#!/bin/sh\necho checked >&2\n", 0o755)
    put(repo, "new.txt", "y\n")
    assert "The hooks said:\nchecked" in (await made(repo, "Newer", "new.txt")).words
    assert git(repo, "log", "-1", "--format=%B") == "Newer\nReviewed-by: me"


@pytest.mark.feature("C5")
async def test_what_a_hook_changes_is_committed_and_the_next_commit_does_not_take_it_back(repo: Path) -> None:
    hook = "#!/bin/sh\necho tidy >> a.txt\necho made > made.txt\ngit add a.txt made.txt\n"
    put(repo, ".git/hooks/pre-commit", hook, 0o755)
    put(repo, "a.txt", "two\n")
    put(repo, "mine.txt", "staged by the person\n")
    git(repo, "add", "mine.txt")
    done = await made(repo, "Two", "a.txt")
    assert "Committed as the hooks changed them: a.txt, made.txt." in done.notes
    assert git(repo, "show", "HEAD:a.txt") == "two\ntidy"
    assert git(repo, "status", "--porcelain") == "A  mine.txt"
    # another program commits before we can look: ours is the one that is told
    put(repo, ".git/hooks/pre-commit", "#!/bin/sh\n", 0o755)
    theirs = "rm .git/hooks/post-commit\nunset GIT_INDEX_FILE\ngit commit -qm Theirs --allow-empty --only\n"
    put(repo, ".git/hooks/post-commit", f"#!/bin/sh\n{theirs}", 0o755)
    put(repo, "b.txt", "x\n")
    done = await made(repo, "Ours", "b.txt")
    assert (done.subject, done.files) == ("Ours", ("b.txt",))
    assert git(repo, "log", "-2", "--format=%s") == "Theirs\nOurs"
    assert git(repo, "status", "--porcelain") == "A  mine.txt"


@pytest.mark.feature("C5")
async def test_nothing_hangs_without_a_terminal(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(repo, "a.txt", "two\n")
    asks = put(repo / ".git", "asks", "#!/bin/sh\nexec sleep 60\n", 0o755)
    git(repo, "config", "commit.gpgsign", "true")
    git(repo, "config", "gpg.program", str(asks))
    began = time.monotonic()
    assert "was ended after 0.5 s" in await refused(repo, "Two", "a.txt", seconds=0.5)
    assert time.monotonic() - began < 6
    assert not (repo / ".git" / "index.lock").exists()
    put(repo / ".git", "asks", '#!/bin/sh\n[ -z "$GPG_TTY" ] && echo no terminal >&2\nexit 2\n', 0o755)
    monkeypatch.setenv("GPG_TTY", "/dev/pts/0")
    told = await refused(repo, "Two", "a.txt")
    assert "no terminal" in told
    assert "unlock the key" in told
    lock = put(repo / ".git", "HEAD.lock", "")
    git(repo, "config", "commit.gpgsign", "false")
    assert "if none runs, a person may remove that file" in await refused(repo, "Two", "a.txt")
    lock.unlink()
    git(repo, "config", "commit.gpgsign", "false")
    git(repo, "config", "user.useConfigOnly", "true")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    assert "git config user.name" in await refused(repo, "Two", "a.txt")


@pytest.mark.feature("C5")
async def test_a_commit_that_is_stopped_leaves_nothing_staged_and_no_lock(repo: Path) -> None:
    begun = repo / ".git" / "begun"
    os.mkfifo(begun)
    put(repo, ".git/hooks/pre-commit", f"#!/bin/sh\necho > '{begun}'\nexec sleep 60\n", 0o755)
    put(repo, "new.txt", "x\n")
    work = asyncio.create_task(commit(repo, Order("New", ("new.txt",))))
    await asyncio.to_thread(begun.read_text)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert git(repo, "status", "--porcelain") == "?? new.txt"
    assert not (repo / ".git" / "index.lock").exists()


@pytest.mark.feature("C5")
async def test_trailers_stand_once_and_help_of_another_kind_is_not_named_twice(repo: Path) -> None:
    trailers = (
        "Assisted-by: loomkin:m",
        "Loomkin-Decision: d1 n_aaaaaaaa",
        "Loomkin-Decision: d2 n_bbbbbbbb",
    )
    put(repo, "a.txt", "two\n")
    message = "Two\n\nWhy.\n\nAssisted-by: other:z\nLoomkin-Decision: d2 n_bbbbbbbb"
    await made(repo, message, "a.txt", trailers=trailers, sign_off=True)
    assert git(repo, "log", "-1", "--format=%(trailers)").splitlines() == [
        "Assisted-by: other:z",
        "Loomkin-Decision: d2 n_bbbbbbbb",
        "Signed-off-by: A <a@example.org>",
        "Loomkin-Decision: d1 n_aaaaaaaa",
    ]


@pytest.mark.feature("C5")
async def test_what_is_half_done_is_said_and_conflicts_are_listed_in_words(repo: Path) -> None:
    for branch, text in (("one", "1\n"), ("two", "2\n")):
        git(repo, "switch", "-qc", branch, "main")
        put(repo, "a.txt", text)
        git(repo, "commit", "-qam", branch)
    git(repo, "merge", "one", check=False)
    told = await refused(repo, "Merge it")
    assert "1 file in conflict. A merge is in progress" in told
    assert "a.txt: changed by both" in told
    git(repo, "add", "a.txt")
    assert "committed whole or not at all" in await refused(repo, "A part", "a.txt")
    assert "A merge was in progress." in (await made(repo, "Merge one")).notes
    git(repo, "bisect", "start")
    put(repo, "a.txt", "3\n")
    assert "a bisect is in progress" in await refused(repo, "Three", "a.txt")
    git(repo, "bisect", "reset")
    git(repo, "switch", "-q", "--detach")
    assert "on no branch" in (await made(repo, "Three", "a.txt")).words
    git(repo, "switch", "-qc", "three")
    put(repo, "a.txt", "4\n")
    git(repo, "commit", "-qam", "four")
    git(repo, "rebase", "-q", "main~0", "--exec", "false", check=False)
    put(repo, "a.txt", "5\n")
    assert "A rebase was in progress. It goes on." in (await made(repo, "Five", "a.txt")).notes


@pytest.mark.feature("C5")
async def test_places_without_a_work_tree_and_files_without_a_change_are_refused(
    repo: Path, tmp_path: Path
) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(repo), "bare.git")
    assert "is a bare repository" in await refused(tmp_path / "bare.git", "X")
    assert "not in a git repository" in await refused(tmp_path, "X")
    put(repo, "b.txt", "b\n")
    assert "nothing is staged.\nName the files to commit; changed: b.txt." in await refused(repo, "X")
    assert "a.txt has no change, or is ignored. Changed: b.txt." in await refused(repo, "X", "a.txt")
    assert "the message is empty" in await refused(repo, " \n", "b.txt")


@pytest.mark.feature("C5")
async def test_worktrees_and_submodules_are_committed_where_they_are(repo: Path, tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    git(tmp_path, "clone", "-q", str(repo), "inner")
    git(repo, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "sub")
    git(repo, "commit", "-qm", "Add sub")
    put(repo, "sub/a.txt", "two\n")
    assert "Committed" in (await made(repo / "sub", "Two", "a.txt")).words
    assert (await made(repo, "Raise sub", "sub")).files == ("sub",)
    tree = tmp_path / "tree"
    git(repo, "worktree", "add", "-q", "-b", "side", str(tree))
    put(tree, "a.txt", "side\n")
    assert (await made(tree, "Side", "a.txt")).branch == "side"
    now = await standing(repo)
    assert not isinstance(now, Problem)
    assert now.changes == ()


@pytest.mark.feature("C5")
async def test_a_lock_of_another_program_is_waited_for_and_its_holder_named(repo: Path) -> None:
    put(repo, "a.txt", "two\n")
    lock = repo / ".git" / "index.lock"
    lock.touch()
    asyncio.get_running_loop().call_later(0.3, lock.unlink)
    assert (await made(repo, "Two", "a.txt")).subject == "Two"
    put(repo, "a.txt", "three\n")
    code = f"import sys; file = open({str(lock)!r}, 'w'); print('there', flush=True); sys.stdin.read()"
    pipes = asyncio.subprocess.PIPE
    holder = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdin=pipes, stdout=pipes)
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"there\n"
    told = await refused(repo, "Three", "a.txt")
    await holder.communicate(b"")
    assert f"(pid {holder.pid})" in told
    assert "index.lock is" in told
    assert lock.exists()
    told = await refused(repo, "Three", "a.txt")
    assert "no running process was found to hold it" in told
    assert "may remove that file" in told


@pytest.mark.feature("C5")
async def test_writers_of_one_repository_go_one_by_one_worktrees_included(repo: Path, tmp_path: Path) -> None:
    git(repo, "worktree", "add", "-q", "-b", "side", str(tmp_path / "tree"))
    order: list[str] = []

    async def write(name: str, folder: Path) -> None:
        async with git_writes(find_root(folder)):
            order.append(f"{name} begins")
            done = await run_git(["update-ref", f"refs/heads/{name}", "HEAD"], folder, read=False)
            assert done.ok
            order.append(f"{name} ends")

    async with asyncio.TaskGroup() as group:
        for number in range(6):
            group.create_task(write(f"b{number}", repo if number % 2 else tmp_path / "tree"))
    assert order == [f"b{number} {what}" for number in range(6) for what in ("begins", "ends")]


@pytest.mark.feature("C5")
async def test_the_base_of_a_branch_and_what_a_review_reads_are_found(repo: Path) -> None:
    none = await find_base(repo)
    assert isinstance(none, Problem)
    assert none.hint.startswith("This is main itself: switch to a branch")
    git(repo, "switch", "-qc", "topic")
    put(repo, "b c.txt", "x\n")
    base = await find_base(repo)
    assert isinstance(base, Base)
    assert base.name == "main"
    tree = await find_subject(repo, "")
    assert isinstance(tree, Subject)
    assert (tree.title, tree.new) == ("the work tree", ("b c.txt",))
    git(repo, "add", ".")
    staged = await find_subject(repo, "")
    assert isinstance(staged, Subject)
    assert staged.title == "what is staged"
    git(repo, "commit", "-qm", "b")
    against = "topic against main"
    named = {"": against, "branch main": against, "main": against, "HEAD": "commit HEAD"}
    for words, title in {**named, "main..HEAD": "the range main..HEAD"}.items():
        found = await find_subject(repo, words)
        assert isinstance(found, Subject)
        assert found.title == title
        assert "b c.txt" in found.diff
    for words in ("HEAD --stat", "staged", "worktree", "nowhere", "--output=x", "a..b", "branch nowhere"):
        assert isinstance(await find_subject(repo, words), Problem), words


@pytest.mark.feature("C5")
async def test_a_shell_command_that_writes_with_git_waits_for_its_turn_and_no_other_one_does(
    repo: Path,
) -> None:
    done: list[str] = []

    async def work(command: str) -> None:
        async with writes_of(command, repo):
            done.append(command)

    async with asyncio.TaskGroup() as group, git_writes(find_root(repo)):
        for command in ("git -C . add a.txt && git commit -m x", "git stash", "git status", "ls commit"):
            group.create_task(work(command), context=contextvars.Context())
        await run_git(["status"], repo)
        assert done == ["git status", "ls commit"]
    assert len(done) == 4
