"""The text of a patch: `*** Begin Patch` sections, or a plain unified diff, as models write them."""

import re
from enum import StrEnum

from loomkin.records.dataclass import dataclass, field
from loomkin.records.regex import pattern

_HEADER = pattern(
    r"\*\*\*\s*(add|create|update|modify|edit|delete|remove)\s+file\s*:\s*(.+?)\s*", re.IGNORECASE
)
_MOVE = pattern(r"\*\*\*\s*(?:move|rename)(?:d)?\s+to\s*:\s*(.+?)\s*", re.IGNORECASE)
_BEGIN = pattern(r"\s*\*\*\*\s*begin\s+patch\b.*", re.IGNORECASE)
_END = pattern(r"\s*\*\*\*\s*end\s+patch\b.*", re.IGNORECASE)
_END_OF_FILE = pattern(r"\*\*\*\s*end\s+of\s+file\s*", re.IGNORECASE)
_NUMBERS = pattern(r"-\d+(?:,\d+)?\s+\+\d+(?:,\d+)?\s*")
_DIFF_PATH = pattern(r"(?:---|\+\+\+) (?:[ab]/)?([^\t]+?)(?:\t.*)?\s*")


class SectionKind(StrEnum):
    """What a section does to its file."""

    ADD = "add"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(slots=True)
class Hunk:
    """One change in a file; `contexts` are the `@@` lines before it, `at_end` ties it to the end."""

    contexts: list[str] = field(default_factory=list)
    old: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    at_end: bool = False
    bare_tail: int = 0

    @property
    def is_open(self) -> bool:
        """Whether it has lines."""
        return bool(self.old or self.new)

    def take(self, line: str) -> None:
        """Add a line: `+` new, `-` old, a blank or nothing before it both."""
        sign, rest = line[:1], line[1:]
        self.bare_tail = self.bare_tail + 1 if not line else 0
        if sign == "+":
            self.new.append(rest)
        elif sign == "-":
            self.old.append(rest)
        else:
            text = rest if sign == " " else line
            self.old.append(text)
            self.new.append(text)

    def close(self) -> None:
        """Drop empty lines without a sign at the end: they part sections, they are no context."""
        if self.bare_tail:
            del self.old[-self.bare_tail :], self.new[-self.bare_tail :]
            self.bare_tail = 0


@dataclass(slots=True)
class Section:
    """One file of a patch; `text` is a new file's content."""

    kind: SectionKind
    path: str
    move_to: str = ""
    hunks: list[Hunk] = field(default_factory=list)
    text: str = ""


_KINDS = {
    "add": SectionKind.ADD,
    "create": SectionKind.ADD,
    "update": SectionKind.UPDATE,
    "modify": SectionKind.UPDATE,
    "edit": SectionKind.UPDATE,
    "delete": SectionKind.DELETE,
    "remove": SectionKind.DELETE,
}


def parse_patch(text: str) -> list[Section] | str:
    """The sections of a patch, or what is wrong with it.

    Tolerated: code fences and heredoc lines around it, missing first and last lines, an indented patch,
    context lines without their blank, `@@` with line numbers, a unified diff in the place of it all.
    """
    lines = _body(text.replace("\r\n", "\n").split("\n"))
    if not any(_HEADER.fullmatch(line) for line in lines):
        lines = _from_diff(lines)
    sections: list[Section] = []
    start = 0
    for number, line in enumerate([*lines, "*** End Patch"]):
        header = _HEADER.fullmatch(line)
        if not header and not _END.fullmatch(line):
            if line.startswith("***") and not (_MOVE.fullmatch(line) or _END_OF_FILE.fullmatch(line)):
                return f"line {number + 1} of the patch, {line[:60]!r}, is no known heading"
            continue
        if sections:
            problem = _fill(sections[-1], lines[start:number])
            if problem:
                return problem
        stray = next((at for at in range(number) if lines[at].strip()), None) if not sections else None
        if stray is not None and header:
            return f"line {stray + 1} of the patch, {lines[stray][:60]!r}, belongs to no file"
        if header:
            path = header[2].strip("`\"'")
            sections.append(Section(_KINDS[header[1].lower()], path))
            start = number + 1
    if not sections:
        return "it names no file: there is no '*** Update File: path' line"
    return sections


