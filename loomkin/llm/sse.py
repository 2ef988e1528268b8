"""Framing of streamed answers: server-sent events and JSON lines, fed bytes and giving back payloads."""

MOST_PENDING = 32 * 1024 * 1024


class FramingError(ValueError):
    """The bytes can never become an event; the words say why."""


class LineSplitter:
    """Whole lines out of pieces of bytes; LF, CRLF and CR end a line.

    A CR at the very end of a piece is held back until the next one shows whether an LF follows.
    """

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes; raises FramingError when one line passes 32 MiB."""
        data = self._rest + data if self._rest else data
        if b"\r" in data:
            held = data.endswith(b"\r")
            data = (data[:-1] if held else data).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            data += b"\r" if held else b""
        lines = data.split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > MOST_PENDING:
            raise FramingError("a single line is longer than 32 MiB")
        return lines

    def end(self) -> list[bytes]:
        """What is left when the bytes have ended."""
        rest, self._rest = self._rest.removesuffix(b"\r"), b""
        return [rest] if rest else []


class EventParser:
    """Server-sent events, after the WHATWG standard (HTML, section 9.2.6); ids and retry times are ignored.

    A last event without its empty line is delivered by `end`, because several servers forget that line.
    """

    __slots__ = ("_data", "_lines", "_name", "ignored")

    def __init__(self) -> None:
        self._lines = LineSplitter()
        self._name = ""
        self._data: list[bytes] = []
        self.ignored = b""

    def feed(self, data: bytes) -> list[tuple[str, bytes]]:
        """The events, as name and payload, that `data` completes; raises FramingError."""
        return self._events(self._lines.feed(data))

    def end(self) -> list[tuple[str, bytes]]:
        """The events that were complete but for the closing empty line."""
        return self._events([*self._lines.end(), b""])

    def _events(self, lines: list[bytes]) -> list[tuple[str, bytes]]:
        events: list[tuple[str, bytes]] = []
        for line in lines:
            if line.startswith(b"data:"):
                self._data.append(line[6:] if line[5:6] == b" " else line[5:])
            elif not line:
                if self._data:
                    payload = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
                    events.append((self._name, payload))
                    self._data.clear()
                self._name = ""
            elif line.startswith(b"event:"):
                self._name = line[6:].strip().decode("utf-8", "replace")
            elif not self.ignored and not line.startswith((b":", b"id:", b"retry:")):
                self.ignored = line[:200]
        return events
