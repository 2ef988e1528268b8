"""Reads one HTTP/1.1 answer out of pieces of bytes, strictly and in bounded memory (RFC 9110 and 9112).

It is our own because `h11`, the well-kept library for this, takes 15 ms of processor time to import, as much
as two thirds of a bare interpreter's start, and several times the work for each piece of a stream. Reading
answers only, without a writing half and without servers, is small enough to test whole.
"""

from loomkin.llm.transport import Garbage
from loomkin.records.dataclass import dataclass

LONGEST_HEAD = 100 * 1024
MOST_LINES = 1000
MOST_INTERIM = 1000
MOST_DIGITS = 16
TOKEN = b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
HEXADECIMAL = b"0123456789abcdefABCDEF"

_HEAD, _SIZE, _CHUNK, _CHUNK_END, _TRAILERS, _COUNTED, _TO_EOF, _DONE = range(8)


@dataclass(frozen=True, slots=True)
class Head:
    """Status and headers; names are lower case, values that came under one name are joined by commas."""

    status: int
    headers: dict[str, str]


class ResponseParser:
    """One answer to a request with `method`.

    `head` is set when the final head is in, `done` when the answer is complete, and `reusable` says then
    whether the connection may carry another request.
    """

    __slots__ = (
        "_bodiless",
        "_held",
        "_interim",
        "_left",
        "_lines",
        "_persistent",
        "_room",
        "_state",
        "done",
        "head",
        "reusable",
    )

    def __init__(self, method: str) -> None:
        self.head: Head | None = None
        self.done = False
        self.reusable = False
        self._bodiless = method == "HEAD"
        self._persistent = False
        self._state = _HEAD
        self._lines: list[bytes] = []
        self._held = bytearray()
        self._room = LONGEST_HEAD
        self._left = 0
        self._interim = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The pieces of the body in `data`; raises Garbage where it is no HTTP."""
        pieces: list[bytes] = []
        at, end = 0, len(data)
        while at < end:
            state = self._state
            if state is _CHUNK or state is _COUNTED:
                piece = data[at : at + self._left]
                pieces.append(piece)
                at += len(piece)
                self._left -= len(piece)
                if not self._left:
                    self._counted_out()
            elif state is _TO_EOF:
                pieces.append(data[at:])
                break
            elif state is _DONE:
                self.reusable = False
                break
            elif state is _SIZE and not self._held and (after := _whole_chunks(data, at, pieces)) > at:
                at = after
            else:
                at = self._line(data, at)
        return pieces

    def eof(self) -> bool:
        """Take note that the connection has ended; true where the answer is complete by that."""
        if self._state is _TO_EOF:
            self._end(reusable=False)
        return self.done

    def _line(self, data: bytes, at: int) -> int:
        """Take one line, or what there is of it; gives back where the rest of `data` begins."""
        stop = data.find(b"\n", at)
        upto = len(data) if stop < 0 else stop
        self._room -= upto - at + 1
        if self._room < 0:
            raise Garbage(f"a header in its answer is longer than {LONGEST_HEAD // 1024} KiB")
        if stop < 0:
            self._held += data[at:]
            if self._state is _HEAD and not self._lines:
                _check_start(bytes(self._held[:64]))
            return upto
        line = data[at:stop]
        if self._held:
            line = bytes(self._held) + line
            self._held.clear()
        self._take(line.removesuffix(b"\r"))
        return stop + 1

    def _take(self, line: bytes) -> None:
        state = self._state
        if state is _SIZE:
            self._left = _chunk_size(line)
            self._go(_CHUNK if self._left else _TRAILERS)
        elif state is _CHUNK_END:
            if line:
                raise Garbage(f"a chunk of its answer goes on with {_sample(line)}")
            self._go(_SIZE)
        elif state is _TRAILERS:
            if not line:
                self._end(reusable=self._persistent)
        elif line and len(self._lines) < MOST_LINES:
            if not self._lines:
                _check_start(line)
            self._lines.append(line)
        elif line:
            raise Garbage(f"its answer has more than {MOST_LINES} headers")
        else:
            self._head_complete()

    def _head_complete(self) -> None:
        if not self._lines:
            raise Garbage("its answer begins with an empty line")
        recent, status = _status(self._lines[0])
        headers = _headers(self._lines[1:])
        self._lines.clear()
        if 100 <= status < 200 and status != 101:
            self._interim += 1
            if self._interim > MOST_INTERIM:
                raise Garbage("it sends interim answers without end")
            self._go(_HEAD)
            return
        self.head = Head(status, headers)
        self._frame(status, headers, recent)

    def _frame(self, status: int, headers: dict[str, str], recent: bool) -> None:
        """Find out how the body ends (RFC 9112, section 6.3)."""
        options = [option.strip().lower() for option in headers.get("connection", "").split(",")]
        self._persistent = "close" not in options and (recent or "keep-alive" in options)
        coding = headers.get("transfer-encoding")
        length = headers.get("content-length")
        if self._bodiless or status in (101, 204, 304):
            self._end(reusable=self._persistent and status != 101)
        elif coding is not None:
            if coding.strip().lower() != "chunked":
                raise Garbage(f"its answer has the transfer coding {coding[:60]!r}")
            # a length beside it is somebody's mistake about where the next answer begins
            self._persistent = self._persistent and length is None and recent
            self._go(_SIZE)
        elif length is None:
            self._go(_TO_EOF)
        else:
            self._left = _content_length(length)
            self._go(_COUNTED)
            if not self._left:
                self._end(reusable=self._persistent)

    def _counted_out(self) -> None:
        if self._state is _CHUNK:
            self._go(_CHUNK_END)
        else:
            self._end(reusable=self._persistent)

    def _go(self, state: int) -> None:
        self._state = state
        self._room = LONGEST_HEAD

    def _end(self, *, reusable: bool) -> None:
        self._state = _DONE
        self.done = True
        self.reusable = reusable


def _whole_chunks(data: bytes, at: int, pieces: list[bytes]) -> int:
    """Take the chunks that are there as a whole, as most are; gives back where the first other one begins."""
    while True:
        stop = data.find(b"\r\n", at, at + MOST_DIGITS)
        digits = data[at:stop]
        if stop <= at or digits.translate(None, HEXADECIMAL):
            return at
        begin = stop + 2
        end = begin + int(digits, 16)
        if end == begin or data[end : end + 2] != b"\r\n":
            return at
        pieces.append(data[begin:end])
        at = end + 2


def _sample(line: bytes) -> str:
    return repr(line[:60].decode("utf-8", "replace"))


def _check_start(line: bytes) -> None:
    """Say no to what can never become a status line, before more of it is waited for."""
    start = line[:7]
    if start == b"HTTP/1." or (len(line) < 7 and b"HTTP/1.".startswith(start)):
        return
    if line[:2] == b"\x15\x03":
        raise Garbage("it speaks TLS, so its address begins with https://")
    raise Garbage(f"its answer begins with {_sample(line)}")


def _status(line: bytes) -> tuple[bool, int]:
    """Whether the answer is HTTP/1.1 or later, and its status."""
    version, _, rest = line.partition(b" ")
    digits = rest.partition(b" ")[0]
    minor = version[7:]
    if b"\0" in line or b"\r" in line:
        raise Garbage(f"its answer begins with {_sample(line)}")
    if len(minor) != 1 or not minor.isdigit() or len(digits) != 3 or not digits.isdigit() or digits < b"100":
        raise Garbage(f"its answer begins with {_sample(line)}")
    return minor != b"0", int(digits)


def _headers(lines: list[bytes]) -> dict[str, str]:
    headers: dict[str, str] = {}
    name = ""
    for line in lines:
        if b"\0" in line or b"\r" in line:
            raise Garbage(f"a header of its answer holds control characters: {_sample(line)}")
        if line[0] in b" \t" and name:  # an old way to go on in the next line
            headers[name] = f"{headers[name]} {_words(line)}".strip()
            continue
        raw, colon, value = line.partition(b":")
        if not colon or not raw or raw.translate(None, TOKEN):
            raise Garbage(f"this is no header: {_sample(line)}")
        name = raw.decode("ascii").lower()
        words = _words(value)
        headers[name] = f"{headers[name]}, {words}" if name in headers else words
    return headers


def _words(value: bytes) -> str:
    try:
        return value.decode("utf-8").strip(" \t")
    except UnicodeDecodeError:
        return value.decode("latin-1").strip(" \t")


def _content_length(text: str) -> int:
    values = {value.strip() for value in text.split(",")}
    value = values.pop()
    if values or not value.isascii() or not value.isdigit() or len(value) > MOST_DIGITS:
        raise Garbage(f"its answer has the length {text[:60]!r}")
    return int(value)


def _chunk_size(line: bytes) -> int:
    digits = line.partition(b";")[0].rstrip(b" \t")
    if not digits or len(digits) > MOST_DIGITS or digits.translate(None, HEXADECIMAL):
        raise Garbage(f"a chunk of its answer begins with {_sample(line)}")
    return int(digits, 16)
