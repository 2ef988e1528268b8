"""Which git commands take back what is not committed, and which lines only read."""

from pathlib import Path

import pytest

from loomkin.permissions.policy import Policy
from loomkin.records.permission import Access, Mode, ToolUse


def lines(text: str, root: Path) -> tuple[Policy, ToolUse]:
    policy = Policy((), Mode.ASK, (root,), root / "home")
    return policy, ToolUse("shell", Access.EXECUTE, str(root), command=text)


@pytest.mark.parametrize(
    "text",
    [
        "git stash",
        "git stash push -u -m x",
        "git stash && pytest; git stash pop",
        "git -c a=b checkout HEAD -- .",
        "git checkout -f",
        "git -C src reset --hard",
        "git checkout -- src",
        "git restore .",
        "git reset --hard HEAD~1",
        "git clean -fdx",
        "sudo git clean -f",
        "bash -c 'git reset --hard'",
        "git stash 'unclosed",
    ],
)
def test_what_takes_the_tree_back_is_known(text: str, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    policy, use = lines(text, tmp_path)
    assert "git" in policy.undoes(use, tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "git stash list",
        "git stash show -p",
        "git stash push -- a.py",
        "git checkout -- a.py",
        "git checkout -b mine",
        "git restore a.py",
        "git reset a.py",
        "git reset --soft HEAD~1",
        "git clean -n",
        "git clean -f a.pyc",
        "git -C /tmp/elsewhere reset --hard",
        "echo git stash",
    ],
)
def test_what_names_files_or_only_looks_is_not(text: str, tmp_path: Path) -> None:
    policy, use = lines(text, tmp_path)
    assert policy.undoes(use, tmp_path) == ""


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("cat a | head -3 2>/dev/null", True),
        ("git log -3 && ls", True),
        ("cat a > b", False),
        ("sed -i s/a/b/ a", False),
        ("pytest -q", False),
        ("find . -delete", False),
        ("cat 'unclosed", False),
    ],
)
def test_a_line_that_only_reads_is_known_whatever_the_mode(text: str, reads: bool, tmp_path: Path) -> None:
    policy, use = lines(text, tmp_path)
    assert policy.only_reads(use) is reads
    assert policy.with_mode(Mode.YOLO).only_reads(use) is reads
