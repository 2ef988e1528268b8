"""From events to blocks: each finished thing once, in order, whatever the pieces."""

from hypothesis import given
from hypothesis import strategies as st

from loomkin.records import event as facts
from loomkin.records.event import Event, Fact
from loomkin.records.ids import CallId, MessageId, SessionId
from loomkin.records.message import Message, Part, Role, Text, ToolCall, ToolResult
from loomkin.ui.repl_markdown import MarkdownBlocks
from loomkin.ui.repl_render import Painter, hanging
from loomkin.ui.transcript import DIFF_LINES, Block, Kind, Transcript

MARKDOWN = """# Title
A first paragraph
of two lines.

- one

- two
  ```
  inside

  fence
  ```

Then code:

```python
x = 1

y = 2
```
| a | b |
|---|---|
| 1 | 2 |

1. last
"""


def play(transcript: Transcript, *happened: Fact) -> list[Block]:
    session = SessionId("s")
    return [
        block for fact in happened for block in transcript.take(Event(0, 0.0, session, "coder", "", fact))
    ]


def said(*parts: Part, role: Role = Role.ASSISTANT, sender: str = "coder") -> facts.MessageAdded:
    return facts.MessageAdded(Message(MessageId("m"), role, parts, sender, 0.0))


def result(text: str, is_error: bool = False) -> facts.MessageAdded:
    return said(ToolResult(CallId("c"), "shell", text, is_error), role=Role.USER, sender="loomkin")


def call(arguments: str = '{"command": "ls"}', tool: str = "shell") -> facts.MessageAdded:
    return said(ToolCall(CallId("c"), tool, arguments))


def test_a_streamed_answer_comes_out_block_by_block_and_once() -> None:
    transcript = Transcript()
    blocks = play(transcript, facts.TextStreamed("One.\n\nTw"))
    assert blocks == [Block(Kind.ANSWER, "One.")]
    assert transcript.preview(5) == ["Tw"]
    blocks = play(transcript, facts.TextStreamed("o."), said(Text("One.\n\nTwo.")))
    assert blocks == [Block(Kind.ANSWER, "Two.")]
    assert transcript.preview(5) == []


def test_an_answer_that_was_not_streamed_is_shown_from_its_message() -> None:
    assert play(Transcript(), said(Text("Whole."))) == [Block(Kind.ANSWER, "Whole.")]


def test_a_stream_that_begins_again_says_so_and_is_not_mixed_with_the_first() -> None:
    blocks = play(
        Transcript(),
        facts.TextStreamed("Half"),
        facts.StreamRestarted(),
        facts.TextStreamed("New."),
        said(Text("New.")),
    )
    assert [block.kind for block in blocks] == [Kind.NOTICE, Kind.ANSWER]
    assert blocks[1].text == "New."


def test_a_call_is_one_line_and_its_output_only_a_preview() -> None:
    transcript = Transcript()
    play(
        transcript,
        call(),
        facts.CallStarted("c", "shell", '{"command": "ls"}'),
        facts.OutputStreamed("c", "a.py\nb.py\n"),
    )
    assert transcript.preview(5) == ["◌ shell ls", "  a.py", "  b.py"]
    blocks = play(transcript, facts.CallFinished("c", "shell", "ok", 2.0), result("a.py\nb.py"))
    assert blocks == [Block(Kind.CALL, "shell ls  2.0 s")]
    assert transcript.preview(5) == []


def test_a_change_shows_path_counts_and_a_bounded_diff() -> None:
    diff = "\n".join(["@@ -1 +1 @@", *(f"+line {number}" for number in range(100))])
    blocks = play(
        Transcript(),
        call('{"path": "a.py"}', "file_edit"),
        facts.FileChanged("c", "a.py", "1", "2", 100, 0, diff),
        facts.CallFinished("c", "file_edit", "ok", 0.1),
        result("done"),
    )
    assert blocks[0] == Block(Kind.CALL, "file_edit a.py +100 -0")
    assert len(blocks[1].text.splitlines()) == DIFF_LINES + 1
    assert blocks[1].text.endswith("41 more lines; /diff shows all")


def test_failed_and_denied_calls_say_why() -> None:
    failed = play(
        Transcript(), call(), facts.CallFinished("c", "shell", "failed", 0.0), result("exit 1\nmore", True)
    )
    assert failed == [Block(Kind.FAILED, "shell ls\nexit 1 more")]
    denied = play(
        Transcript(), call(), facts.CallFinished("c", "shell", "denied", 0.0), result("Not permitted", True)
    )
    assert denied[0].text.startswith("shell ls\ndenied: ")


