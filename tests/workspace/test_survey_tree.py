"""The name of a tree's state is the same until there is another commit or another file at the top."""

import subprocess
from pathlib import Path

from loomkin.workspace.survey import tree_name


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True).stdout


def test_a_commit_a_new_file_and_nothing_else_change_it(tmp_path: Path):
    (tmp_path / "a.py").write_text("1")
    alone = tree_name(tmp_path)
    git(tmp_path, "init", "-q")
    unborn = tree_name(tmp_path)
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "First")
    first = tree_name(tmp_path)
    assert len({alone, unborn, first}) == 3
    assert first.startswith(git(tmp_path, "rev-parse", "HEAD").strip())
    (tmp_path / "a.py").write_text("2")
    (tmp_path / ".loomkin").mkdir()
    assert tree_name(tmp_path) == first
    git(tmp_path, "pack-refs", "--all")
    assert tree_name(tmp_path) == first
    git(tmp_path, "checkout", "-q", "--detach")
    assert tree_name(tmp_path) == first
    git(tmp_path, "worktree", "add", "-q", str(tmp_path / "other"), "-b", "other")
    assert tree_name(tmp_path / "other") == first
    assert tree_name(tmp_path) != first
    git(tmp_path, "commit", "-qm", "Second", "--allow-empty")
    (tmp_path / "other" / "b.py").write_text("3")
    assert tree_name(tmp_path / "other") != first
