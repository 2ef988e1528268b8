"""Which versions of files an agent knew when its process ended, from the words of its tools."""

import re
from collections.abc import Iterable

from loomkin.records.dataclass import dataclass
from loomkin.records.mail import SYSTEM
from loomkin.records.message import Message, Text
from loomkin.records.regex import pattern

_HASH = r"hash ([0-9a-f]{12})"
_READ = pattern(rf"^(?P<path>[^\n]+) \([^()\n]+, \d+ lines, {_HASH}\)$", re.MULTILINE)
_EDITED = pattern(
    rf"^(?:Changed|Created) (?P<path>[^\n]+?): \+\d+ -\d+, (?:lines? [\d-]+, )?{_HASH}", re.MULTILINE
)
_ATTACHED = pattern(r'^<file path="(?P<path>[^"\n]+)" hash="([0-9a-f]{12})">$', re.MULTILINE)
_GONE = pattern(r"^(?:Deleted (?P<path>[^\n]+)\.|Moved (?P<from>[^\n]+) to [^\n]+\.)$", re.MULTILINE)
_TOLD = pattern(
    r"^- (?P<path>[^\n]+?), (?:by|while) [^\n]*?: "
    r"(?:it was (?:deleted|moved)[^\n]*|[^\n]*\(hash (?P<sha>[0-9a-f]{12})\)[^\n]*)$",
    re.MULTILINE,
)
NEWS = "Changed since you read it"
"""How a note of freshness begins."""
_READERS = ("file_read",)
_WRITERS = ("file_edit", "file_write", "file_patch", "shell")


@dataclass(frozen=True, slots=True)
class Before:
    """The hashes by the paths that the agent knew: what it saw last, and what it was told of after that.

    The hash of a file that is gone is empty.
    """

    seen: dict[str, str]
    told: dict[str, str]


def seen_before(messages: Iterable[Message]) -> Before:
    """What an agent knew after these messages."""
    seen: dict[str, str] = {}
    told: dict[str, str] = {}
    for message in messages:
        found = _attached(message)
        for result in message.results:
            if not result.is_error and result.name in _READERS and (read := _READ.search(result.text)):
                found[read["path"]] = read[2]
            elif not result.is_error and result.name in _WRITERS:
                for gone in _GONE.finditer(result.text):
                    seen.pop(gone["path"] or gone["from"], None)
                found |= {one["path"]: one[2] for one in _EDITED.finditer(result.text)}
        seen |= found
        told = {path: sha for path, sha in told.items() if path not in found}
        if message.sender == SYSTEM and NEWS in message.text:
            told |= {one["path"]: one["sha"] or "" for one in _TOLD.finditer(message.text)}
    return Before(seen, told)


def _attached(message: Message) -> dict[str, str]:
    """The files that came along with words of the person."""
    if message.sender != "person":
        return {}
    texts = [part.text for part in message.parts if isinstance(part, Text)]
    return {one["path"]: one[2] for text in texts for one in _ATTACHED.finditer(text)}
