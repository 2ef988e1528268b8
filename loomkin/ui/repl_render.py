"""Blocks as terminal text: colours by kind, markdown by rich, nothing that a terminal would obey."""

import io
import re
import textwrap
from functools import cache
from typing import TYPE_CHECKING

from loomkin.records.regex import pattern
from loomkin.ui.terminal import printable
from loomkin.ui.transcript import Block, Kind

if TYPE_CHECKING:
    from rich.markdown import Markdown

RESET = "\x1b[0m"
CODES = {
    "bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36", "blue": "34",
}  # fmt: skip
_LOOK = {
    Kind.THINKING: ("∴ ", "dim"),
    Kind.NOTICE: ("", "dim"),
    Kind.WARNING: ("! ", "yellow"),
    Kind.ERROR: ("✗ ", "red"),
    Kind.OUTPUT: ("  ", ""),
    Kind.PLAIN: ("", ""),
}
_APART = (Kind.PERSON, Kind.ANSWER, Kind.PLAIN)
_PADDING = pattern(r"[ \t]+((?:\x1b\[[0-9;]*m)*)$", re.MULTILINE)
_EDGES = pattern(r"\A(?:(?:\x1b\[[0-9;]*m)*\n)+|(?:\n(?:\x1b\[[0-9;]*m)*)+\Z")


class Painter:
    """Renders blocks in the order they are printed; a blank line stands where another matter begins."""

    def __init__(self, color: bool) -> None:
        self._color = color
        self._last: Kind | None = None
        self._speaker = ""

    def paint(self, block: Block, width: int) -> str:
        """The block as lines, each with its end; `width` in columns."""
        text = self._of(block, width)
        apart = block.kind is not self._last and (block.kind in _APART or self._last in _APART)
        apart = apart or block.agent != self._speaker
        gap = "\n" if self._last is not None and (apart or block.kind in _APART[:2]) else ""
        self._last, self._speaker = block.kind, block.agent
        return f"{gap}{self._signed(text, block)}\n"

    def _signed(self, text: str, block: Block) -> str:
        """The text under the name of the agent whose it is; a single line behind it."""
        if not block.agent:
            return text
        name = self.styled(f"[{printable(block.agent)}]", "cyan")
        return f"{name} {text}" if "\n" not in text else f"{name}\n{text}"

    def styled(self, text: str, style: str) -> str:
        """One line in a style of `CODES`, several of them with spaces between."""
        if not self._color or not style or not text:
            return text
        codes = ";".join(CODES[name] for name in style.split())
        return f"\x1b[{codes}m{text}{RESET}"

    def _of(self, block: Block, width: int) -> str:
        text = printable(block.text).rstrip("\n").expandtabs(4)
        match block.kind:
            case Kind.ANSWER:
                try:
                    return self._markdown(text, width)
                except (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError):
                    return text  # its look must never cost the words
            case Kind.PERSON:
                return self._marked(text, "› ", "bold cyan")
            case Kind.CALL:
                return self.styled("● ", "green") + text
            case Kind.FAILED:
                line, _, reason = text.partition("\n")
                words = "\n".join(hanging(one, width - 3) for one in reason.split("\n"))
                whole = self._marked(hanging(line, width - 3), "✗ ", "red")
                return f"{whole}\n{self._marked(words, '  ', 'red')}" if reason else whole
            case Kind.DIFF:
                return "\n".join(self.styled("  " + line, diff_style(line)) for line in text.split("\n"))
        mark, style = _LOOK[block.kind]
        if block.kind is not Kind.OUTPUT:
            text = "\n".join(hanging(line, width - len(mark) - 1) for line in text.split("\n"))
        return self._marked(text, mark, style)

    def _marked(self, text: str, mark: str, style: str) -> str:
        first, *more = text.split("\n")
        lines = [mark + first, *(" " * len(mark) + line for line in more)]
        return "\n".join(self.styled(line, style) for line in lines)

    def _markdown(self, text: str, width: int) -> str:
        from rich.console import Console  # heavy: late on purpose
        from rich.theme import Theme  # heavy: late on purpose

        out = io.StringIO()
        console = Console(
            file=out,
            width=max(width, 10),
            force_terminal=self._color,
            color_system="standard" if self._color else None,
            no_color=not self._color,
            legacy_windows=False,
            highlight=False,
            emoji=False,
            theme=Theme({"markdown.code": "cyan", "markdown.h1": "bold", "markdown.h2": "bold"}),
        )
        console.print(_plain_markdown()(text, code_theme="ansi_dark", hyperlinks=False), end="")
        return _EDGES.sub("", _PADDING.sub(r"\1", out.getvalue()))


def warm() -> None:
    """Load what the first answer needs; blocks, for a thread."""
    Painter(True).paint(Block(Kind.ANSWER, "- `x`\n"), 40)


def diff_style(line: str) -> str:
    """The style of one line of a diff."""
    if line.startswith("@@"):
        return "cyan"
    if line.startswith(("+++", "---", "diff ", "index ")):
        return "bold"
    return "green" if line.startswith("+") else "red" if line.startswith("-") else ""


def hanging(line: str, width: int) -> str:
    """A line wrapped at words; what follows stands under the line's last column of text."""
    if len(line) <= width:
        return line
    columns = [gap.end() for gap in re.finditer(r"(?:^|\S) {2,}(?=\S)", line) if gap.end() <= width * 2 // 3]
    indent = " " * (columns[-1] if columns else len(line) - len(line.lstrip()))
    wrapped = textwrap.wrap(
        line, max(width, len(indent) + 8), subsequent_indent=indent, break_on_hyphens=False,
        replace_whitespace=False, drop_whitespace=True,
    )  # fmt: skip
    return "\n".join(wrapped)


@cache
def _plain_markdown() -> "type[Markdown]":
    from rich.markdown import Heading, Markdown  # heavy: late on purpose

    class LeftHeading(Heading):
        """A heading at the left edge, as in the source."""

        def __rich_console__(self, console: object, options: object):  # type: ignore[no-untyped-def]
            self.text.justify = "left"
            self.text.stylize("bold")
            yield self.text

    class PlainMarkdown(Markdown):
        """Markdown without centred headings."""

        elements = {**Markdown.elements, "heading_open": LeftHeading}  # noqa: RUF012

    return PlainMarkdown
