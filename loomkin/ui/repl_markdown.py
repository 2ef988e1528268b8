"""Streamed markdown cut into blocks that will not change any more."""

from loomkin.records.regex import pattern

_FENCE = pattern(r"\s*(`{3,}|~{3,})")
_ITEM = pattern(r"\s*(?:[-*+]|\d{1,9}[.)])\s")
_HEADING = pattern(r"#{1,6}\s")


class MarkdownBlocks:
    """Takes text in pieces of any size and gives each paragraph, list, table, fence and heading out once."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line = ""
        self._fence = ""
        self._list = False
        self._gap = False

    @property
    def rest(self) -> str:
        """What has come and is not given out yet."""
        return "\n".join([*self._lines, self._line]).strip("\n")

    def feed(self, text: str) -> list[str]:
        """The blocks that more text completes."""
        *lines, self._line = (self._line + text).split("\n")
        found: list[str] = []
        for line in lines:
            self._take(line, found)
        return found

    def close(self) -> list[str]:
        """What is left, as the last block."""
        rest = self.rest
        self.__init__()  # type: ignore[misc]
        return [rest] if rest.strip() else []

    def _take(self, line: str, found: list[str]) -> None:
        if self._fence:
            self._lines.append(line)
            if line.strip().startswith(self._fence) and not line.strip().strip(self._fence[0]):
                self._fence = ""
                if not self._list:
                    self._give(found)
            return
        if not line.strip():
            self._pause(found)
            return
        if self._gap and self._list and not (_ITEM.match(line) or line.startswith(("  ", "\t"))):
            self._give(found)
        self._gap = False
        fence = _FENCE.match(line)
        if (fence and not line.startswith("  ")) or _HEADING.match(line):
            self._give(found)
        if not self._lines:
            self._list = _ITEM.match(line) is not None
        self._lines.append(line)
        if fence:
            self._fence = fence[1]
        elif _HEADING.match(line):
            self._give(found)

    def _pause(self, found: list[str]) -> None:
        if self._list and self._lines:
            self._lines.append("")
            self._gap = True
        else:
            self._give(found)

    def _give(self, found: list[str]) -> None:
        block = "\n".join(self._lines).strip("\n")
        if block.strip():
            found.append(block)
        self._lines, self._list, self._gap = [], False, False
