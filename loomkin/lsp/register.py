"""Which servers run for whom, in a file that other processes may read."""

import json
import os
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from loomkin.project.shell_process import group_runs

FOLDER = "language-servers"


class Register:
    """The file of this process below the state folder."""

    def __init__(self, state: Path) -> None:
        self._path = state / FOLDER / f"{os.getpid()}.json"
        self._lock = threading.Lock()
        self._over = False

    def note(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write down how they are; where that cannot be, nobody knows. Blocks."""
        spare = self._path.with_suffix(".new")
        with self._lock, suppress(OSError):
            if self._over:
                return
            self._path.parent.mkdir(parents=True, exist_ok=True)
            spare.write_text(json.dumps(rows), encoding="utf-8")
            os.replace(spare, self._path)

    def clear(self) -> None:
        """Nothing runs any more. Blocks."""
        with self._lock, suppress(OSError):
            self._over = True
            self._path.unlink()
            self._path.parent.rmdir()


def running(state: Path) -> list[Mapping[str, Any]]:
    """The rows of all processes that live; files of dead ones are taken away."""
    found: list[Mapping[str, Any]] = []
    for path in sorted((state / FOLDER).glob("*.json")):
        if not path.stem.isdigit() or not _lives(int(path.stem)):
            with suppress(OSError):
                path.unlink()
            continue
        try:
            rows = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        found += [row for row in rows if _runs(row)] if isinstance(rows, list) else []
    return found


def _runs(row: object) -> bool:
    """Whether what a row tells of is not over; a killed loomkin takes no rows away, its id may live on."""
    if not isinstance(row, dict):
        return False
    pid = row.get("pid")
    return not isinstance(pid, int) or group_runs(pid)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True
