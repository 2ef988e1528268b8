"""Git reads run without a question because nothing that a repository sets up can run with them."""

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from loomkin.permissions.git_reads import harden_git
from loomkin.permissions.harden import harden_line

READS = [
    "git status",
    "git status -sb --porcelain",
    "git diff",
    "git diff --stat HEAD~1 -- src",
    "git log --oneline -5",
    "git log -p --format=%H",
    "git show HEAD:a.txt",
    "git blame -L 1,5 a.txt",
    "git branch",
    "git branch -a --list 'x*'",
    "git branch --contains HEAD",
    "git tag",
    "git tag -l 'v*'",
    "git remote -v",
    "git stash list",
    "git stash show",
    "git rev-parse HEAD",
    "git ls-files",
    "git grep -n word",
    "git config --get user.name",
    "git -C sub status",
    "git --no-pager log",
    "git describe",
    "git reflog",
    "git reflog show -5 --oneline",
    "git stash list --format=%gd",
    "git cat-file -p HEAD",
]
OTHERS = [
    "git",
    "git push",
    "git commit -m x",
    "git branch new",
    "git branch -D x",
    "git branch --edit-description",
    "git tag v1",
    "git tag -d v1",
    "git diff --ext-diff",
    "git diff --ext",
    "git diff --textconv",
    "git diff --output=x",
    "git diff --outp x",
    "git log --show-signature",
    "git log --format=%G?",
    "git grep -O word",
    "git grep -nOless word",
    "git grep --open-files-in-pager=x word",
    "git status -v",
    "git -c core.pager=x log",
    "git --exec-path=. log",
    "git --git-dir=x log",
    "git config user.name x",
    "git config --list",
    "git remote add a b",
    "git remote show origin",
    "git stash",
    "git stash show -p",
    "git stash list -p",
    "git stash list --stat",
    "git reflog show -p",
    "git reflog HEAD --patch",
    "git grep --op=x word",
    "git cat-file --t HEAD:a",
    "git cat-file --fi HEAD:a",
    "git show --remerge-diff",
    "git log --diff-merges=remerge",
    "git log -p --submodule=diff",
    "git blame --contents=x a",
    "git blame --ignore-revs-file=x a",
    "git blame -Sx a",
    "git stash pop",
    "git cat-file --textconv HEAD:a",
    "git cat-file --filters HEAD:a",
    "git worktree add x",
    "git ls-remote",
    "git p",
    "git submodule status",
    "git reflog expire --all",
    "git -C",
    "hg status",
]


@pytest.mark.parametrize("command", READS)
def test_a_reading_git_command_gets_its_switches(command: str) -> None:
    argv = shlex.split(command)
    hardened = harden_git(argv)
    assert hardened is not None
    assert "core.fsmonitor=false" in hardened
    assert hardened[-1] == argv[-1] or hardened[-1].startswith("--")


