"""Which file is meant, whether it may be edited, and what is in it."""

import errno
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from loomkin.project.edit_result import Refused, RefusedKind
from loomkin.project.listing import shown_path
from loomkin.project.text import EDIT_LIMIT, Decoded, NotText, decode
from loomkin.records.dataclass import dataclass

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
)

CIRCLE = "leads nowhere: its symbolic links go in a circle. Name a file itself."


@dataclass(frozen=True, slots=True)
class Located:
    """A path inside the roots: `path` is free of symlinks, `shown` is what the model knows it by."""

    path: Path
    shown: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """A file as it is now; `data` are its bytes."""

    data: bytes
    decoded: Decoded


def locate(path: Path | str, roots: Sequence[Path]) -> Located | Refused:
    """Resolve a path (relative ones from the first root) and refuse what lies outside all roots."""
    written = os.fspath(path)
    if not written or "\0" in written:
        return Refused(RefusedKind.MISSING, "The path is empty or not a path. Give the path of a file.")
    base = os.path.realpath(roots[0])
    full = os.path.join(base, os.path.expanduser(written))
    real = os.path.realpath(full)
    if not (_is_within(real, base) or any(_is_within(real, os.path.realpath(root)) for root in roots[1:])):
        led = " leads" if real != os.path.normpath(full) else " is"
        return Refused(
            RefusedKind.OUTSIDE,
            f"{written}{led} outside of the workspace ({real}). Edit files inside {base} only.",
        )
    shown = os.path.relpath(full, base) if _is_within(os.path.normpath(full), base) else real
    return Located(Path(real), shown_path(shown))


def load(located: Located) -> Loaded | Refused | None:
    """Read and decode the file; None where there is none. Refuses what is no text file of up to 5 MB."""
    data = _read(located)
    if data is None or isinstance(data, Refused):
        return data
    decoded = decode(data)
    if isinstance(decoded, NotText):
        return Refused(
            RefusedKind.NOT_TEXT,
            f"{located.shown} is not a text file: {decoded.reason}. Change it with the program that made it.",
        )
    return Loaded(data, decoded)


def read_bytes(located: Located) -> bytes | Refused:
    """The bytes of any plain file of up to 5 MB."""
    data = _read(located)
    if data is None:
        return Refused(RefusedKind.MISSING, f"{located.shown} does not exist. Check the path.")
    return data


def _read(located: Located) -> bytes | Refused | None:
    path, shown = located.path, located.shown
    try:
        about = os.stat(path)
        kind = kind_of(about.st_mode)
        if kind:
            return Refused(RefusedKind.NOT_A_FILE, f"{shown} is {kind}, not a file. Name a file.")
        if about.st_size > EDIT_LIMIT:
            return too_large(shown, about.st_size)
        with open(path, "rb", buffering=0) as file:
            return file.readall()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            return Refused(RefusedKind.MISSING, f"{shown} {CIRCLE}")
        return Refused(
            RefusedKind.FAILED,
            f"{shown} cannot be read: {error.strerror}. Check its permissions, or ask the person.",
        )


def kind_of(mode: int) -> str:
    """What something is that is no file, or nothing."""
    return next((name for test, name in _KINDS if test(mode)), "")


def too_large(shown: str, size: int) -> Refused:
    """The refusal of a text of `size` bytes."""
    return Refused(
        RefusedKind.TOO_LARGE,
        f"With {size / 1e6:.1f} MB {shown} is too large: files over {EDIT_LIMIT / 1e6:.1f} MB are not "
        "edited here. Use a program that changes it as a stream, by the shell.",
    )


def _is_within(path: str, root: str) -> bool:
    return path == root or path.startswith(root if root.endswith("/") else root + "/")
