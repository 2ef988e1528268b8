"""The map for those who may never ask it: what makes it is imported when it is first asked."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loomkin.codemap.atlas import Atlas

TOKENS, LEAST_TOKENS = 2_000, 50
BYTES_PER_TOKEN = 3.5
"""The careful side of what models pack into a token."""


class LateAtlas:
    """The map of the files below `root`, kept in `file`."""

    def __init__(self, root: Path, file: Path) -> None:
        self.root = root
        self._file = file
        self._atlas: Atlas | None = None
        self._lock = threading.Lock()

    def __call__(self) -> "Atlas":
        """The map, which is opened now where it is not yet; blocks."""
        from loomkin.codemap.atlas import Atlas  # heavy: late on purpose

        with self._lock:
            if self._atlas is None:
                self._atlas = Atlas(self.root, self._file, stays=True)
            return self._atlas

    def renew(self) -> None:
        """Bring an open map up to the files as they are; blocks."""
        if self._atlas is not None:
            self._atlas.renew()

    def close(self) -> None:
        """Close what was opened."""
        if self._atlas is not None:
            self._atlas.close()
