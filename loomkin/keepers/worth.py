"""What the result of a call is still good for to the agent that works with it."""

from collections.abc import Iterable, Sequence
from enum import IntEnum

from loomkin.keepers.called import LOOKS, READS, WRITES, arguments, files
from loomkin.records.dataclass import dataclass
from loomkin.records.ids import MessageId
from loomkin.records.message import Message, Role, ToolCall, ToolResult
from loomkin.records.regex import pattern

COMMAND = "shell"
LATELY = 8
"""Steps for which a file that the person's words name is kept for a change."""
SHORT = 4
"""Letters from which on a word of the person may name a file."""
_PATH = pattern(r"[^\s:]+\.\w+")
_WORD = pattern(r"[^\W_]\w*")


class Worth(IntEnum):
    """How badly a result would be missed; what would be missed least leaves a window first.

    Repeated: the same was read or run again since. Spent: it failed (what a command complained of is still
    worked on), its file was changed since, or all that a search found was opened. Named: a file that the
    person's words name, read lately and not changed yet.
    """

    REPEATED = 0
    SPENT = 1
    PLAIN = 2
    NAMED = 3


@dataclass(frozen=True, slots=True)
class _Deed:
    """A call with its result: which files, which part of them, what was found; `at` counts steps."""

    at: int
    call: ToolCall
    files: frozenset[str]
    part: tuple[object, ...]
    found: frozenset[str]
    failed: bool


def worths(messages: Sequence[Message]) -> dict[MessageId, Worth]:
    """What each message that holds results is worth, after all that was done up to the last of them."""
    deeds = _deeds(messages)
    named = _named(messages)
    steps = [at for at, message in enumerate(messages, 1) if message.role is Role.ASSISTANT]
    lately = steps[-LATELY] if len(steps) >= LATELY else 0
    last_read: dict[tuple[object, ...], int] = {}
    last_whole: dict[str, int] = {}
    changed: dict[str, int] = {}
    for _, deed in deeds:
        if deed.failed and deed.call.name != COMMAND:
            continue
        last_read[_same(deed)] = max(deed.at, last_read.get(_same(deed), 0))
        target = changed if deed.call.name in WRITES else last_whole
        if deed.call.name in WRITES or (deed.call.name in READS and not deed.part):
            target |= {path: max(deed.at, target.get(path, 0)) for path in deed.files}
    known: dict[MessageId, Worth] = {}
    for identity, deed in deeds:
        read = deed.call.name in READS
        again = max(last_read.get(_same(deed), 0), _latest(deed.files, last_whole) if read else 0)
        opened = all(path in last_whole or path in changed for path in deed.found)
        spent = (deed.failed and deed.call.name != COMMAND) or (
            read and _latest(deed.files, changed) > deed.at
        )
        if again > deed.at:
            worth = Worth.REPEATED
        elif spent or (deed.call.name in LOOKS and opened):
            worth = Worth.SPENT
        else:
            kept = read and deed.at >= lately and named & _names(deed.files)
            worth = Worth.NAMED if kept else Worth.PLAIN
        known[identity] = max(worth, known.get(identity, worth))
    return known


def _deeds(messages: Sequence[Message]) -> list[tuple[MessageId, _Deed]]:
    calls: dict[str, tuple[int, ToolCall]] = {}
    deeds = []
    for at, message in enumerate(messages, 1):
        calls |= {call.id: (at, call) for call in message.calls}
        for result in message.results:
            if result.call_id in calls:
                deeds.append((message.id, _deed(*calls[result.call_id], result)))
    return deeds


def _deed(at: int, call: ToolCall, result: ToolResult) -> _Deed:
    given = arguments(call)
    part = tuple(given[key] for key in ("symbol", "offset", "limit") if given.get(key))
    lines = result.text.splitlines() if call.name in LOOKS else ()
    found = frozenset(line for line in lines if _PATH.fullmatch(line))
    return _Deed(at, call, frozenset(files(call, given)), part, found, result.is_error)


def _same(deed: _Deed) -> tuple[object, ...]:
    """What is equal for two calls of which the later one makes the earlier one's result old."""
    if deed.call.name in READS:
        return (deed.call.name, deed.files, deed.part)
    return (deed.call.name, deed.call.arguments)


def _latest(paths: Iterable[str], times: dict[str, int]) -> int:
    return max((times.get(path, 0) for path in paths), default=0)


def _named(messages: Sequence[Message]) -> frozenset[str]:
    """Words of the person and of letters, which may be names of files."""
    texts = (
        getattr(message.parts[0], "text", "")
        for message in messages
        if message.role is Role.USER and message.sender != "loomkin" and message.parts
    )
    return frozenset(_bare(word) for text in texts for word in _WORD.findall(text) if len(word) >= SHORT)


def _names(paths: Iterable[str]) -> frozenset[str]:
    """What files are called in words: without folder, ending and `test_`."""
    stems = (path.rpartition("/")[2].partition(".")[0] for path in paths)
    return frozenset(_bare(stem.removeprefix("test_").removesuffix("_test")) for stem in stems)


def _bare(word: str) -> str:
    return word.lower().removesuffix("s")
