"""The map that is kept follows a checkout: at low priority, one at a time, and never for long."""

import fcntl
import os
import signal
from pathlib import Path
from types import FrameType

from loomkin.project.root import state_dir
from loomkin.store.codemap import FILE_NAME

SECONDS = 120
"""After these it is ended with whatever it started; whoever asks for a map next does the rest."""
_LOCK = "map.lock"
_MILDER = 10


def kept_map(root: Path) -> Path | None:
    """The file with the map of a project, None where none was ever asked for."""
    file = state_dir(root) / FILE_NAME
    return file if file.is_file() else None


def renew_map(root: Path) -> str:
    """Bring the map up to the files as they are; says what became of it."""
    file = kept_map(root)
    if file is None:
        return "There is no map here yet; `loomkin map` makes one."
    with file.with_name(_LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return "The map is being renewed already."
        os.nice(_MILDER)
        signal.signal(signal.SIGALRM, _end)
        signal.alarm(SECONDS)
        from loomkin.codemap.atlas import Atlas  # heavy: late on purpose

        atlas = Atlas(root, file)
        try:
            atlas.map("")
        finally:
            atlas.close()
            signal.alarm(0)
    return "The map is as the files are."


def _end(number: int, frame: FrameType | None) -> None:
    """End all that reads for the map, where that is a group of its own."""
    os.killpg(0, signal.SIGKILL) if os.getpgrp() == os.getpid() else os._exit(1)
