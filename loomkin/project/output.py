"""Output of commands made fit for a model: cleaned, folded, cut in the middle; pure functions."""

import itertools
import re
import shlex
import signal

from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern

BUDGET_CHARS = 12_000
LINE_CHARS = 2_000
HEAD_SHARE = 0.4

# ECMA-48: CSI sequences, OSC and other strings up to their terminator, and two-character escapes.
_ANSI = pattern(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|$)|[ -/]*[0-~])|[\x80-\x9f]", re.DOTALL
)
_CONTROL = pattern(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
ERROR = pattern(
    r"^\s*(?:E\s{2,}\S|Traceback \(most recent call last\)|panicked at|thread '.*' panicked)"
    r"|\b(?:error|fatal|failed|failure|exception|panic|undefined reference|not found|cannot|denied)\b"
    r"|\b\w+(?:Error|Exception)\b|\bFAIL(?:ED)?\b",
    re.IGNORECASE,
)
HARMLESS = pattern(r"\b(?:0|no) (?:errors?|failed|failures?)\b|\berrors?\s*[:=]\s*0\b", re.IGNORECASE)


def strip_ansi(text: str) -> str:
    """The text without escape sequences and control characters; tabs, line ends and `\\r` stay."""
    if "\x1b" in text or not text.isprintable():
        return _CONTROL.sub("", _ANSI.sub("", text))
    return text


def collapse_progress(text: str) -> str:
    """What a terminal would still show of lines that were written over with `\\r`."""
    if "\r" not in text:
        return text
    return "\n".join(_last_state(line) for line in text.split("\n"))


def fold_repeats(lines: list[str]) -> list[tuple[str, int]]:
    """Each line with how many it stands for: three and more equal ones become one, `text (×312)`."""
    folded: list[tuple[str, int]] = []
    for line, run in itertools.groupby(lines):
        count = sum(1 for _ in run)
        if count > 2 and line:
            folded.append((f"{line} (×{count})", count))
        else:
            folded += [(line, 1)] * count
    return folded


def for_model(
    head: str,
    tail: str = "",
    *,
    missing_lines: int = 0,
    budget: int = BUDGET_CHARS,
    whole: str = "",
    failed: bool = False,
) -> str:
    """Output cleaned and cut to at most `budget` characters: 40 % from the beginning, 60 % from the end.

    `head` is everything, or the beginning when output with `missing_lines` line ends lies between it and
    `tail`. `whole` is the id under which all of it can be read. For a `failed` command the first line that
    speaks of an error is kept when it would fall into the gap. Cuts are at line ends.
    """
    if not tail and not missing_lines:
        return _cut(_clean(head), [], 0, budget, whole, failed)
    # The pieces were cut anywhere: the half lines at the gap go, and make one more line left out.
    first = _clean(head[: head.rfind("\n") + 1])
    last = _clean(tail.partition("\n")[2])
    return _cut(first, last, missing_lines + 1, budget, whole, failed)


_Folded = list[tuple[str, int]]


def _clean(text: str) -> _Folded:
    lines = collapse_progress(strip_ansi(text.replace("\r\n", "\n"))).split("\n")
    if lines[-1] == "":
        lines.pop()
    return fold_repeats([_cut_line(line) for line in lines])


def _cut(first: _Folded, last: _Folded, missing: int, budget: int, whole: str, failed: bool) -> str:
    """Join the lines, leaving out what does not fit around the gap."""
    lines = first + last
    if not missing and sum(len(text) + 1 for text, _ in lines) - 1 <= budget:
        return "\n".join(text for text, _ in lines)
    # Two marks at their greatest length and the kept error line are paid for first.
    mark = _mark(_count(lines) + missing, whole)
    error = _first_error(lines) if failed else None
    room = budget - 2 * (len(mark) + 1) - (len(lines[error][0]) + 1 if error is not None else 0)
    if room < 0:
        return mark if len(mark) <= budget else ""
    head = _fitting(first, int(room * HEAD_SHARE))
    spent = sum(len(text) + 1 for text, _ in lines[:head])
    stop = len(lines) - _fitting((last if missing else lines[head:])[::-1], room - spent)
    if error is None or not head <= error < stop:
        middle = _gap(_count(lines[head:stop]) + missing, whole)
    else:
        early = missing if error >= len(first) else 0
        middle = _gap(_count(lines[head:error]) + early, "")
        middle.append(lines[error][0])
        middle += _gap(_count(lines[error + 1 : stop]) + missing - early, whole)
    return "\n".join([*(text for text, _ in lines[:head]), *middle, *(text for text, _ in lines[stop:])])


def _count(lines: _Folded) -> int:
    return sum(count for _, count in lines)


def _gap(count: int, whole: str) -> list[str]:
    return [_mark(count, whole)] if count else []


def _mark(count: int, whole: str) -> str:
    lines = "1 line" if count == 1 else f"{count} lines"
    return f"… {lines} left out{f'; whole output: {whole}' if whole else ''} …"


def _fitting(lines: _Folded, room: int) -> int:
    """How many lines from the start fit into `room` characters, line ends included."""
    fitting = 0
    for text, _ in lines:
        room -= len(text) + 1
        if room < 0:
            break
        fitting += 1
    return fitting


def _first_error(lines: _Folded) -> int | None:
    for index, (text, _) in enumerate(lines):
        if ERROR.search(text) and not HARMLESS.search(text):
            return index
    return None


def _last_state(line: str) -> str:
    states = [state for state in line.split("\r") if state]
    return states[-1] if states else ""


def _cut_line(line: str) -> str:
    if len(line) <= LINE_CHARS:
        return line
    keep = LINE_CHARS - 40
    return f"{line[: keep // 2]} … {len(line) - keep} characters left out … {line[-(keep - keep // 2) :]}"


@dataclass(frozen=True, slots=True)
class ExitNote:
    """What an exit code means: whether the command failed, and a sentence that may be empty."""

    failed: bool
    text: str


_DIFFERENT = "the two differ"
_NO_MATCH = "nothing matched"
_QUIET_ONE = {
    "grep": _NO_MATCH, "egrep": _NO_MATCH, "fgrep": _NO_MATCH, "zgrep": _NO_MATCH, "rg": _NO_MATCH,
    "ag": _NO_MATCH, "pgrep": "no such process", "diff": _DIFFERENT, "cmp": _DIFFERENT,
    "test": "the condition is false", "[": "the condition is false", "[[": "the condition is false",
    "git grep": _NO_MATCH, "git diff": _DIFFERENT,
}  # fmt: skip
_OF_PYTEST = {
    3: "an error inside pytest, no verdict of tests",
    4: "pytest could not begin: a wrong option, or a path that is not there",
    5: "pytest found no tests",
}
_OPERATORS = frozenset(("&&", "||", ";", "|", "&", "|&", "(", ")", "{", "}", "!"))


def exit_note(command: str, code: int) -> ExitNote:
    """Say what the exit code of a shell command means; 1 of grep, rg, diff and test is not a failure.

    Codes below zero, and from 129 up, are signals and named.
    """
    if code == 0:
        return ExitNote(False, "")
    number = -code if code < 0 else code - 128 if code > 128 else 0
    if number in {member.value for member in signal.Signals}:
        name = signal.Signals(number).name
        return ExitNote(True, f"ended by {name}{' (often: out of memory)' if name == 'SIGKILL' else ''}")
    if code == 1 and (meaning := _meaning_of_one(command)):
        return ExitNote(False, f"exit 1: {meaning}, which is not a failure")
    if code == 127:
        return ExitNote(True, "exit 127: a command was not found")
    if code == 126:
        return ExitNote(True, "exit 126: a file is not executable")
    meaning = _OF_PYTEST.get(code, "")
    if meaning and any(_program([word]) == "pytest" for word in _words(command)):
        return ExitNote(True, f"exit {code}: {meaning}")
    return ExitNote(True, f"exit {code}")


def _meaning_of_one(command: str) -> str:
    """What exit 1 says where the program that decided it is known to mean no harm, else nothing."""
    programs: list[str] = []
    current: list[str] = []
    for word in [*_words(command), ";"]:
        if word not in _OPERATORS:
            current.append(word)
            continue
        if current:
            programs.append(_program(current))
            current = []
        if word == "||" or (word == "&&" and programs and programs[-1] not in (*_QUIET_ONE, "cd")):
            programs.append("")
    # With && the code may come from any part, so a part that can fail harmfully spoils the judgement.
    return "" if "" in programs or not programs else _QUIET_ONE.get(programs[-1], "")


def code_is_of_a_pipe(command: str) -> bool:
    """Whether the code of a command tells only of the last part of a pipe, as far as its words show."""
    piped = False
    for word in _words(command):
        if word == "pipefail":
            return False
        if word in _OPERATORS:
            piped = word == "|" or (piped and word == "&&")
    return piped


def _words(command: str) -> list[str]:
    """The words and operators of a command, nothing where its quotes are not closed."""
    try:
        # Not posix: quotes stay on the words, so a quoted | is no operator.
        lexer = shlex.shlex(command.strip().replace("\n", " ; "), posix=False, punctuation_chars=True)
        lexer.whitespace_split = True
        return list(lexer)
    except ValueError:
        return []


def _program(words: list[str]) -> str:
    while words and re.fullmatch(r"[A-Za-z_]\w*=.*", words[0], re.DOTALL):
        words = words[1:]
    if not words:
        return "="
    name = words[0].rsplit("/", 1)[-1]
    return f"git {words[1]}" if name == "git" and len(words) > 1 else name
