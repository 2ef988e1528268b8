import asyncio
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from loomkin.project.git import GitState, run_git, state
from loomkin.project.git_operations import WRITING, GitOperation, operation_args
from loomkin.project.problem import Problem
from loomkin.project.root import find_root


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    (tmp_path / "gitconfig").write_text("[user]\nname=A\nemail=a@example.org\n[init]\ndefaultBranch=main\n")


def git(cwd: Path, *args: str, check: bool = True) -> str:
    done = subprocess.run(["git", *args], cwd=cwd, check=check, capture_output=True, text=True)
    return done.stdout.strip()


def sprung(folder: Path) -> list[str]:
    """The names of the traps that were sprung, which are set again."""
    marks = list(folder.glob("sprung-*"))
    for mark in marks:
        mark.unlink()
    return [mark.name for mark in marks]


def lives(pid: str) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and ") Z" not in status.read_text()


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    path = tmp_path / "repo"
    path.mkdir()
    git(path, "init", "-q")
    (path / "a.txt").write_text("one\n")
    git(path, "add", ".")
    git(path, "commit", "-qm", "first")
    return path


async def state_of(path: Path) -> GitState:
    return await state(await asyncio.to_thread(find_root, path))


async def test_a_clean_repository_has_a_branch_and_commits(repo: Path) -> None:
    now = await state_of(repo)
    assert now.clean
    assert (now.branch, now.detached, now.unborn, now.problem) == ("main", False, False, "")
    assert now.commits == (f"{git(repo, 'rev-parse', '--short', 'HEAD')} first",)
    assert git(repo, "rev-parse", "HEAD").startswith(now.head)


async def test_staged_changed_untracked_and_conflicted_files_are_counted(repo: Path) -> None:
    (repo / "a.txt").write_text("two\n")
    (repo / "staged").write_text("x")
    (repo / "new\nname").write_text("x")
    git(repo, "add", "staged")
    now = await state_of(repo)
    assert (now.staged, now.changed, now.untracked, now.conflicted) == (1, 1, 1, 0)
    assert not now.clean


async def test_a_merge_with_a_conflict_is_seen(repo: Path) -> None:
    git(repo, "checkout", "-qb", "other")
    (repo / "a.txt").write_text("other\n")
    git(repo, "commit", "-qam", "other")
    git(repo, "checkout", "-q", "main")
    (repo / "a.txt").write_text("main\n")
    git(repo, "commit", "-qam", "main")
    git(repo, "merge", "other", check=False)
    now = await state_of(repo)
    assert (now.in_progress, now.conflicted) == ("merge", 1)


async def test_ahead_and_behind_are_counted(repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(repo), "clone")
    git(repo, "commit", "-q", "--allow-empty", "-m", "theirs")
    clone = tmp_path / "clone"
    for number in range(2):
        git(clone, "commit", "-q", "--allow-empty", "-m", f"ours {number}")
    git(clone, "fetch", "-q")
    now = await state_of(clone)
    assert (now.upstream, now.ahead, now.behind) == ("origin/main", 2, 1)


