"""Looks at files that agents have seen: asks the file system about each, and reads those that moved."""

import os
import stat
import time
from collections.abc import Iterable
from pathlib import Path

from loomkin.project.sight import Sight
from loomkin.project.text import NotText, decode, sha_of

FRESH = 2_000_000_000
"""Nanoseconds for which a file may change again without its times showing it."""
LARGEST = 64 * 1024 * 1024
LINK = "of another file"
"""Stands for the version of a file that agents saw in a place from which a link leads elsewhere by now.

What lies there is not read: an agent may not be permitted to see it.
"""
LARGEST_TEXT = 1_000_000
"""Bytes of the largest file whose changed lines are told."""


def moved(sight: Sight, paths: Iterable[Path]) -> list[Path]:
    """The files that may have changed, as far as the file system says without reading them."""
    return [path for path in paths if not sight.is_written(path) and _may_differ(sight, path)]


def look(sight: Sight, paths: Iterable[Path]) -> int:
    """Notice what became of the files; how many changed. Blocks."""
    return sum(_look(sight, path) for path in paths)


def _may_differ(sight: Sight, path: Path) -> bool:
    mark = sight.mark(path)
    try:
        return mark is None or mark.signature != _signature(os.stat(path))
    except OSError:
        return sight.newest(path) != ""


def _look(sight: Sight, path: Path) -> bool:
    if sight.is_written(path):
        return False
    mark = sight.mark(path)
    try:
        about = os.stat(path)
        signature = _signature(about)
        if mark is not None and mark.signature == signature:
            return False
        linked = os.path.realpath(path) != str(path)
        if linked or not stat.S_ISREG(about.st_mode):
            return sight.notice(path, LINK if linked else "", None)
        if about.st_size > LARGEST:
            return sight.notice(path, f"{about.st_size} bytes of {about.st_mtime_ns}", signature)
        with open(path, "rb", buffering=0) as file:
            data = file.readall()
    except (FileNotFoundError, NotADirectoryError):
        return sight.notice(path, "", None)
    except OSError:
        return False  # nobody may read it now; that is no change of its text
    sha = sha_of(data)
    settled = time.time_ns() - max(about.st_mtime_ns, about.st_ctime_ns) > FRESH
    if not sight.notice(path, sha, signature if settled else None):
        return False
    if len(data) <= LARGEST_TEXT:
        decoded = decode(data)
        if not isinstance(decoded, NotText):
            sight.texts.keep(sha, decoded.text)
    return True


def _signature(about: os.stat_result) -> tuple[int, ...]:
    return about.st_mtime_ns, about.st_ctime_ns, about.st_size, about.st_ino
