"""What `ask` is told to do: the words of the command line, standard input, or one JSON line a request."""

import json
import os
import select
import stat
from collections.abc import Callable, Iterator, Sequence

from loomkin.errors import UsageError

STDIN = 0
MOST_BYTES = 10_000_000
PATIENCE = 3.0
TICK = 0.2
_CHUNK = 1 << 16
_NO_PROMPT = "There is nothing to do: no prompt was given."
_PROMPT_HINT = 'Say it as `loomkin ask "what to do"`, or pipe it in.'


def prompt_of(
    words: Sequence[str],
    warn: Callable[[str], None],
    descriptor: int = STDIN,
    patience: float = PATIENCE,
) -> str:
    """The words, with piped standard input below them; a terminal is never read, except for a lone `-`.

    A pipe that stays silent for `patience` seconds is passed over where there are words and no `-`.
    Raises UsageError where there is nothing, too much, or no text.
    """
    wanted = "-" in words
    said = " ".join(word for word in words if word != "-").strip()
    piped = ""
    if wanted or not _is_terminal(descriptor):
        piped = _read(descriptor, None if wanted or not said else patience, warn).strip()
    if not said and not piped:
        raise UsageError(_NO_PROMPT, hint=_PROMPT_HINT)
    return f"{said}\n\n{piped}" if said and piped else said or piped


def text_of(data: bytes) -> str:
    """Bytes of standard input as text; raises UsageError where they are too many or no UTF-8 text."""
    if len(data) > MOST_BYTES:
        raise UsageError(
            f"Standard input is longer than {MOST_BYTES // 1_000_000} MB.",
            hint="Put it into a file and name the file in the prompt: it is read in parts.",
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _no_text(f"byte {error.start} is not UTF-8") from error
    if "\0" in text:
        raise _no_text(f"byte {data.index(0)} is NUL")
    return text


def request_of(line: str, number: int) -> str:
    """The words of one line of `--input-format stream-json`, or nothing for an empty one.

    Raises UsageError naming the line.
    """
    if not line.strip():
        return ""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _wrong_line(number, f"is not JSON ({error})") from error
    message = value.get("message") if isinstance(value, dict) and value.get("type") == "user" else None
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, list):
        if not all(isinstance(block, dict) and isinstance(block.get("text"), str) for block in content):
            raise _wrong_line(number, "holds something else than text")
        content = "\n".join(block["text"] for block in content)
    if not isinstance(content, str):
        raise _wrong_line(number, "is no user message")
    if not content.strip():
        raise _wrong_line(number, "says nothing")
    return content


class Requests:
    """Lines of standard input, read when asked for; `give_up` frees a thread that waits for one."""

    def __init__(self, descriptor: int = STDIN) -> None:
        self._descriptor = descriptor
        self._rest = b""
        self._ended = False
        self._given_up = False
        self._number = 0

    def next(self) -> str | None:
        """The words of the next request, None at the end; blocks. Raises UsageError naming the line."""
        for line in self._lines():
            self._number += 1
            request = request_of(text_of(line), self._number)
            if request:
                return request
        return None

    def give_up(self) -> None:
        """Stop waiting for more."""
        self._given_up = True

    def _lines(self) -> Iterator[bytes]:
        while not self._given_up:
            line, end, rest = self._rest.partition(b"\n")
            if end or self._ended:
                self._rest = rest
                if line or end:
                    yield line
                if not end:
                    return
            elif len(self._rest) > MOST_BYTES:
                text_of(self._rest)
            elif _readable(self._descriptor, TICK):
                more = os.read(self._descriptor, _CHUNK)
                self._rest += more
                self._ended = not more


def _is_terminal(descriptor: int) -> bool:
    """Whether a person types there; a closed descriptor has nothing to read either."""
    try:
        os.fstat(descriptor)
    except OSError:
        return True
    return os.isatty(descriptor)


def _read(descriptor: int, patience: float | None, warn: Callable[[str], None]) -> str:
    """All there is to read, given up where a pipe stays silent for `patience` seconds from the beginning."""
    data = bytearray()
    try:
        kind = os.fstat(descriptor).st_mode
        waits = stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind)
        if patience is not None and waits and not _readable(descriptor, patience):
            warn(
                f"nothing came on standard input for {patience:g} s; going on without it "
                "(end the command with `< /dev/null` to say so at once)"
            )
            return ""
        while len(data) <= MOST_BYTES and (more := os.read(descriptor, _CHUNK)):
            data += more
    except OSError as error:
        raise UsageError(f"Cannot read standard input: {error.strerror}.") from error
    return text_of(bytes(data))


def _readable(descriptor: int, seconds: float) -> bool:
    return bool(select.select([descriptor], [], [], seconds)[0])


def _no_text(why: str) -> UsageError:
    return UsageError(
        f"Standard input is not text: {why}.",
        hint="Name the file in the prompt instead, or convert it to UTF-8.",
    )


def _wrong_line(number: int, why: str) -> UsageError:
    return UsageError(
        f"Line {number} of standard input {why}.",
        hint='A line is {"type":"user","message":{"role":"user","content":"..."}}.',
    )