@pytest.mark.parametrize("command", OTHERS)
def test_any_other_git_command_is_refused(command: str) -> None:
    assert harden_git(shlex.split(command)) is None


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A repository in which every setting that can run a program leaves a mark when it does."""
    repo, mark = tmp_path / "repo", tmp_path / "mark"
    repo.mkdir()
    program = tmp_path / "run.sh"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >> {mark}\ncat 2>/dev/null\nexit 0\n')
    program.chmod(0o755)
    git(repo, "init", "-q", "-b", "main")
    git(repo, "config", "user.email", "a@b")
    git(repo, "config", "user.name", "n")
    (repo / "a.txt").write_text("one\n")
    (repo / "b.bin").write_text("one\n")
    git(repo, "add", ".")
    git(repo, "commit", "-qm", "one")
    (repo / "a.txt").write_text("two\n")
    (repo / "b.bin").write_text("two\n")
    (repo / ".gitattributes").write_text("*.txt diff=evil\n*.bin filter=evil diff=conv\n")
    for key in ("core.fsmonitor", "diff.external", "diff.evil.command", "diff.conv.textconv", "core.pager"):
        git(repo, "config", key, str(program))
    for key in ("filter.evil.clean", "filter.evil.smudge", "gpg.program", "pager.log", "pager.branch"):
        git(repo, "config", key, str(program))
    hooks = repo / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-index-change", "fsmonitor-watchman", "post-checkout"):
        (hooks / name).write_text(program.read_text())
        (hooks / name).chmod(0o755)
    mark.unlink(missing_ok=True)
    return repo


def git(folder: Path, *words: str) -> str:
    return run(folder, ["git", *words])


def run(folder: Path, argv: list[str]) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(
        argv, cwd=folder, env=environment, check=True, capture_output=True, text=True
    ).stdout


TRAPPED = [
    "status",
    "diff",
    "log -p",
    "show",
    "blame a.txt",
    "blame b.bin",
    "grep two",
    "branch",
    "diff HEAD",
    "reflog",
]


@pytest.mark.parametrize("command", TRAPPED)
def test_nothing_that_the_repository_set_up_runs(trap: Path, command: str) -> None:
    hardened = harden_git(["git", *command.split()], filters=["evil"])
    assert hardened is not None
    run(trap, hardened)
    assert not (trap.parent / "mark").exists()


def test_the_trap_would_spring_without_the_switches(trap: Path) -> None:
    git(trap, "diff")
    assert (trap.parent / "mark").exists()


def test_a_merge_is_not_made_anew_by_the_drivers_of_the_repository(trap: Path) -> None:
    git(trap, "config", "merge.evil.driver", str(trap.parent / "run.sh"))
    git(trap, "config", "log.diffMerges", "remerge")
    (trap / ".gitattributes").write_text("*.txt merge=evil\n")
    git(trap, "commit", "-qam", "two")
    git(trap, "checkout", "-qb", "side", "HEAD~1")
    (trap / "a.txt").write_text("three\n")
    git(trap, "commit", "-qam", "three")
    git(trap, "merge", "-q", "-s", "ours", "main")
    mark = trap.parent / "mark"
    git(trap, "show", "-m")
    assert mark.exists()
    mark.unlink()
    hardened = harden_git(["git", "show", "-m"])
    assert hardened is not None
    run(trap, hardened)
    assert not mark.exists()


def test_no_program_of_a_submodule_runs(trap: Path) -> None:
    inner = trap / "inner"
    inner.mkdir()
    git(inner, "init", "-q")
    for key, value in (("user.email", "a@b"), ("user.name", "n")):
        git(inner, "config", key, value)
    for number in ("1", "2"):
        (inner / "a.txt").write_text(number)
        (inner / ".gitattributes").write_text("*.txt diff=evil\n")
        git(inner, "add", ".")
        git(inner, "commit", "-qm", number)
        git(trap, "add", "inner")
        git(trap, "commit", "-qm", number)
    git(inner, "config", "diff.evil.command", str(trap.parent / "run.sh"))
    git(trap, "config", "diff.submodule", "diff")
    mark = trap.parent / "mark"
    mark.unlink(missing_ok=True)
    git(trap, "-c", "core.fsmonitor=false", "show")
    assert mark.exists()
    mark.unlink()
    hardened = harden_git(["git", "show"])
    assert hardened is not None
    run(trap, hardened)
    assert not mark.exists()


def test_a_hardened_diff_still_shows_the_change(trap: Path) -> None:
    hardened = harden_git(["git", "diff", "a.txt"], filters=["evil"])
    assert hardened is not None
    assert "+two" in run(trap, hardened)


def test_a_command_line_is_hardened_where_it_reads_with_git(trap: Path) -> None:
    line = harden_line(
        "cd . && git  diff -- a.txt | cat; timeout 5 git status -s", str(trap), "/home", ["evil"]
    )
    shown = run(trap, ["bash", "-c", line])
    assert "+two" in shown
    assert " M a.txt" in shown
    assert not (trap.parent / "mark").exists()


@pytest.mark.parametrize(
    "line", ["ls -la", "git push", "git $X", "git diff 'open", "bash -c 'git diff'", "echo git"]
)
def test_other_command_lines_stay_as_they_are(line: str) -> None:
    assert harden_line(line, "/", "/home") == line
