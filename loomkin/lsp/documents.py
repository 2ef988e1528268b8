"""The files that a server has open, as it knows them, and what became of them on disk."""

import os
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from loomkin.lsp.positions import Text
from loomkin.project.text import NotText, decode
from loomkin.records.dataclass import dataclass

LARGEST = 2_000_000
"""Bytes of a file that is shown to servers."""

Stamp = tuple[int, int]


@dataclass(slots=True)
class Document:
    """An open file: the text and version that the server has."""

    path: Path
    language: str
    version: int
    text: Text
    stamp: Stamp | None
    checked: int = 0
    """The version whose problems are known."""

    @property
    def uri(self) -> str:
        """Its name in the protocol."""
        return uri_of(self.path)


@dataclass(frozen=True, slots=True)
class OnDisk:
    """A file as it is now; no text where there is none that a server could read."""

    text: str | None
    stamp: Stamp | None


def look(path: Path) -> OnDisk:
    """Read a file; blocks."""
    try:
        stamp = stamp_of(path)
        if stamp is None or stamp[1] > LARGEST:
            return OnDisk(None, stamp)
        decoded = decode(path.read_bytes())
    except OSError:
        return OnDisk(None, None)
    return OnDisk(None if isinstance(decoded, NotText) else decoded.text, stamp)


def stamp_of(path: Path) -> Stamp | None:
    """What changes when a file does; None where there is no plain file."""
    try:
        about = os.stat(path)
    except OSError:
        return None
    return (about.st_mtime_ns, about.st_size)


def changed(documents: Iterable[Document]) -> dict[Path, OnDisk]:
    """The open files that are no longer what the server has; blocks."""
    found = {}
    for document in documents:
        if stamp_of(document.path) != document.stamp:
            found[document.path] = look(document.path)
    return found


def uri_of(path: Path) -> str:
    """A path as the protocol writes it."""
    return "file://" + quote(os.fsencode(path))


def path_of(uri: str) -> Path | None:
    """The path of a file's URI, None for another scheme."""
    parts = urlsplit(uri)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        return None
    return Path(os.path.normpath(unquote(parts.path, errors="surrogateescape")))
