"""The watcher: what it sees is what git would list, whatever the system does with its events."""

import errno
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue

import pytest

from loomkin.project.census import Kind
from loomkin.project.watch import Batch, Watcher
from loomkin.project.watch_pending import Pending
from loomkin.project.watch_sources import InotifySource, ObserverSource, Source, open_source

SECONDS = 8.0


class Seen:
    """What a watcher told, to be waited for."""

    def __init__(self) -> None:
        self.batches: Queue[Batch] = Queue()
        self.warnings: list[str] = []
        self.so_far: dict[str, Kind] = {}
        self.told: list[Batch] = []

    def next(self) -> Batch:
        """The next batch."""
        batch = self.batches.get(timeout=SECONDS)
        self.told.append(batch)
        self.so_far |= {one.path: one.kind for one in batch.changes}
        return batch

    def until(self, holds: Callable[[dict[str, Kind]], bool]) -> dict[str, Kind]:
        """All changes by their paths, as soon as they satisfy `holds`."""
        while not holds(self.so_far):
            self.next()
        found, self.so_far = self.so_far, {}
        return found

    def nothing_but(self, root: Path, name: str) -> None:
        """A new file is the next thing that is told: all before it was passed over."""
        (root / name).write_text("x")
        assert self.until(lambda found: name in found) == {name: Kind.CREATED}


@contextmanager
def watched(
    root: Path, opens: Callable[..., Source] = open_source, pending: Pending | None = None
) -> Iterator[tuple[Seen, Watcher]]:
    """A watcher that has counted everything; it is ended in time."""
    seen = Seen()
    watcher = Watcher(
        root, seen.batches.put, seen.warnings.append, opens, pending or Pending(0.05, 1.0), poll=0.1
    )
    watcher.start()
    assert watcher.ready.wait(SECONDS)
    try:
        yield seen, watcher
    finally:
        watcher.stop()
    assert not any(thread.name == "watcher" for thread in threading.enumerate())


def git(root: Path, *words: str) -> None:
    subprocess.run(
        ["git", "-c", "protocol.file.allow=always", *words], cwd=root, check=True, capture_output=True
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    top = tmp_path / "project"
    (top / "src").mkdir(parents=True)
    git(top, "init", "-q")
    (top / "src" / "a.py").write_text("a\n")
    (top / ".gitignore").write_text("*.log\nbuild/\n!keep.log\n")
    git(top, "add", ".")
    git(top, "commit", "-qm", "First")
    return top


def test_files_and_folders_that_come_change_move_and_go_are_told(root: Path) -> None:
    with watched(root) as (seen, watcher):
        assert (watcher.files, watcher.polls, seen.warnings) == (2, False, [])
        (root / "src" / "a.py").write_text("changed\n")
        assert seen.until(lambda found: len(found) == 1) == {"src/a.py": Kind.MODIFIED}
        (root / "temporary").write_text("saved by renaming\n")
        (root / "temporary").rename(root / "src" / "a.py")
        assert seen.until(lambda found: len(found) == 1) == {"src/a.py": Kind.MODIFIED}
        deep = root / "new" / "deep"
        deep.mkdir(parents=True)
        (deep / "b.py").write_text("b\n")
        assert seen.until(lambda found: "new/deep/b.py" in found) == {"new/deep/b.py": Kind.CREATED}
        (deep / "c.py").write_text("c\n")
        assert seen.until(lambda found: len(found) == 1) == {"new/deep/c.py": Kind.CREATED}
        (root / "new").rename(root / "old")
        moved = seen.until(lambda found: len(found) == 4)
        assert moved["new/deep/b.py"] is Kind.DELETED
        assert moved["old/deep/b.py"] is Kind.CREATED
        (root / "old" / "deep" / "b.py").write_text("under its new name\n")
        assert seen.until(lambda found: len(found) == 1) == {"old/deep/b.py": Kind.MODIFIED}
        (root / "link").symlink_to("src/a.py")
        assert seen.until(lambda found: len(found) == 1) == {"link": Kind.CREATED}
        (root / "src" / "a.py").unlink()
        assert seen.until(lambda found: len(found) == 1) == {"src/a.py": Kind.DELETED}


def test_a_folder_that_another_took_the_place_of_is_watched_under_its_name(root: Path) -> None:
    with watched(root) as (seen, _):
        subprocess.run("mv src src.bak && cp -r src.bak src", shell=True, cwd=root, check=True)
        seen.until(
            lambda found: "src.bak/a.py" in found and found.get("src/a.py") in (Kind.CREATED, Kind.MODIFIED)
        )
        (root / "src" / "a.py").write_text("changed\n")
        assert seen.until(lambda found: "src/a.py" in found)["src/a.py"] is Kind.MODIFIED
        (root / "src.bak" / "a.py").write_text("changed\n")
        assert seen.until(lambda found: "src.bak/a.py" in found)["src.bak/a.py"] is Kind.MODIFIED
        subprocess.run("mv src t && mv src.bak src && mv t src.bak", shell=True, cwd=root, check=True)
        (root / "new.py").write_text("the end of it\n")
        seen.until(lambda found: "new.py" in found)
        (root / "src" / "a.py").write_text("changed again\n")
        assert "src/a.py" in seen.until(lambda found: "src/a.py" in found)


def test_a_folder_that_is_gone_is_said_and_nothing_else_happens(root: Path) -> None:
    with watched(root) as (seen, watcher):
        shutil.rmtree(root)
        watcher._thread.join(SECONDS)
        assert not watcher._thread.is_alive()
        assert seen.warnings == ["The watched folder is gone: changes are noticed no more."]


CHANGED = """
import sys
from pathlib import Path
from loomkin.project.watch import Watcher
watcher = Watcher(Path(sys.argv[1]), lambda batch: None, print)
watcher.start()
watcher.ready.wait()
print(watcher.polls, watcher.files)
watcher.stop()
"""


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="the module is of Linux")
def test_a_library_that_has_changed_is_replaced_by_looking_and_a_line_says_so(
    root: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other" / "watchdog" / "observers"
    other.mkdir(parents=True)
    (other.parent / "__init__.py").touch()
    (other / "__init__.py").touch()
    lines = "class InotifyConstants:\n    IN_MOVE = 1\nclass InotifyEvent:\n    pass\n"
    (other / "inotify_c.py").write_text(lines)
    done = subprocess.run(
        [sys.executable, "-c", CHANGED, str(root)], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "other")},
    )  # fmt: skip
    assert done.stdout.startswith("Files are watched by looking at them every few seconds, as the system")
    assert "(watchdog is not as it was: " in done.stdout
    assert done.stdout.endswith("\nTrue 2\n")
    assert done.stderr == ""