async def test_every_odd_repository_has_a_state(repo: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    assert (await state_of(plain)).problem == "not in a git repository"

    git(tmp_path, "clone", "-q", "--bare", str(repo), "bare.git")
    bare = await state_of(tmp_path / "bare.git")
    assert (bare.bare, bare.branch, bare.problem, len(bare.commits)) == (True, "main", "", 1)

    git(tmp_path, "init", "-q", "--bare", "empty.git")
    empty = await state_of(tmp_path / "empty.git")
    assert (empty.bare, empty.branch, empty.unborn, empty.problem) == (True, "main", True, "")

    git(tmp_path, "init", "-q", "unborn")
    unborn = await state_of(tmp_path / "unborn")
    assert (unborn.branch, unborn.unborn, unborn.head, unborn.commits, unborn.problem) == (
        "main",
        True,
        "",
        (),
        "",
    )

    git(repo, "checkout", "-q", "--detach")
    detached = await state_of(repo)
    assert (detached.detached, detached.branch, detached.problem) == (True, "", "")

    git(tmp_path, "init", "-q", "super")
    git(
        tmp_path / "super", "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(repo), "lib/sub"
    )
    assert (await state_of(tmp_path / "super")).submodules == ("lib/sub",)

    (tmp_path / "unborn" / ".git" / "config").write_text("[core\n")
    broken = await state_of(tmp_path / "unborn")
    assert "config" in broken.problem


async def test_without_git_the_state_says_so(
    repo: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "git is not installed" in (await state_of(repo)).problem
    result = await run_git(["status"], repo)
    assert (result.code, result.ok) == (127, False)


async def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    assert "does not exist" in (await run_git(["status"], tmp_path / "gone")).err


async def test_at_most_two_calls_of_git_make_a_state(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    real = shutil.which("git")
    (folder / "git").write_text(f'#!/bin/sh\necho call >> {tmp_path}/calls\nexec {real} "$@"\n')
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    assert (await state_of(repo)).branch == "main"
    assert (tmp_path / "calls").read_text() == "call\ncall\n"


async def test_settings_of_a_repository_run_nothing_while_it_is_read(repo: Path, tmp_path: Path) -> None:
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung-$1\ncat\n")
    trap.chmod(0o755)
    hook = repo / ".git" / "hooks" / "post-index-change"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung-hook\n")
    hook.chmod(0o755)
    (repo / ".gitattributes").write_text("*.txt filter=bad diff=bad\n")
    for name, kind in {
        "core.fsmonitor": "fsmonitor", "core.pager": "pager", "diff.external": "external",
        "diff.bad.textconv": "textconv", "diff.bad.command": "command", "filter.bad.clean": "clean",
        "filter.bad.smudge": "smudge", "gpg.program": "gpg",
    }.items():  # fmt: skip
        git(repo, "config", name, f"{trap} {kind}" if kind != "gpg" else str(trap))
    git(repo, "config", "log.showSignature", "true")
    (repo / "a.txt").write_text("two\n")
    # The yardstick: without care, git does spring the trap.
    git(repo, "diff", check=False)
    assert sprung(tmp_path)
    assert (await state_of(repo)).changed == 1
    for operation, args in [
        ("status", ""), ("diff", "HEAD"), ("diff", "--stat"), ("log", "-p"), ("show", ""), ("blame", "a.txt"),
        ("stash_list", "-p"),
    ]:  # fmt: skip
        words = operation_args(operation, args)
        assert not isinstance(words, Problem)
        result = await run_git(words, repo)
        assert result.ok, result.err
    assert "+two" in (await run_git(["diff"], repo)).out
    assert sprung(tmp_path) == []


async def test_a_filter_of_the_persons_own_stays_on(repo: Path, tmp_path: Path) -> None:
    with (tmp_path / "gitconfig").open("a") as file:
        file.write('[filter "mine"]\nclean = tr a-z A-Z\n')
    git(repo, "config", "filter.theirs.clean", "false")
    (repo / ".gitattributes").write_text("*.up filter=mine\n*.down filter=theirs\n")
    (repo / "x.up").write_text("loud\n")
    (repo / "x.down").write_text("quiet\n")
    git(repo, "add", "x.up", ".gitattributes")
    (repo / "x.up").write_text("louder\n")
    assert "+LOUDER" in (await run_git(["diff"], repo)).out


async def test_git_that_takes_too_long_is_ended_with_its_children(repo: Path, tmp_path: Path) -> None:
    git(repo, "config", "alias.hang", f"!echo $$ > {tmp_path}/pid; exec sleep 60")
    began = time.monotonic()
    result = await run_git(["hang"], repo, timeout=0.5, read=False)
    assert result.code == 124
    assert time.monotonic() - began < 4
    assert not lives((tmp_path / "pid").read_text().strip())


async def test_adding_committing_and_branching_work_through_the_operations(repo: Path) -> None:
    (repo / "b.txt").write_text("b\n")
    for operation, args in [("add", "b.txt"), ("commit", ["-m", "second one"]), ("branch", "topic HEAD")]:
        words = operation_args(operation, args)
        assert not isinstance(words, Problem)
        result = await run_git(words, repo, read=GitOperation(operation) not in WRITING)
        assert result.ok, result.err
    assert git(repo, "log", "-1", "--format=%s") == "second one"
    assert git(repo, "branch", "--list", "topic") == "topic"


@pytest.mark.parametrize(
    ("operation", "args"),
    [
        ("diff", "--output=x"),
        ("diff", "--out x"),
        ("diff", "--ext-diff"),
        ("diff", "--ext"),
        ("log", "--textconv"),
        ("log", "-c"),
        ("diff", "-Oorder"),
        ("diff", "--no-index /etc/passwd x"),
        ("diff", "/etc/passwd a.txt"),
        ("diff", "-- ../../secret"),
        ("diff", "a/../../b x"),
        ("blame", "--contents /etc/passwd a.txt"),
        ("log", "--show-signature"),
        ("log", "-p --submodule=diff"),
        ("show", "--remerge-diff"),
        ("log", "--diff-merges=remerge"),
        ("log", "--exec-path=/tmp"),
        ("status", "--work-tree=/"),
        ("commit", "--amend -m x"),
        ("commit", "-F /etc/passwd"),
        ("commit", "--no-verify -m x"),
        ("commit", "-a"),
        ("branch", "-D main"),
        ("branch", "-f main HEAD~1"),
        ("branch", "-m a b"),
        ("branch", "--edit-description"),
        ("add", "-p"),
        ("add", ""),
        ("add", "-f x"),
        ("add", "--pathspec-from-file=x"),
        ("push", ""),
        ("reset", "--hard"),
        ("log", "'open"),
        ("stash_list", "--output=x"),
        ("log", "\0"),
    ],
)
def test_what_runs_programs_writes_elsewhere_or_destroys_is_refused(operation: str, args: str) -> None:
    problem = operation_args(operation, args)
    assert isinstance(problem, Problem)
    assert problem.hint


@pytest.mark.parametrize(
    ("operation", "args"),
    [
        ("status", "-s"),
        ("diff", "--stat HEAD~2..HEAD -- src/a.py"),
        ("log", "--oneline -5 --grep=x -S /api/v1"),
        ("show", "HEAD:src/a.py"),
        ("blame", "-L 3,9 a.py"),
        ("diff", "--text --name-only --cc"),
        ("branch", ""),
        ("branch", "-a --sort=-committerdate"),
        ("branch", "topic"),
        ("commit", "-am 'all of it'"),
        ("commit", "-m 'x' -- -odd"),
        ("add", "-A"),
        ("add", "-- -odd"),
        ("stash_list", ""),
        ("diff", "main...topic"),
    ],
)
def test_ordinary_uses_pass(operation: str, args: str) -> None:
    assert isinstance(operation_args(operation, args), list)
