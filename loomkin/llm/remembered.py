"""Answers of local servers kept for an hour, so that not every start asks how large a window is."""

import json
import os
import time
from pathlib import Path

HOUR = 3600.0
_FILE = "local-models.json"


class Remembered:
    """A small file of numbers by name; one that cannot be read or written is as good as none."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE

    def get(self, name: str) -> int | None:
        """The number kept under a name, if it is less than an hour old."""
        entry = self._read().get(name)
        if not isinstance(entry, list) or len(entry) != 2 or not all(isinstance(one, int) for one in entry):
            return None
        return int(entry[0]) if 0 <= time.time() - entry[1] < HOUR else None

    def put(self, name: str, number: int) -> None:
        """Keep a number."""
        entries = {**self._read(), name: [number, int(time.time())]}
        temporary = self._path.with_suffix(f".{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps(entries), encoding="utf-8")
            os.replace(temporary, self._path)
        except OSError:
            return

    def _read(self) -> dict[str, object]:
        try:
            entries = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return entries if isinstance(entries, dict) else {}
