"""The same files have the same name, other files another."""

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from loomkin.project.tree import files_digest, tree_name


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    def git(*words: str) -> None:
        subprocess.run(["git", *words], cwd=tmp_path, check=True, capture_output=True)

    git("init", "-q")
    (tmp_path / ".gitignore").write_text("*.log\n")
    (tmp_path / "a.py").write_text("one\n")
    git("add", ".")
    git("commit", "-qm", "First")
    return tmp_path


async def test_every_change_of_a_file_gives_another_name_and_undoing_it_the_first(repository: Path) -> None:
    names = [await tree_name(repository)]
    (repository / "a.py").write_text("two\n")
    names.append(await tree_name(repository))
    (repository / "new.py").write_text("x")
    names.append(await tree_name(repository))
    (repository / "new.py").write_text("y")
    names.append(await tree_name(repository))
    assert len(set(names)) == 4
    assert all(len(name) == 12 for name in names)
    (repository / "new.py").unlink()
    (repository / "a.py").write_text("one\n")
    (repository / "noise.log").write_text("ignored")
    assert await tree_name(repository) == names[0]


async def test_without_a_commit_and_without_a_repository_there_is_a_name_too(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one")
    plain = await tree_name(tmp_path)
    os.utime(tmp_path / "a.py", ns=(5, 5))
    assert plain
    assert await tree_name(tmp_path) != plain
    await asyncio.to_thread(subprocess.run, ["git", "init", "-q"], cwd=tmp_path, check=True)
    unborn = await tree_name(tmp_path)
    (tmp_path / "a.py").write_text("two")
    assert unborn
    assert await tree_name(tmp_path) != unborn


def test_some_files_have_a_name_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("1")
    first = files_digest(tmp_path, ("a", "gone"))
    (tmp_path / "b").write_text("2")
    assert files_digest(tmp_path, ("gone", "a")) == first
    (tmp_path / "gone").write_text("")
    assert files_digest(tmp_path, ("a", "gone")) != first
