"""Digests of many files: read here where they are few, else in processes on all cores."""

import gc
import hashlib
import json
import os
import queue
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from loomkin.codemap.digest import VERSION, digest, packed
from loomkin.codemap.words import Pieces
from loomkin.project.grammars import language_of

FEW = 600_000
"""Bytes of all files together that are not worth a process."""
LARGEST = 4_000_000
"""Bytes of the largest file that is read."""
SECONDS = 600.0
BATCH = 64
FRAME = struct.Struct("<16sI")
_OTHERS = (
    "swift scala sc dart zig nim jl hs ml mli fs fsx clj cljs erl hrl vue svelte astro sql proto thrift "
    "graphql r m mm pl pm groovy gradle ps1 vim el lisp rkt cr d v sv vhd pas f90 cu glsl wgsl sol tf nix "
    "cmake mk eex heex leex erb haml slim ejs pug twig liquid tmpl gohtml jinja j2 zsh fish ksh bat"
)
_READ = frozenset(f".{one}" for one in _OTHERS.split())


def is_read(path: str) -> bool:
    """Whether what is in a file counts for the map; of others only the names do."""
    return language_of(path) is not None or os.path.splitext(path)[1].lower() in _READ


def key_of(path: str, data: bytes) -> bytes:
    """What the digest of a file's content is kept under."""
    kind = language_of(path) or "?"
    return hashlib.blake2b(data, digest_size=16, person=f"{VERSION} {kind}".encode()[:16]).digest()


def content(root: str, path: str) -> bytes:
    """A file's bytes, none where it cannot be read or is too large."""
    try:
        with open(os.path.join(root, path), "rb") as file:
            data = file.read(LARGEST + 1)
    except (OSError, ValueError):
        return b""
    return data if len(data) <= LARGEST and b"\0" not in data[:8192] else b""


def digests(
    root: Path, paths: Sequence[str], sizes: Sequence[int], known: Pieces
) -> Iterator[list[tuple[bytes, bytes]]]:
    """Keys and digests of some files, some at a time, in no order."""
    processes = min(os.cpu_count() or 1, 8, 1 + sum(sizes) // FEW)
    if processes < 2 or getattr(sys, "frozen", False):
        for begin in range(0, len(paths), BATCH):
            yield [read(str(root), path, known) for path in paths[begin : begin + BATCH]]
        return
    yield from _by_processes(str(root), _shared(paths, sizes, processes))


def read(root: str, path: str, known: Pieces) -> tuple[bytes, bytes]:
    """The key and the digest of one file."""
    data = content(root, path)
    text = data.decode("utf-8", "replace")
    return key_of(path, data), packed(digest(path, text, known))


def _shared(paths: Sequence[str], sizes: Sequence[int], number: int) -> list[list[str]]:
    """The files in as many parts, each about as large."""
    parts: list[list[str]] = [[] for _ in range(number)]
    weights = [0] * number
    for size, path in sorted(zip(sizes, paths, strict=True), reverse=True):
        least = weights.index(min(weights))
        parts[least].append(path)
        weights[least] += size + 500
    return parts


def _by_processes(root: str, parts: Sequence[list[str]]) -> Iterator[list[tuple[bytes, bytes]]]:
    made: queue.Queue[list[tuple[bytes, bytes]] | None] = queue.Queue(16)
    threads = [threading.Thread(target=_attend, args=(root, part, made), daemon=True) for part in parts]
    for thread in threads:
        thread.start()
    left = len(threads)
    while left:
        batch = made.get()
        if batch is None:
            left -= 1
        else:
            yield batch


def _attend(root: str, part: list[str], made: "queue.Queue[list[tuple[bytes, bytes]] | None]") -> None:
    """Pass on what one process reads; what it leaves undone is read here."""
    done = 0
    try:
        with suppress(OSError), _started() as process:
            timer = threading.Timer(SECONDS, process.kill)
            timer.start()
            try:
                for batch in _made(process, root, part):
                    made.put(batch)
                    done += len(batch)
            finally:
                timer.cancel()
        known = Pieces()
        for path in part[done:]:
            made.put([read(root, path, known)])
    finally:
        made.put(None)


def _made(
    process: subprocess.Popen[bytes], root: str, part: list[str]
) -> Iterator[list[tuple[bytes, bytes]]]:
    """What a process makes of some files, in their order, as far as it comes."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps([root, part]).encode())
    process.stdin.close()
    batch: list[tuple[bytes, bytes]] = []
    while len(head := process.stdout.read(FRAME.size)) == FRAME.size:
        key, size = FRAME.unpack(head)
        data = process.stdout.read(size)
        if len(data) < size:
            break
        batch.append((key, data))
        if len(batch) == BATCH:
            yield batch
            batch = []
    yield batch


def _started() -> subprocess.Popen[bytes]:
    paths = os.pathsep.join(os.path.abspath(path) for path in sys.path if path)
    return subprocess.Popen(
        [sys.executable, "-P", "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={**os.environ, "PYTHONPATH": paths},
    )


def main() -> None:
    """Read the files that standard input names; each digest goes to standard output as it is made."""
    gc.disable()  # nothing here is held in circles, and looking for that takes a tenth of the time
    root, paths = json.loads(sys.stdin.buffer.read())
    known, out = Pieces(), sys.stdout.buffer
    for path in paths:
        key, data = read(root, path, known)
        out.write(FRAME.pack(key, len(data)))
        out.write(data)


if __name__ == "__main__":
    main()