def test_what_git_ignores_is_neither_watched_nor_told(root: Path) -> None:
    (root / "src" / ".gitignore").write_text("made_*\n!made_here.py\n")
    (root / ".git" / "info").mkdir(exist_ok=True)
    (root / ".git" / "info" / "exclude").write_text("mine.txt\n")
    (root / "node_modules" / "lib").mkdir(parents=True)
    (root / "build" / "deep").mkdir(parents=True)
    (root / "empty").mkdir()
    with watched(root) as (seen, watcher):
        assert isinstance(watcher._source, InotifySource)
        followed = {os.fsdecode(path) for path in watcher._source._folders}
        names = {os.path.relpath(path, root) for path in followed}
        assert names == {".", "src", "empty", ".git", ".git/info"}
        for name in ("x.log", "mine.txt", "build/deep/y", "node_modules/lib/z.js", "src/made_there.py"):
            (root / name).write_text("x")
        seen.nothing_but(root, "src/made_here.py")
        seen.nothing_but(root, "keep.log")
        seen.nothing_but(root, "empty/first.py")
        (root / ".git" / "info" / "exclude").write_text("")
        assert seen.until(lambda found: "mine.txt" in found) == {"mine.txt": Kind.CREATED}


def test_a_branch_switch_is_one_batch_that_is_gits_and_a_save_is_none(root: Path) -> None:
    git(root, "switch", "-qc", "other")
    for number in range(300):
        (root / f"part{number}.py").write_text("x")
    git(root, "add", ".")
    git(root, "commit", "-qm", "Parts")
    git(root, "switch", "-q", "main")
    with watched(root, pending=Pending()) as (seen, _):
        git(root, "switch", "-q", "other")
        batch = seen.next()
        assert len(batch.changes) == 300
        assert (batch.by_git, batch.before.place, batch.after.place) == (True, "main", "other")
        (root / "src" / "a.py").write_text("by hand\n")
        batch = seen.next()
        assert [one.path for one in batch.changes] == ["src/a.py"]
        assert not batch.by_git
        git(root, "stash")
        assert seen.next().by_git


