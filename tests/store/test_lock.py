"""One process a session."""

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from loomkin.errors import StoreError
from loomkin.store.lock import SessionLock

HOLDER = """
import sys
from pathlib import Path
from loomkin.store.lock import SessionLock
lock = SessionLock(Path(sys.argv[1]), "s-1")
print("held", flush=True)
sys.stdin.read()
lock.release()
"""


def holder(folder: Path) -> "subprocess.Popen[str]":
    words = [sys.executable, "-c", HOLDER, str(folder)]
    child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    return child


def test_a_session_in_use_names_the_process_that_has_it(tmp_path: Path) -> None:
    child = holder(tmp_path)
    with pytest.raises(StoreError, match=f"in use by process {child.pid}"):
        SessionLock(tmp_path, "s-1")
    SessionLock(tmp_path, "s-2").release()
    child.communicate("")
    SessionLock(tmp_path, "s-1").release()
    assert list(tmp_path.iterdir()) == []


def test_a_killed_holder_lets_go(tmp_path: Path) -> None:
    child = holder(tmp_path)
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    lock = SessionLock(tmp_path, "s-1")
    assert (tmp_path / "s-1.lock").read_text() == f"{os.getpid()}\n"
    lock.release()


def test_a_lock_on_a_file_that_was_taken_away_counts_for_nothing(tmp_path: Path) -> None:
    first = SessionLock(tmp_path, "s-1")
    (tmp_path / "s-1.lock").unlink()
    second = SessionLock(tmp_path, "s-1")
    with pytest.raises(StoreError, match="in use"):
        SessionLock(tmp_path, "s-1")
    second.release()
    first.release()


def test_of_many_who_come_and_go_only_one_is_inside_at_a_time(tmp_path: Path) -> None:
    inside = threading.Lock()

    def come_and_go(number: int) -> None:
        mine = 0
        while mine < 30:
            try:
                lock = SessionLock(tmp_path, "s-1")
            except StoreError:
                continue
            assert inside.acquire(blocking=False), "somebody else is inside"
            mine += 1
            (tmp_path / f"{number}").write_bytes(b"")  # lets the others run meanwhile
            inside.release()
            lock.release()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(come_and_go, range(4))) == [None] * 4


def test_a_folder_that_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="Cannot lock the session"):
        SessionLock(tmp_path / "nowhere", "s-1")


FULL = """
import resource, signal, sys
from pathlib import Path
from loomkin.store.lock import SessionLock
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
SessionLock(Path(sys.argv[1]), "s-1").release()
"""


def test_a_disk_without_room_for_the_process_number_still_has_a_lock(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True)
    assert (done.returncode, done.stderr, list(tmp_path.iterdir())) == (0, "", [])
