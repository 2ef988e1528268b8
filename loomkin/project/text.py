"""How the bytes of a file become text and go back, byte for byte."""

import hashlib

from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern

EDIT_LIMIT = 5 * 1024 * 1024
"""Bytes of the largest file that is edited."""

_HEAD = 8192
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_DECLARED = pattern(rb"(?:coding|fileencoding|charset)\s*[:=]?\s*[\"']?([A-Za-z][-\w.]+)")
_DECLARED_WITHIN = 1024
_USUAL = (
    "cp1252",
    "latin_1",
    "cp932",
    "shift_jis",
    "euc_jp",
    "gb18030",
    "gbk",
    "big5",
    "cp949",
    "cp1250",
    "cp1251",
)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file's text with its own newlines, and what is needed to write it back; `text` has no BOM."""

    text: str
    encoding: str
    bom: bytes
    sha: str
    guessed: bool = False

    @property
    def newline(self) -> str:
        """The line ending that most lines have; `\\n` where there is none."""
        crlf = self.text.count("\r\n")
        lf = self.text.count("\n") - crlf
        if not crlf and not lf:
            return "\r" if "\r" in self.text else "\n"
        return "\r\n" if crlf > lf else "\n"

    @property
    def newline_name(self) -> str:
        """`LF`, `CRLF`, `CR`, or `mixed`."""
        crlf = self.text.count("\r\n")
        if crlf and self.text.count("\n") > crlf:
            return "mixed"
        return {"\n": "LF", "\r\n": "CRLF", "\r": "CR"}[self.newline]

    @property
    def indent(self) -> str:
        """`tabs`, `spaces`, `mixed`, or `none`."""
        found = {line[0] for line in self.lines if line[:1] == "\t" or line[:2] == "  "}
        if len(found) == 2:
            return "mixed"
        return {"\t": "tabs", " ": "spaces", "": "none"}["".join(found)]

    @property
    def lines(self) -> list[str]:
        """The lines without their newlines; a final newline opens no further line."""
        return [line.rstrip("\r\n") for line in split_lines(self.text)]

    @property
    def has_final_newline(self) -> bool:
        """Whether the last line is ended."""
        return self.text.endswith(("\n", "\r"))


@dataclass(frozen=True, slots=True)
class NotText:
    """Bytes that cannot be shown and written back safely; `reason` completes "the file is not text:"."""

    reason: str


def sha_of(data: bytes) -> str:
    """The short hash (12 hex digits of SHA-256) by which agents say which version they saw."""
    return hashlib.sha256(data).hexdigest()[:12]


def split_lines(text: str) -> list[str]:
    """Cut after every `\\n` (after every `\\r` where there is no `\\n`), keeping the newlines."""
    return cut_after(text, line_mark(text))


def line_mark(text: str) -> str:
    """The character that ends lines: `\\n`, or `\\r` in a text that has only those."""
    return "\r" if "\n" not in text and "\r" in text else "\n"


def cut_after(text: str, mark: str) -> list[str]:
    """Cut after every `mark`, keeping it; a mark at the end opens no further line."""
    parts = text.split(mark)
    last = parts.pop()
    lines = [part + mark for part in parts]
    if last:
        lines.append(last)
    return lines


def decode(data: bytes, *, declared: str = "") -> Decoded | NotText:
    """Find the encoding under which `data` round-trips byte for byte.

    The order is: byte order mark, UTF-8, `declared` (for example a setting for the folder), the charset
    that the text itself declares, a detected one. Undecodable bytes are never replaced.
    """
    sha = sha_of(data)
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            text = _round_trip(data[len(bom) :], encoding)
            if text is not None:
                return Decoded(text, encoding, bom, sha)
    if b"\0" in data[:_HEAD]:
        return NotText("it has NUL bytes, so it is binary")
    try:
        return Decoded(data.decode("utf-8"), "utf-8", b"", sha)
    except UnicodeDecodeError:
        pass
    named = _DECLARED.search(data[:_DECLARED_WITHIN])
    for name in (declared, named[1].decode("ascii", "ignore") if named else ""):
        text = _round_trip(data, name) if name else None
        if text is not None:
            return Decoded(text, name.lower(), b"", sha)
    return _detect(data, sha)


def encode(text: str, like: Decoded) -> bytes:
    """The bytes of `text` in the encoding and with the BOM of `like`.

    Raises UnicodeEncodeError where the encoding has no such character.
    """
    return like.bom + text.encode(like.encoding)


def _round_trip(data: bytes, encoding: str) -> str | None:
    try:
        text = data.decode(encoding)
        return text if text.encode(encoding) == data else None
    except (LookupError, ValueError):
        return None


def _detect(data: bytes, sha: str) -> Decoded | NotText:
    import charset_normalizer  # heavy: late on purpose

    names = [
        name
        for found in charset_normalizer.from_bytes(data)
        for name in (found.encoding, *found.could_be_from_charset)
    ]
    # a short text fits many charsets: one that people use is the better guess, Western first
    for name in sorted(dict.fromkeys(names), key=lambda name: (name != "cp1252", name not in _USUAL)):
        text = _round_trip(data, name)
        if text is not None:
            return Decoded(text, name, b"", sha, guessed=True)
    return NotText("no character encoding fits all of its bytes")
