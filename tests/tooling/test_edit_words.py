"""What a model hears of its edits: the places, little of the diff, all of it where it must look itself."""

from pathlib import Path

from loomkin.project.edit_brief import HUNK_LINES, MOST_PLACES
from loomkin.project.sight import Sight
from loomkin.project.text import sha_of
from loomkin.project.workplace import Workplace
from loomkin.records.ids import CallId, SessionId
from loomkin.tooling.tool import Call, Ok
from loomkin.tools.files.changing import Editing
from loomkin.tools.files.file_edit import FileEdit, OneEdit, Params
from loomkin.tools.files.file_write import FileWrite
from loomkin.tools.files.file_write import Params as Whole


async def edited(root: Path, *edits: OneEdit) -> Ok:
    """The result of edits of a file that was read."""
    sight, path = Sight(), root / "a.txt"
    tool = FileEdit(Editing(Workplace(root, (), root / "outputs"), sight))
    sight.saw("ann", path, sha_of(path.read_bytes()))
    result = await tool.run(Params("a.txt", edits=edits), Call(CallId("c"), SessionId("s"), "ann", root))
    assert isinstance(result, Ok), result.text
    return result


def lines(root: Path) -> Path:
    """A folder with a file of a hundred lines."""
    (root / "a.txt").write_text("".join(f"  line {number}\n" for number in range(1, 101)))
    return root


async def test_a_long_insertion_is_not_read_back(tmp_path: Path) -> None:
    long = "  line 50\n" + "".join(f"  new {number}\n" for number in range(194))
    result = await edited(lines(tmp_path), OneEdit("  line 27\n", "  27\n"), OneEdit("  line 50\n", long))
    first, *rest = result.text.splitlines()
    (change,) = result.changes
    assert first == f"Changed a.txt: +195 -1, hash {change.after}; edits at 27, 51-244."
    assert rest == [
        "@@ -24,7 +24,7 @@", "   line 26", "-  line 27", "+  27", "   line 28",
        "@@ -48,6 +48,200 @@", "   line 50", "+  new 0", "+  new 1", "+  new 2", "+  new 3", "...",
    ]  # fmt: skip
    assert len(change.diff.splitlines()) == 40, "the person sees as much as before"
    assert "new 20" in change.diff


async def test_of_a_hunk_of_middle_size_the_beginning_and_the_end_are_shown(tmp_path: Path) -> None:
    new = "".join(f"  new {number}\n" for number in range(9))
    result = await edited(lines(tmp_path), OneEdit("  line 50\n", new))
    hunk = result.text.splitlines()[2:]
    assert len(hunk) == HUNK_LINES
    assert hunk == ["   line 49", "-  line 50", "+  new 0", "... 7 lines", "+  new 8", "   line 51"]


async def test_lines_are_left_out_only_where_that_spares_some(tmp_path: Path) -> None:
    new = "".join(f"  new {number}\n" for number in range(6))
    result = await edited(lines(tmp_path), OneEdit("  line 50\n", new))
    hunk = result.text.splitlines()[2:]
    assert hunk == ["   line 49", "-  line 50", *(f"+  new {number}" for number in range(6)), "   line 51"]


async def test_of_many_places_the_first_are_named(tmp_path: Path) -> None:
    result = await edited(lines(tmp_path), OneEdit("  line", "  row", replace_all=True))
    assert "edits at 1-100." in result.text
    edits = [OneEdit(f"line {number}\n", f"row {number}\n") for number in range(1, 100, 5)]
    first = (await edited(lines(tmp_path), *edits)).text.splitlines()[0]
    assert first.endswith(
        f"edits at {', '.join(str(1 + 5 * place) for place in range(MOST_PLACES))}, and more."
    )


async def test_a_match_that_was_not_exact_is_shown_whole(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("top\n    a = 1\n    b = 2\n")
    new = "a = 1\n" + "".join(f"c{number} = 0\n" for number in range(12))
    result = await edited(tmp_path, OneEdit("a = 1\nb = 2\n", new))
    assert "Check the result." in result.text
    assert result.text.endswith(result.changes[0].diff)
    assert "+    c6 = 0" in result.text


async def test_a_new_file_is_not_read_back(tmp_path: Path) -> None:
    tool = FileWrite(Editing(Workplace(tmp_path, (), tmp_path / "outputs"), Sight()))
    text = "".join(f"line {number}\n" for number in range(30))
    result = await tool.run(Whole("new.txt", text), Call(CallId("c"), SessionId("s"), "ann", tmp_path))
    assert isinstance(result, Ok), result.text
    assert result.text.startswith("Created new.txt: +30 -0, hash ")
    assert len(result.text.splitlines()) == HUNK_LINES + 2
    assert "line 20" in result.changes[0].diff
