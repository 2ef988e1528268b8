"""Whole outputs of commands, which stand in files beside the database, and go along with a session."""

import os
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from loomkin.records.regex import pattern
from loomkin.store.database import Database

FOLDER = ".loomkin/outputs/"
"""How the log names the folder."""
LARGEST = 4 << 20
"""Bytes of an output that is carried along."""
MOST = 32 << 20
"""Bytes of all of them."""
HALF = ".part"
_NAME = pattern(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


def names(db: Database, session: str) -> list[str]:
    """The names of the kept outputs that a session speaks of, oldest first."""
    rows = db.rows(
        "SELECT output, min(at) FROM (SELECT output_id AS output, started AS at FROM calls WHERE session = ?"
        " UNION ALL SELECT json_extract(data, '$.output_id'), json_extract(data, '$.at') FROM evidence"
        " WHERE session = ?) WHERE output LIKE '.loomkin/outputs/%' GROUP BY output ORDER BY 2, 1",
        (session, session),
    )
    found = [str(row[0]).removeprefix(FOLDER) for row in rows]
    return [name for name in found if is_name(name)]


def is_name(text: str) -> bool:
    """Whether it can be the name of a kept output: nothing that leads out of the folder."""
    return _NAME.fullmatch(text) is not None and not text.endswith(HALF)


def packed(
    folder: Path, wanted: list[str], note: Callable[[str], None], clean: Callable[[str], str] = str
) -> Iterator[dict[str, object]]:
    """Each output for a file, as `clean` leaves its text; one that is too large is only named.

    `note` hears what was left out.
    """
    room = MOST
    for name in wanted:
        try:
            with (folder / name).open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                data = file.read(LARGEST + 1) if size <= min(LARGEST, room) else b""
        except OSError:
            note(f"output {name} is gone")
            continue
        if size > min(LARGEST, room) or len(data) > LARGEST:
            note(f"output {name} has {size} bytes")
            yield {"name": name, "size": size}
            continue
        room -= len(data)
        try:
            yield {"name": name, "text": clean(data.decode())}
        except UnicodeDecodeError:
            yield {"name": name, "base64": b64encode(data).decode()}


def free_names(
    folder: Path, wanted: Mapping[str, bytes] | list[str], read: Callable[[str], bytes]
) -> dict[str, str]:
    """Under which name each output can stand here: its own, unless another one has it."""
    chosen: dict[str, str] = {}
    for name in wanted:
        stem, dot, end = name.partition(".")
        number, free = 1, name
        while (folder / free).exists() and not _holds(folder / free, read(name)):
            number += 1
            free = f"{stem}-{number}{dot}{end}"
        chosen[name] = free
    return chosen


def put(folder: Path, chosen: Mapping[str, str], read: Callable[[str], bytes]) -> None:
    """Write the outputs that are not there yet; what an earlier process left half-written goes.

    Nobody else may do so at the same time. Raises OSError, with nothing of it left.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    for left in folder.glob(f"*{HALF}"):
        left.unlink(missing_ok=True)
    made: list[Path] = []
    try:
        for name, free in chosen.items():
            if (folder / free).exists():
                continue
            half = folder / f"{free}{HALF}"
            made.append(half)
            with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(read(name))
        for half in made:
            half.rename(half.with_name(half.name.removesuffix(HALF)))
    except BaseException:
        for half in made:
            with suppress(OSError):
                half.unlink(missing_ok=True)
        raise


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.read_bytes() == data
    except OSError:
        return False