def _body(lines: list[str]) -> list[str]:
    """The lines up to the end, without the indentation of the whole; those before it begins are empty."""
    begin = next((number for number, line in enumerate(lines) if _BEGIN.fullmatch(line)), None)
    if begin is not None:
        indent = lines[begin][: len(lines[begin]) - len(lines[begin].lstrip())]
        lines = [""] * (begin + 1) + [line.removeprefix(indent) for line in lines[begin + 1 :]]
    else:
        first = (
            number for number, line in enumerate(lines) if line.startswith(("*** ", "diff --git ", "--- "))
        )
        skipped = next(first, 0)
        lines = [""] * skipped + lines[skipped:]
    end = next((number for number, line in enumerate(lines) if _END.fullmatch(line)), None)
    if end is None:
        while lines and (not lines[-1].strip() or lines[-1].strip() in ("```", "EOF", "PATCH")):
            lines = lines[:-1]
    return lines[:end]


def _fill(section: Section, lines: list[str]) -> str:
    """Read a section's lines into it; what is wrong, or nothing."""
    if section.kind is SectionKind.ADD:
        while lines and not lines[-1]:
            lines = lines[:-1]
        signed = any(line.startswith("+") for line in lines)
        kept = [
            line.removeprefix("+") if signed else line for line in lines if not line.startswith("@@ -0,0 ")
        ]
        section.text = "".join(line + "\n" for line in kept)
    elif section.kind is SectionKind.UPDATE:
        _read_hunks(section, lines)
        if not section.hunks and not section.move_to:
            return f"the section for {section.path} has no changes"
        for number, hunk in enumerate(section.hunks, 1):
            if hunk.old == hunk.new and not section.move_to:
                return f"hunk {number} of {section.path} has no line that begins with + or -"
    return ""


def _read_hunks(section: Section, lines: list[str]) -> None:
    hunk = Hunk()

    def close() -> None:
        hunk.close()
        if hunk.is_open:
            section.hunks.append(hunk)

    for number, line in enumerate(lines):
        move = _MOVE.fullmatch(line)
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if move:
            section.move_to = move[1].strip("`\"'")
        elif _END_OF_FILE.fullmatch(line):
            hunk.at_end = True
            close()
            hunk = Hunk()
        elif line.startswith("@@"):
            if hunk.is_open:
                close()
                hunk = Hunk()
            context = (
                _NUMBERS.sub("", line[2:].strip(), count=1).removeprefix("@@").removesuffix("@@").strip()
            )
            if context:
                hunk.contexts.append(context)
        elif line.startswith("\\ No newline") or (
            not hunk.is_open
            and (
                (line.startswith("--- ") and following.startswith("+++ "))
                or (line.startswith("+++ ") and number and lines[number - 1].startswith("--- "))
                or not line
            )
        ):
            continue
        else:
            hunk.take(line)
    close()


def _from_diff(lines: list[str]) -> list[str]:
    """A unified diff in the words of a patch."""
    result: list[str] = []
    number = 0
    while number < len(lines):
        line = lines[number]
        after = lines[number + 1] if number + 1 < len(lines) else ""
        old, new = _DIFF_PATH.fullmatch(line), _DIFF_PATH.fullmatch(after)
        if line.startswith("--- ") and after.startswith("+++ ") and old and new:
            if old[1] == "/dev/null":
                result.append(f"*** Add File: {new[1]}")
            elif new[1] == "/dev/null":
                result.append(f"*** Delete File: {old[1]}")
            else:
                result.append(f"*** Update File: {old[1]}")
                if new[1] != old[1]:
                    result.append(f"*** Move to: {new[1]}")
            number += 2
            continue
        if result and not line.startswith(("diff --git ", "index ", "new file mode", "deleted file mode")):
            result.append(line)
        number += 1
    return result
