"""The files of a repository as they come and go, told without asking git for all of them each time."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from loomkin.project.listed import Listed
from loomkin.project.listing import list_files


@pytest.fixture
def listed(tmp_path: Path) -> Listed:
    """A repository that was looked at once, with folders that are not young."""
    top = tmp_path / "top"
    for name in ("a/one.py", "a/deep/two.py", "b/three.py", ".gitignore", "build/made.o"):
        write(top, name, "*.log\nbuild/\n" if name == ".gitignore" else "x\n")
    subprocess.run(["git", "init", "-q", str(top)], check=True)
    git(top, "add", "a", ".gitignore")
    aged(top)
    found = Listed(top)
    assert found.look().anew
    assert found.files == {"a/one.py", "a/deep/two.py", "b/three.py", ".gitignore"}
    assert not found.look().anew
    return found


def write(top: Path, name: str, text: str) -> None:
    (top / name).parent.mkdir(parents=True, exist_ok=True)
    (top / name).write_text(text)


def git(top: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(top), *words], check=True, capture_output=True)


def aged(top: Path) -> None:
    """Give folders a time that is believed."""
    for folder, _, _ in os.walk(top):
        os.utime(folder, ns=(1, 10**18))


def linked(path: Path) -> Path:
    path.symlink_to("x")
    return path


def there(top: Path) -> set[str]:
    """What a whole listing finds that is really there."""
    return {name for name in list_files(top).files if os.path.lexists(top / name)}


STEPS: dict[str, Callable[[Path], object]] = {
    "a file in a folder": lambda top: write(top, "a/deep/new.py", ""),
    "a file in folders that are new": lambda top: write(top, "c/d/e/new.py", ""),
    "an ignored file": lambda top: write(top, "a/new.log", ""),
    "an ignored folder": lambda top: write(top, "a/build/new.py", ""),
    "a folder that is ignored by its name alone": lambda top: write(top, "a/node_modules/new.js", ""),
    "a file by a name with odd signs": lambda top: write(top, ":(top)\n[a]*ä.py", ""),
    "a file that git drops": lambda top: (top / "b/three.py").unlink(),
    "a tracked file": lambda top: (top / "a/one.py").unlink(),
    "a whole folder": lambda top: shutil.rmtree(top / "a"),
    "another name of a folder": lambda top: (top / "a").rename(top / "z"),
    "a link instead of a file": lambda top: os.replace(linked(top / "link"), top / "b/three.py"),
    "other rules": lambda top: write(top, ".gitignore", "b/\n"),
    "rules further down": lambda top: write(top, "b/.gitignore", "*.py\n"),
    "rules of the repository alone": lambda top: write(top, ".git/info/exclude", "three.py\n"),
    "an ignored file that is tracked all the same": lambda top: git(top, "add", "-f", "build/made.o"),
    "a repository in the repository": lambda top: git(top / "b", "init", "-q"),
}  # fmt: skip


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_what_comes_and_goes_is_seen_as_a_whole_listing_sees_it(
    listed: Listed, step: Callable[[Path], object]
) -> None:
    before = {name for name in listed.files if os.path.lexists(listed.top / name)}
    step(listed.top)
    change = listed.look()
    now = {name for name in listed.files if os.path.lexists(listed.top / name)}
    assert now == there(listed.top)
    if not change.anew:
        assert (before | set(change.came)) - set(change.went) == now
    listed.look()
    assert {name for name in listed.files if os.path.lexists(listed.top / name)} == now


def test_a_change_of_what_a_file_holds_asks_git_for_nothing(listed: Listed) -> None:
    write(listed.top, "a/one.py", "y\n")
    change = listed.look()
    assert (change.anew, set(change.came), set(change.went)) == (False, set(), set())


def test_folders_that_came_are_looked_into(listed: Listed) -> None:
    write(listed.top, "c/d/new.py", "")
    assert set(listed.look().came) == {"c/d/new.py"}


def test_a_folder_that_changed_just_now_is_looked_into_again(listed: Listed) -> None:
    write(listed.top, "a/new.py", "")
    listed.look()
    changed = (listed.top / "a").stat().st_mtime_ns
    write(listed.top, "a/newer.py", "")
    os.utime(listed.top / "a", ns=(changed, changed))
    assert set(listed.look().came) == {"a/newer.py"}


@pytest.mark.parametrize("repository", ["none", "inside"])
def test_where_git_cannot_tell_each_look_lists_all(tmp_path: Path, repository: str) -> None:
    write(tmp_path, "a/one.py", "")
    if repository == "inside":
        subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
        subprocess.run(["git", "init", "-q", str(tmp_path / "a")], check=True)
    listed = Listed(tmp_path)
    listed.look()
    write(tmp_path, "a/two.py", "")
    assert listed.look().anew
    assert listed.files == {"a/one.py", "a/two.py"}


def test_a_folder_within_the_repository_knows_the_rules_above_it(listed: Listed) -> None:
    inner = Listed(listed.top / "a")
    inner.look()
    assert not inner.look().anew
    write(listed.top, ".gitignore", "two.py\n")
    write(listed.top, "a/deep/new.py", "")
    git(listed.top, "rm", "-q", "--cached", "a/deep/two.py")
    inner.look()
    assert inner.files == {"one.py", "deep/new.py"}
