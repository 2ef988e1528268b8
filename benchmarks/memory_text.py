"""Real source and documentation of this machine, as the messages of long sessions."""

import os
import random
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pathlib import Path

from loomkin.records.event import Event, MessageAdded, SessionStarted
from loomkin.records.ids import CallId, MessageId, SessionId
from loomkin.records.message import Message, Part, Role, Text, ToolCall, ToolResult

KINDS = frozenset(
    {
        ".c", ".cfg", ".cmake", ".css", ".go", ".h", ".hpp", ".html", ".js", ".json", ".md", ".pm", ".py",
        ".pyi", ".pyx", ".rs", ".rst", ".sh", ".tcl", ".toml", ".ts", ".txt", ".vim", ".yaml", ".yml",
    }
)  # fmt: skip
LARGEST = 300_000
SESSIONS, KEEPERS = 100, 1_000
START = 1.7e9
SIZES = (300, 700, 1_200, 2_500, 5_000, 9_000, 16_000)
"""Characters of messages: answers and short results are most of them, files and logs most of the text."""
WEIGHTS = (20, 20, 20, 15, 12, 8, 5)


def folders() -> list[Path]:
    """Where the machine has text: its Pythons with all packages, its headers, its documentation."""
    base = Path(sys.base_prefix)
    others = sorted(base.parent.glob("[23].*")) if base.parent.name == "versions" else []
    here = [Path(sysconfig.get_path("purelib")), base / "lib", *(one for one in others if one != base)]
    system = [Path("/usr", *parts.split("/")) for parts in _SYSTEM]
    return [folder for folder in (*here, *system) if folder.is_dir()]


_SYSTEM = ("lib/python3", "share/doc", "include", "lib/node_modules", "share/perl", "share/vim", "local/lib")


class Source:
    """The files in a random order that is always the same; no two have the same content."""

    def __init__(self, seed: int = 1) -> None:
        self._paths = [path for folder in folders() for path in _files(folder)]
        random.Random(seed).shuffle(self._paths)
        self._seen: set[bytes] = set()
        self.files = 0
        self.rounds = 0
        """How often all files were gone through before: from then on lines are the same in other messages."""

    def texts(self) -> Iterator[tuple[str, str]]:
        """Names and texts without end; in later rounds each file begins a third further on."""
        while True:
            for path in self._paths:
                text = self._read(path)
                if text:
                    start = len(text) * (self.rounds % 3) // 3
                    self.files += 1
                    yield str(path), text[start:] + text[:start]
            self.rounds += 1
            self._seen.clear()

    def _read(self, path: Path) -> str:
        try:
            data = path.read_bytes()[:LARGEST]
            text = data.decode(errors="ignore" if len(data) == LARGEST else "strict")
        except (OSError, UnicodeDecodeError):
            return ""
        mark = blake2b(data, digest_size=16).digest()
        if len(text) < 200 or mark in self._seen:
            return ""
        self._seen.add(mark)
        return text


def _files(folder: Path) -> Iterator[Path]:
    for top, below, names in os.walk(folder):
        below.sort()
        yield from (Path(top, name) for name in sorted(names) if os.path.splitext(name)[1] in KINDS)


def session_id(number: int) -> SessionId:
    """The name of a session."""
    return SessionId(f"20260101-120000-s{number:03d}")


def starts() -> list[Event]:
    """The beginnings of all sessions."""
    begun = SessionStarted("/project", "openai/fake", "ask")
    return [Event(0, START, session_id(number), "", "", begun) for number in range(SESSIONS)]


def messages(source: Source, size: int, keepers: int = KEEPERS, seed: int = 2) -> Iterator[Event]:
    """Messages with so many bytes of text in all, as much for each keeper, as many keepers a session."""
    chance = random.Random(seed)
    pieces = _pieces(source, chance)
    number = 0
    for keeper in range(keepers):
        session = session_id(keeper * SESSIONS // keepers)
        left = size // keepers
        while left > 0:
            path, text = next(pieces)
            number += 1
            message = _message(f"m{seed}-{number}", path, text, START + 60.0 * number, chance)
            left -= sum(len(_words(part).encode()) for part in message.parts)
            yield Event(0, message.at, session, "coder", "", MessageAdded(message))


def _pieces(source: Source, chance: random.Random) -> Iterator[tuple[str, str]]:
    for path, text in source.texts():
        place = 0
        while place < len(text):
            (length,) = chance.choices(SIZES, WEIGHTS)
            stop = text.find("\n", place + length) + 1 or len(text)
            stop = min(stop, place + 2 * length)
            yield path, text[place:stop]
            place = stop


def _message(identity: str, path: str, text: str, at: float, chance: random.Random) -> Message:
    """Short ones are answers, some with a call; long ones results, every other one with line numbers."""
    call = CallId(f"call_{identity}")
    parts: tuple[Part, ...]
    if len(text) < 1_500:
        asked = ToolCall(call, "file_read", f'{{"path": "{path[-60:]}"}}')
        parts = (Text(text), asked) if chance.random() < 0.5 else (Text(text),)
        return Message(MessageId(identity), Role.ASSISTANT, parts, "coder", at)
    if chance.random() < 0.5:
        first = chance.randrange(1, 400)
        text = "".join(f"{first + n}| {line}" for n, line in enumerate(text.splitlines(keepends=True)))
    parts = (ToolResult(call, "file_read", text),)
    return Message(MessageId(identity), Role.USER, parts, "loomkin", at)


def _words(part: Part) -> str:
    return part.arguments if isinstance(part, ToolCall) else part.text if not hasattr(part, "data") else ""


def queries(texts: Sequence[str], count: int, seed: int = 3) -> dict[str, list[str]]:
    """What people and agents look for, by kind, drawn from texts that are there."""
    chance = random.Random(seed)
    found: dict[str, list[str]] = {kind: [] for kind in MIX}
    while sum(map(len, found.values())) < count:
        kind = chance.choices(list(MIX), list(MIX.values()))[0]
        words = (
            chance.choice(texts).replace('"', " ").split() if kind != "phrase" else _unquoted(texts, chance)
        )
        if len(words) >= 12:
            found[kind].append(_query(kind, words, chance))
    return found


def _unquoted(texts: Sequence[str], chance: random.Random) -> list[str]:
    """The words of a text up to its first quotation mark, which no phrase can have."""
    return chance.choice(texts).partition('"')[0].split()


MIX = {"rare identifier": 30, "two words": 25, "question": 25, "phrase": 15, "common words": 5}


def _query(kind: str, words: list[str], chance: random.Random) -> str:
    place = chance.randrange(len(words) - 6)
    if kind == "phrase":
        return f'"{" ".join(words[place : place + 3])}"'
    names = list(filter(str.isidentifier, (word.strip(".,;:()[]{}\"'`*<>=") for word in words)))
    if kind == "common words" or len(names) < 6:
        return " ".join(chance.sample(["self", "return", "import", "the file", "value", "is not", "if"], 2))
    if kind == "rare identifier":
        return max(names, key=lambda word: (word.count("_") + sum(map(str.isupper, word[1:])), len(word)))
    place = chance.randrange(len(names) - 5)
    long = sorted(names[place : place + 6], key=len)
    if kind == "two words":
        return " ".join(long[-2:])
    return f"where is {long[-1]} used with {long[-2]} in {long[-3]}"
