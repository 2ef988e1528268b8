"""The live rows at the bottom: preview, question, input line, completions, queue, footer."""

from collections.abc import Callable

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.data_structures import Size
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.layout import (
    BufferControl,
    ConditionalContainer,
    Dimension,
    FormattedTextControl,
    HSplit,
    Layout,
    VerticalAlign,
    Window,
)
from prompt_toolkit.styles import Style
from prompt_toolkit.widgets import SearchToolbar

from loomkin.records.dataclass import dataclass
from loomkin.ui.repl_box import Line, cells, wrap

STYLE = Style.from_dict(
    {
        "prompt": "bold ansicyan",
        "quiet": "ansibrightblack",
        "preview": "",
        "box": "bold ansiyellow",
        "command": "",
        "keys": "ansiyellow",
        "diff": "",
        "chosen": "reverse",
        "footer": "ansibrightblack",
        "bold": "bold",
        "green": "ansigreen",
        "red": "ansired",
        "cyan": "ansicyan",
    }
)


@dataclass(frozen=True, slots=True)
class Rows:
    """How many rows each part may have on a screen of `rows` rows."""

    rows: int

    @property
    def preview(self) -> int:
        """Rows of what is under way."""
        return max(1, min(6, self.rows // 4))

    @property
    def input(self) -> int:
        """Rows of the input line."""
        return max(1, self.rows // 3)

    @property
    def menu(self) -> int:
        """Rows of the completions."""
        return max(1, min(6, self.rows // 3))

    @property
    def box(self) -> int:
        """Rows of a question."""
        return max(3, min(30, self.rows - 4))

    @property
    def agents(self) -> int:
        """Rows of a team's agents."""
        return max(1, min(7, self.rows // 3))

    @property
    def keys(self) -> int:
        """Rows of the help on keys."""
        return max(1, self.rows - 3)


Lines = Callable[[Size], list[Line]]


@dataclass(frozen=True, slots=True)
class Parts:
    """What the regions show, made anew for each frame."""

    preview: Lines
    box: Lines
    below: Lines
    footer: Lines


@dataclass(frozen=True, slots=True)
class Regions:
    """The layout with the windows that can have the cursor."""

    layout: Layout
    input: Window
    words: Window


def build_layout(
    parts: Parts, draft: Buffer, words: Buffer, wording: Callable[[], bool], size: Callable[[], Size]
) -> Regions:
    """The layout; regions without lines take no row."""
    search = SearchToolbar(ignore_case=True)
    control = BufferControl(draft, search_buffer_control=search.control, preview_search=True)
    line = _typing(control, "› ", size)
    answer = _typing(BufferControl(words), "│ › ", size)
    root = HSplit(
        [
            _region(parts.preview, size),
            _region(parts.box, size),
            ConditionalContainer(answer, Condition(wording)),
            line,
            search,
            _region(parts.below, size),
            _region(parts.footer, size),
        ],
        align=VerticalAlign.TOP,
    )
    return Regions(Layout(root, focused_element=line), line, answer)


def menu_lines(draft: Buffer, size: Size) -> list[Line]:
    """The completions around the chosen one."""
    state = draft.complete_state
    if state is None or not state.completions:
        return []
    most = Rows(size.rows).menu
    chosen = state.complete_index
    first = max(0, min((chosen or 0) - most + 1, len(state.completions) - most))
    lines: list[Line] = []
    for number, one in enumerate(state.completions[first : first + most], first):
        meta = f"  {one.display_meta_text}" if one.display_meta_text else ""
        text = wrap(f"  {one.display_text}{meta}", max(size.columns - 1, 1))[0]
        lines.append(("chosen" if number == chosen else "quiet", text))
    return lines


def _typing(control: BufferControl, mark: str, size: Callable[[], Size]) -> Window:
    def prefix(line: int, wrapped: int) -> StyleAndTextTuples:
        first = line == 0 and wrapped == 0
        return [("class:prompt", mark if first else " " * cells(mark))]

    return Window(
        control,
        height=lambda: Dimension(min=1, max=Rows(size().rows).input),
        wrap_lines=True,
        get_line_prefix=prefix,
        dont_extend_height=True,
    )


def _region(lines: Lines, size: Callable[[], Size]) -> ConditionalContainer:
    def text() -> StyleAndTextTuples:
        found: StyleAndTextTuples = []
        for style, line in lines(size()):
            classes = " ".join(f"class:{name}" for name in style.split())
            found += [(classes, line), ("", "\n")]
        return found[:-1]

    window = Window(
        FormattedTextControl(text),
        height=lambda: Dimension.exact(len(lines(size()))),
        dont_extend_height=True,
        wrap_lines=False,
    )
    return ConditionalContainer(window, Condition(lambda: bool(lines(size()))))