@pytest.mark.feature("D2")
def test_what_was_lost_when_the_kernels_queue_overflowed_is_found(root: Path) -> None:
    most = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    pending = Pending(0.05, 30.0)
    with watched(root, pending=pending) as (seen, _):
        with pending.changed:  # whoever reads the queue waits here
            (root / "src" / "a.py").write_text("before\n")
            for number in range(most // 2 + 100):
                os.close(os.open(root / f"t{number % 50}", os.O_CREAT | os.O_WRONLY))
                os.unlink(root / f"t{number % 50}")
            (root / "late").mkdir()
            (root / "late" / "b.py").write_text("after\n")
        found = seen.until(lambda found: len(found) == 2)
        assert found == {"src/a.py": Kind.MODIFIED, "late/b.py": Kind.CREATED}
        (root / "late" / "b.py").write_text("and on\n")
        assert seen.until(lambda found: len(found) == 1) == {"late/b.py": Kind.MODIFIED}


def no_more_watches(root: Path, git: Iterable[Path], pending: Pending) -> Source:
    source = InotifySource(root, git, pending)

    class Full:
        sees_all = True
        close = source.close

        def follow(self, folders: Iterable[str]) -> bool:
            source.follow([""])
            raise OSError(errno.ENOSPC, "inotify watch limit reached")

    return Full()


def no_events(root: Path, git: Iterable[Path], pending: Pending) -> Source:
    raise OSError(errno.ENOSYS, "Function not implemented")


@pytest.mark.feature("D2")
@pytest.mark.parametrize("opens", [no_more_watches, no_events])
def test_without_events_files_are_looked_at_and_a_line_says_so(
    root: Path, opens: Callable[..., Source]
) -> None:
    with watched(root, opens) as (seen, watcher):
        assert watcher.polls
        assert len(seen.warnings) == 1
        assert "looking at them every few seconds" in seen.warnings[0]
        (root / "src" / "a.py").write_text("changed\n")
        (root / "b.py").write_text("new\n")
        found = seen.until(lambda found: len(found) == 2)
        assert found == {"src/a.py": Kind.MODIFIED, "b.py": Kind.CREATED}


def test_the_observer_of_other_systems_sees_the_same(root: Path) -> None:
    with watched(root, ObserverSource) as (seen, watcher):
        assert not watcher.polls
        (root / "x.log").write_text("ignored")
        (root / "src" / "a.py").write_text("changed\n")
        assert seen.until(lambda found: len(found) == 1) == {"src/a.py": Kind.MODIFIED}


def test_submodules_linked_worktrees_and_sparse_checkouts_are_seen_as_git_sees_them(
    root: Path, tmp_path: Path
) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    git(inner, "init", "-q")
    (inner / "in.py").write_text("in\n")
    git(inner, "add", ".")
    git(inner, "commit", "-qm", "Inner")
    git(root, "submodule", "add", "-q", str(inner), "sub")
    git(root, "commit", "-qm", "Sub")
    tree = tmp_path / "tree"
    git(root, "worktree", "add", "-q", "-b", "aside", str(tree))
    with watched(root) as (seen, _):
        (root / "sub" / "in.py").write_text("changed\n")
        assert seen.until(lambda found: len(found) == 1) == {"sub/in.py": Kind.MODIFIED}
    with watched(tree) as (seen, _):
        (tree / "src" / "a.py").write_text("changed\n")
        assert seen.until(lambda found: len(found) == 1) == {"src/a.py": Kind.MODIFIED}
        git(tree, "stash")
        assert seen.next().by_git
        git(tree, "sparse-checkout", "set", "--no-cone", "/.gitignore")
        seen.until(lambda found: found.get("src/a.py") is Kind.DELETED)


def test_without_git_the_same_rules_hold(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.log\n")
    (tmp_path / "deep").mkdir()
    with watched(tmp_path) as (seen, _):
        (tmp_path / "deep" / "x.log").write_text("x")
        seen.nothing_but(tmp_path, "deep/a.py")
        with pytest.raises(Empty):
            seen.batches.get_nowait()


def test_a_lock_that_a_killed_git_left_behind_holds_nothing_up(root: Path) -> None:
    lock = root / ".git" / "index.lock"
    lock.touch()
    os.utime(lock, (1, 1))
    with watched(root) as (seen, _):
        (root / "src" / "a.py").write_text("changed\n")
        batch = seen.next()
        assert [one.path for one in batch.changes] == ["src/a.py"]
        assert not batch.by_git
