"""The box of a question: which lines it has in so many columns and rows."""

import re
import unicodedata
from collections.abc import Sequence

from loomkin.ui.approvals import Ask, Inquiry, Step, offered
from loomkin.ui.repl_render import diff_style
from loomkin.ui.terminal import legible, one_line, printable

ROOMY = 14
"""Rows from which on a box has room for reasons of more than two lines."""
TYPING = "to answer, empty the line first: Ctrl+C clears · Up brings back"
Line = tuple[str, str]
"""A style name and a text no wider than the box."""


MOST_OTHERS = 3


def box_lines(
    waiting: Ask | Inquiry,
    others: Sequence[str],
    width: int,
    height: int,
    turn: str = "Ctrl+N",
    *,
    typing: bool = False,
) -> list[Line]:
    """The box in at most `height` rows of `width` columns; what does not fit is counted.

    `others` are the questions behind this one, which `turn` brings up; `typing` says that words stand in the
    input line: keys belong to them.
    """
    inner = max(width - 2, 8)
    more = f" [{len(others) + 1} waiting]" if others else ""
    if isinstance(waiting, Inquiry):
        head, body, foot = _inquiry(waiting, more, inner)
    else:
        head, body, foot = _ask(waiting, more, inner, 2 if height < ROOMY else 5)
    foot += _queue(others, inner, MOST_OTHERS if height > 10 else 1, turn)
    if typing and waiting.step is Step.KEY:
        foot += [("keys", piece) for piece in wrap_words(TYPING, inner)]
    room = max(height - len(head) - len(foot), 1)
    if len(body) > room:
        keep = max(room - 1, 0)
        body = [*body[:keep], ("quiet", _clip(f"… {len(body) - keep} more lines, Ctrl+E shows all", inner))]
    lines = [*head, *body, *foot]
    return [(style, f"│ {text}") for style, text in lines[: max(height, 3)]]


def whole_text(waiting: Ask | Inquiry) -> str:
    """All that the box is about, for printing it whole."""
    if isinstance(waiting, Ask):
        return legible(waiting.approval.preview or _target(waiting))
    return waiting.question


def is_diff(text: str) -> bool:
    """Whether a preview is a diff."""
    return re.search(r"^@@ ", text, re.MULTILINE) is not None


def cells(text: str) -> int:
    """Columns that a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(letter) or unicodedata.category(letter) in ("Cf", "Mn", "Me")
        else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )  # fmt: skip


def wrap(text: str, width: int) -> list[str]:
    """A line cut into pieces of at most `width` columns, nothing left out."""
    pieces, piece, used = [], "", 0
    for letter in text:
        size = cells(letter)
        if used + size > width:
            pieces.append(piece)
            piece, used = "", 0
        piece += letter
        used += size
    return [*pieces, piece]


def _ask(ask: Ask, more: str, width: int, reasons: int) -> tuple[list[Line], list[Line], list[Line]]:
    approval = ask.approval
    shown = whole_text(ask).expandtabs(4).rstrip("\n")
    diff = is_diff(shown)
    subject = "" if not diff else " " + legible(_target(ask))
    title = f"{approval.agent} wants: {approval.use.tool}{subject}"
    head = [("box", _clip(one_line(title, 400), width - len(more)) + more)]
    body = [
        (f"diff {diff_style(line)}" if diff else "command", piece)
        for line in shown.split("\n")
        for piece in wrap(line, width)
    ]
    foot = [("quiet", piece) for piece in wrap(one_line(legible(approval.verdict.reason), 400), width)][
        :reasons
    ]
    if ask.step is Step.WORDS:
        return head, body, [*foot, ("keys", _clip("say why, then Enter · Esc back", width))]
    rule = offered(ask)
    if rule:
        foot += [("quiet", piece) for piece in wrap(f"a, p save: {one_line(legible(rule), 400)}", width)][:3]
    keys = (
        "y once · a session · p project · n no · d no, because" if rule else "y once · n no · d no, because"
    )
    foot += [("keys", piece) for piece in wrap_words(keys, width)]
    return head, body, foot


def _queue(others: Sequence[str], width: int, most: int, turn: str) -> list[Line]:
    """Who else waits, and how to come to them."""
    lines = [("quiet", _clip(f"next ({turn}): {one_line(legible(one), 200)}", width)) for one in others[:1]]
    lines += [("quiet", _clip(f"then: {one_line(legible(one), 200)}", width)) for one in others[1:most]]
    left = len(others) - most
    return [*lines, ("quiet", f"and {left} more")] if left > 0 and most > 1 else lines


def _inquiry(inquiry: Inquiry, more: str, width: int) -> tuple[list[Line], list[Line], list[Line]]:
    head: list[Line] = [("box", _clip(one_line(f"{inquiry.agent} asks", 200), width - len(more)) + more)]
    words = printable(inquiry.question).rstrip("\n").split("\n")
    body: list[Line] = [("command", piece) for line in words for piece in wrap(line, width)]
    numbered = [f"{number} {one_line(option, 400)}" for number, option in enumerate(inquiry.options, 1)]
    foot: list[Line] = [("keys", piece) for line in numbered for piece in wrap(line, width)]
    if inquiry.step is Step.WORDS:
        foot.append(("keys", _clip("type your answer, then Enter", width)))
    elif inquiry.free:
        foot.append(("keys", _clip("a number, or d to answer in your own words", width)))
    else:
        foot.append(("keys", "a number"))
    return head, body, foot


def wrap_words(text: str, width: int) -> list[str]:
    """A line cut at the dots between its parts."""
    lines = [""]
    for part in text.split(" · "):
        joined = f"{lines[-1]} · {part}" if lines[-1] else part
        if cells(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(part)
    return [line for line in lines if line]


def _target(ask: Ask) -> str:
    use = ask.approval.use
    return use.command or use.url or ", ".join(use.writes or use.reads) or use.tool


def _clip(text: str, width: int) -> str:
    if cells(text) <= width:
        return text
    return wrap(text, max(width - 1, 1))[0] + "…"
