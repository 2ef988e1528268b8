"""Several agents on one file: every edit applies as intended or is refused, and none is lost."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier

from hypothesis import given, settings
from hypothesis import strategies as st

from loomkin.project.edit import Applied, Edit, Refused, RefusedKind, Target, apply_edits, write_file
from loomkin.project.text import sha_of, split_lines
from tests.project.edit_desk import Desk, applied, refused

PLAIN = {"durable": False, "check_syntax": False}


def test_two_agents_edit_two_functions_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    size = 40
    path.write_text("".join(f"def f{n}():\n    return {n}\n\n\n" for n in range(2 * size)))
    seen = sha_of(path.read_bytes())
    start = Barrier(2)

    def agent(first: int) -> list[Applied | Refused]:
        mine, results = seen, []
        start.wait()
        for number in range(first, 2 * size, 2):
            edit = Edit(f"    return {number}\n", f"    return {number} + {first}\n")
            result = apply_edits(Target(path, (tmp_path,), mine), [edit], **PLAIN)
            mine = result.sha if isinstance(result, Applied) else mine
            results.append(result)
        return results

    with ThreadPoolExecutor(2) as pool:
        for results in pool.map(agent, (0, 1)):
            assert all(isinstance(result, Applied) for result in results)
    assert path.read_text() == "".join(
        f"def f{n}():\n    return {n} + {n % 2}\n\n\n" for n in range(2 * size)
    )
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.py"]


def test_the_second_of_two_agents_on_one_line_is_told_who_was_first(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    path = desk.put("a.py", "limit = 10\n")
    seen = sha_of(path.read_bytes())
    applied(desk.edit("a.py", "limit = 10", "limit = 20", seen=seen))
    second = apply_edits(
        Target(path, (tmp_path,), seen),
        [Edit("limit = 10", "limit = 30")],
        changed_by=lambda _: "@ann, 2 s ago",
    )
    message = refused(second, RefusedKind.STALE)
    assert "1→limit = 20" in message
    assert "(by @ann, 2 s ago)" in message
    assert path.read_text() == "limit = 20\n"


def test_two_agents_on_one_line_at_once_leave_one_winner(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    for turn in range(30):
        path.write_text("the line\n")
        seen = sha_of(path.read_bytes())
        start = Barrier(2)

        def agent(name: str, seen: str = seen, start: Barrier = start) -> Applied | Refused:
            start.wait()
            return apply_edits(Target(path, (tmp_path,), seen), [Edit("the line", f"of {name}")], **PLAIN)

        with ThreadPoolExecutor(2) as pool:
            results = list(pool.map(agent, ("ann", "bob")))
        winners = [
            name for name, one in zip(("ann", "bob"), results, strict=True) if isinstance(one, Applied)
        ]
        assert len(winners) == 1, (turn, results)
        assert path.read_text() == f"of {winners[0]}\n"


PROCESS = """
import sys
from pathlib import Path
from loomkin.project.edit import Applied, Edit, Target, apply_edits
path, mark = Path(sys.argv[1]), sys.argv[2]
for number in range(25):
    edit = Edit("# end of " + mark, f"{mark}{number}\\n# end of " + mark)
    result = apply_edits(Target(path, (path.parent,), None), [edit], durable=False, check_syntax=False)
    assert isinstance(result, Applied), result
