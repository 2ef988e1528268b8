"""Regular expressions that are compiled when they are first used; to type checkers they are ordinary ones.

Two hundred patterns at import were a tenth of a start, and a run uses a handful of them.
"""

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from re import compile as pattern
else:

    class pattern:
        """Stands for a compiled pattern; its methods come into being on first use."""

        def __init__(self, text, flags=0):
            self._wanted = (text, flags)

        def __getattr__(self, name: str) -> Any:
            value = getattr(re.compile(*self._wanted), name)
            setattr(self, name, value)
            return value

        def __repr__(self):
            return f"pattern({self._wanted[0]!r})"


__all__ = ["pattern"]