def test_words_of_the_person_that_are_on_the_screen_are_not_shown_again() -> None:
    transcript = Transcript()
    transcript.expect("look at @a.py")
    typed = said(Text("look at @a.py\n\n<file>…</file>"), role=Role.USER, sender="person")
    steered = said(Text("only tests"), role=Role.USER, sender="person")
    assert play(transcript, typed, steered) == [Block(Kind.PERSON, "only tests")]


def test_what_was_under_way_is_kept_when_it_is_stopped() -> None:
    transcript = Transcript()
    play(transcript, facts.ThinkingStreamed("hmm"), facts.TextStreamed("Half a"))
    assert transcript.settle() == [Block(Kind.ANSWER, "Half a")]
    assert transcript.preview(5) == []


def test_an_answer_whose_message_comes_after_it_was_settled_is_printed_once() -> None:
    transcript = Transcript()
    blocks = play(transcript, facts.TextStreamed("One.\n\nTwo."))
    blocks += transcript.settle()
    assert play(transcript, said(Text("One.\n\nTwo."))) == []
    assert [block.text for block in blocks] == ["One.", "Two."]
    play(transcript, facts.TextStreamed("Sure"))
    assert [block.text for block in transcript.settle()] == ["Sure"]
    play(transcript, said(Text("again"), role=Role.USER, sender="person"))
    assert [block.text for block in play(transcript, said(Text("Sure, gladly.")))] == ["Sure, gladly."]


def test_thinking_is_short_and_comes_before_the_answer() -> None:
    blocks = play(Transcript(), facts.ThinkingStreamed("deep " * 200), facts.TextStreamed("Yes.\n\n"))
    assert [block.kind for block in blocks] == [Kind.THINKING, Kind.ANSWER]
    assert len(blocks[0].text) <= 240


@given(st.lists(st.integers(1, 12), min_size=1, max_size=80))
def test_markdown_is_cut_at_the_same_places_whatever_the_pieces(sizes: list[int]) -> None:
    whole = MarkdownBlocks()
    expected = [*whole.feed(MARKDOWN), *whole.close()]
    pieced, at = MarkdownBlocks(), 0
    found: list[str] = []
    for size in sizes:
        found += pieced.feed(MARKDOWN[at : at + size])
        at += size
    found += [*pieced.feed(MARKDOWN[at:]), *pieced.close()]
    assert found == expected
    assert "".join("\n".join(found).split()) == "".join(MARKDOWN.split())


def test_lists_and_fences_stay_whole() -> None:
    blocks = MarkdownBlocks()
    found = [*blocks.feed(MARKDOWN), *blocks.close()]
    assert found[0] == "# Title"
    assert found[2] == "- one\n\n- two\n  ```\n  inside\n\n  fence\n  ```"
    assert "```python\nx = 1\n\ny = 2\n```" in found


def test_nothing_a_terminal_would_obey_is_printed() -> None:
    painter = Painter(False)
    for kind in Kind:
        assert "\x1b" not in painter.paint(Block(kind, "a\x1b[2Jb\x07\x9bc"), 40)


def test_markdown_becomes_plain_words_without_colour_and_styled_ones_with_it() -> None:
    block = Block(Kind.ANSWER, "Some **bold** `code`.")
    assert Painter(False).paint(block, 40) == "Some bold code.\n"
    assert "\x1b[1mbold" in Painter(True).paint(block, 40)


def test_long_lines_hang_under_their_last_column() -> None:
    line = "  /name  " + "word " * 20
    first, *rest = hanging(line, 40).split("\n")
    assert first.startswith("  /name  word")
    assert rest
    assert all(row.startswith(" " * 9 + "word") for row in rest)


def test_the_reason_of_a_failed_call_is_wrapped_at_words() -> None:
    reason = "shell: the same call failed three times with the same words, so do not repeat it. " * 2
    painted = Painter(False).paint(Block(Kind.FAILED, f"shell make all\n{reason}"), 40).splitlines()
    assert painted[0] == "✗ shell make all"
    assert all(line.startswith("  ") and len(line) <= 40 for line in painted[1:])
    assert " ".join(" ".join(painted[1:]).split()) == reason.strip()