"""


def test_two_processes_lose_no_edit_of_each_other(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("# end of a\n# end of b\n")
    runs = [subprocess.Popen([sys.executable, "-c", PROCESS, str(path), mark]) for mark in "ab"]
    assert [run.wait() for run in runs] == [0, 0]
    wanted = [f"{mark}{number}" for mark in "ab" for number in range(25)]
    assert [line for line in path.read_text().split("\n") if line and line[0] != "#"] == wanted


LINES = st.sampled_from(["one = 1", "two = 2", "  three()", "four four", "", "x"])
STEP = st.one_of(
    st.tuples(st.just("read"), st.integers(0, 2), st.just(""), st.just("")),
    st.tuples(
        st.just("edit"),
        st.integers(0, 2),
        st.lists(LINES, min_size=1, max_size=3).map("\n".join),
        st.lists(st.one_of(LINES, st.sampled_from(["new()", "\tmore"])), max_size=2).map("\n".join),
    ),
    st.tuples(st.just("write"), st.integers(0, 2), st.just(""), st.lists(LINES, max_size=4).map("\n".join)),
    st.tuples(st.just("human"), st.just(0), st.just(""), st.lists(LINES, max_size=6).map("\r\n".join)),
)


@settings(max_examples=120, deadline=None)
@given(st.lists(LINES, min_size=2, max_size=10), st.lists(STEP, max_size=14), st.sampled_from(["\n", "\r\n"]))
def test_any_edits_by_any_agents_apply_as_intended_or_are_refused(
    lines: list[str], steps: list[tuple[str, int, str, str]], newline: str
) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder)
        path = root / "a.txt"
        path.write_bytes(newline.join(lines).encode())
        seen: list[str | None] = [None, None, None]
        for what, agent, old, new in steps:
            before = path.read_bytes()
            target = Target(path, (root,), seen[agent])
            if what == "read":
                seen[agent] = sha_of(before)
                continue
            if what == "human":
                path.write_bytes(new.encode())
                continue
            if what == "write":
                result = write_file(target, new, **PLAIN)
            else:
                result = apply_edits(target, [Edit(old, new)], **PLAIN)
            after = path.read_bytes()
            if isinstance(result, Refused):
                assert after == before
                continue
            assert (after.decode(), before.decode()) == (result.after, result.before)
            assert result.sha == sha_of(after)
            if what == "edit":
                check_edit(before, after, old, new, result, known=seen[agent] == sha_of(before))
            elif seen[agent] is None:
                assert len(after) >= len(before) or after == before
            else:
                assert seen[agent] == sha_of(before) or after == before
            seen[agent] = result.sha


def check_edit(before: bytes, after: bytes, old: str, new: str, result: Applied, *, known: bool) -> None:
    """The one place of the old text has become the new one and every other byte is as it was."""
    if before == after:
        assert any("nothing" in note for note in result.notes)
        return
    if result.tier in ("exact", "line endings"):
        text = before + (b"\n" if old.encode() not in before.replace(b"\r\n", b"\n") else b"")
        pattern = re.compile(re.escape(old.encode()).replace(b"\\\n", b"\r?\n"))
        (place,) = pattern.finditer(text)
        assert after.startswith(before[: place.start()])
        assert after.endswith(before[place.end() :])
        middle = after[place.start() : len(after) - len(before[place.end() :])]
        assert middle.replace(b"\r\n", b"\n").decode() in (new, new.removesuffix("\n"))
        return
    assert known
    wanted = [line.strip() for line in old.split("\n") if line.strip()]
    lines = before.splitlines(keepends=True)
    filled = [number for number, line in enumerate(lines) if line.strip()]
    runs = [filled[at : at + len(wanted)] for at in range(len(filled) - len(wanted) + 1)]
    fits = [run for run in runs if [lines[number].strip().decode() for number in run] == wanted]
    assert any(
        after.startswith(b"".join(lines[: run[0]])) and after.endswith(b"".join(lines[run[-1] + 1 :]))
        for run in fits
    )


EDITS = st.lists(
    st.builds(Edit, LINES, st.one_of(LINES, st.just("fresh = 1\nlines()")), st.booleans()),
    min_size=1,
    max_size=4,
)


@settings(max_examples=120, deadline=None)
@given(st.lists(LINES, min_size=2, max_size=8), EDITS, st.sampled_from(["\n", "\r\n"]))
def test_edits_of_one_call_do_what_they_do_one_by_one_or_nothing(
    lines: list[str], edits: list[Edit], newline: str
) -> None:
    data = newline.join(lines).encode()
    with TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "together").write_bytes(data)
        (root / "single").write_bytes(data)
        seen = sha_of(data)
        together = apply_edits(Target(root / "together", (root,), seen), edits, **PLAIN)
        for edit in edits:
            single = apply_edits(Target(root / "single", (root,), seen), [edit], **PLAIN)
            if isinstance(single, Refused):
                assert isinstance(together, Refused)
                assert together.kind is single.kind
                assert (root / "together").read_bytes() == data
                return
            seen = single.sha
        assert isinstance(together, Applied)
        assert (root / "together").read_bytes() == (root / "single").read_bytes()
        grown = len(split_lines(together.after)) - len(split_lines(together.before))
        assert together.added - together.removed == grown
