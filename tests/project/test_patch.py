"""Patches over several files: what models write, where it goes, and all or nothing."""

import os
import stat
from pathlib import Path

import pytest

from loomkin.project.edit import Refused, RefusedKind
from loomkin.project.patch import (
    PatchApplied,
    apply_patch,
    find_patch_in_command,
    patch_paths,
    plan_patch,
)
from loomkin.project.text import sha_of

SOURCE = """import os


class A:
    def run(self):
        x = 1
        return x


class B:
    def run(self):
        x = 1
        return x
"""


class Desk:
    """A workspace whose files the agent has all read."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.seen: dict[Path, str] = {}

    def put(self, name: str, data: bytes | str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        self.seen[path] = sha_of(path.read_bytes())
        return path

    def patch(self, body: str, *, wrap: bool = True) -> PatchApplied | Refused:
        text = f"*** Begin Patch\n{body}*** End Patch\n" if wrap else body
        return apply_patch(text, self.root, (self.root,), self.seen.get, durable=False)

    def files(self) -> list[str]:
        return sorted(str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file())


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def applied(result: PatchApplied | Refused) -> list[tuple[str, str]]:
    assert isinstance(result, PatchApplied), result
    return [(file.change.value, file.applied.path.name) for file in result.files]


def refused(result: PatchApplied | Refused, kind: RefusedKind) -> str:
    assert isinstance(result, Refused), result
    assert result.kind is kind, result
    return result.message


def test_a_patch_adds_updates_moves_and_deletes(desk: Desk) -> None:
    desk.put("a.txt", "one\ntwo\nthree\n")
    desk.put("old/b.txt", "alpha\nbeta\n")
    desk.put("c.txt", "gone\n")
    result = desk.patch(
        "*** Add File: new/d.txt\n+hello\n+\n+world\n"
        "*** Update File: a.txt\n@@\n one\n-two\n+2\n three\n"
        "*** Update File: old/b.txt\n*** Move to: moved/b2.txt\n@@\n-alpha\n+ALPHA\n beta\n"
        "*** Delete File: c.txt\n"
    )
    assert applied(result) == [
        ("added", "d.txt"),
        ("updated", "a.txt"),
        ("moved", "b2.txt"),
        ("deleted", "c.txt"),
    ]
    assert desk.files() == ["a.txt", "moved/b2.txt", "new/d.txt"]
    assert (desk.root / "new/d.txt").read_text() == "hello\n\nworld\n"
    assert (desk.root / "a.txt").read_text() == "one\n2\nthree\n"
    assert (desk.root / "moved/b2.txt").read_text() == "ALPHA\nbeta\n"
    assert isinstance(result, PatchApplied)
    assert result.files[2].moved_from == desk.root / "old/b.txt"
    assert result.files[1].applied.sha == sha_of(b"one\n2\nthree\n")
    assert result.files[3].applied.diff == "@@ -1,1 +0,0 @@\n-gone"


def test_a_patch_is_all_or_nothing(desk: Desk) -> None:
    desk.put("a.txt", "one\n")
    desk.put("b.txt", "two\n")
    message = refused(
        desk.patch(
            "*** Update File: a.txt\n-one\n+1\n*** Add File: deep/er/c.txt\n+x\n"
            "*** Update File: b.txt\n-nothing like it\n+2\n"
        ),
        RefusedKind.NOT_FOUND,
    )
    assert message.startswith("The old text of hunk 1 is not in b.txt.")
    assert message.endswith("No file of the patch was changed.")
    assert desk.files() == ["a.txt", "b.txt"]
    assert (desk.root / "a.txt").read_text() == "one\n"


def test_what_a_link_leads_to_is_neither_deleted_nor_moved(desk: Desk) -> None:
    desk.put("real.txt", "one\n")
    (desk.root / "link.txt").symlink_to("real.txt")
    for section in ("*** Delete File: link.txt\n", "*** Update File: link.txt\n*** Move to: new.txt\n"):
        assert "real.txt. Name that file" in refused(desk.patch(section), RefusedKind.NOT_A_FILE)
    assert desk.files() == ["link.txt", "real.txt"]
    assert (desk.root / "link.txt").read_text() == "one\n"


def test_a_refused_hunk_is_named_once_and_a_bad_line_by_its_number(desk: Desk) -> None:
    desk.put("a.txt", "one\ntwo\nthree\n")
    second = refused(
        desk.patch("*** Update File: a.txt\n@@\n-one\n+1\n@@\n-no such line\n+2\n"), RefusedKind.NOT_FOUND
    )
    assert second.startswith("The old text of hunk 2 is not in a.txt.\n")
    missing = refused(desk.patch("*** Update File: b.txt\n-one\n+1\n"), RefusedKind.MISSING)
    assert missing.count("b.txt") == 1
    strange = refused(desk.patch("*** Update File: a.txt\n-one\n+1\n*** What\n"), RefusedKind.MALFORMED)
    assert "line 5 of the patch, '*** What', is no known heading" in strange


def test_a_failure_while_writing_leaves_every_file_as_it_was(desk: Desk) -> None:
    desk.put("a.txt", "one\n")
    desk.put("blocked", "a file where a folder is wanted\n")
    refused(
        desk.patch(
            "*** Update File: a.txt\n-one\n+1\n*** Add File: new/b.txt\n+x\n*** Add File: blocked/c.txt\n+x\n"
        ),
        RefusedKind.FAILED,
    )
    assert desk.files() == ["a.txt", "blocked"]
    assert not (desk.root / "new").exists()
    assert (desk.root / "a.txt").read_text() == "one\n"


def test_a_plan_writes_nothing(desk: Desk) -> None:
    desk.put("a.txt", "one\n")
    text = "*** Begin Patch\n*** Update File: a.txt\n-one\n+1\n*** Add File: b.txt\n+x\n*** End Patch"
    result = plan_patch(text, desk.root, (desk.root,), desk.seen.get)
    assert applied(result) == [("updated", "a.txt"), ("added", "b.txt")]
    assert desk.files() == ["a.txt"]
    assert (desk.root / "a.txt").read_text() == "one\n"


def test_the_context_line_tells_two_like_blocks_apart(desk: Desk) -> None:
    path = desk.put("a.py", SOURCE)
    applied(
        desk.patch("*** Update File: a.py\n@@ class B:\n-        x = 1\n+        x = 2\n         return x\n")
    )
    assert path.read_text() == SOURCE[:-30] + SOURCE[-30:].replace("x = 1", "x = 2")
    applied(
        desk.patch(
            "*** Update File: a.py\n@@ class A\n@@     def run(self):\n-        return x\n+        return y\n"
        )
    )
    assert path.read_text().index("return y") < path.read_text().index("class B")


def test_two_like_blocks_without_context_are_refused(desk: Desk) -> None:
    path = desk.put("a.py", SOURCE)
    message = refused(
        desk.patch("*** Update File: a.py\n@@\n-        x = 1\n+        x = 2\n"), RefusedKind.AMBIGUOUS
    )
    assert "lines 6, 12" in message
    assert "@@" in message
    assert path.read_text() == SOURCE


def test_a_missing_context_line_is_no_hindrance_where_the_lines_are_unique(desk: Desk) -> None:
    path = desk.put("a.py", SOURCE)
    applied(desk.patch("*** Update File: a.py\n@@ def absent():\n-import os\n+import sys\n"))
    assert path.read_text().startswith("import sys\n")


def test_hunks_go_down_the_file(desk: Desk) -> None:
    path = desk.put("a.txt", "mark\nx\n\nmiddle\n\nx\nend\n")
    applied(desk.patch("*** Update File: a.txt\n@@\n-middle\n+MIDDLE\n@@\n-x\n+y\n"))
    assert path.read_text() == "mark\nx\n\nMIDDLE\n\ny\nend\n"


def test_hunks_may_share_context(desk: Desk) -> None:
    path = desk.put("a.txt", "one\ntwo\nthree\nfour\n")
    applied(desk.patch("*** Update File: a.txt\n@@\n-one\n+1\n two\n@@\n two\n-three\n+3\n"))
    assert path.read_text() == "1\ntwo\n3\nfour\n"


def test_end_of_file_chooses_the_last_place(desk: Desk) -> None:
    path = desk.put("a.txt", "x\ny\nx\n")
    applied(desk.patch("*** Update File: a.txt\n@@\n-x\n+z\n*** End of File\n"))
    assert path.read_text() == "x\ny\nz\n"


def test_lines_are_added_at_the_end_of_the_file(desk: Desk) -> None:
    path = desk.put("a.txt", "one\ntwo")
    applied(desk.patch("*** Update File: a.txt\n@@\n+three\n+four\n*** End of File\n"))
    assert path.read_text() == "one\ntwo\nthree\nfour"


def test_lines_are_added_after_the_context_line(desk: Desk) -> None:
    path = desk.put("a.py", SOURCE)
    applied(desk.patch("*** Update File: a.py\n@@ import os\n+import sys\n"))
    assert path.read_text() == SOURCE.replace("import os\n", "import os\nimport sys\n")


def test_crlf_and_bom_survive_a_patch(desk: Desk) -> None:
    path = desk.put("a.txt", b"\xef\xbb\xbfone\r\ntwo\r\nthree\r\n")
    applied(desk.patch("*** Update File: a.txt\n@@\n one\n-two\n+2\n+2.5\n three\n"))
    assert path.read_bytes() == b"\xef\xbb\xbfone\r\n2\r\n2.5\r\nthree\r\n"


def test_trailing_blanks_of_context_lines_are_kept(desk: Desk) -> None:
    path = desk.put("a.md", "a first line  \nsecond line\n")
    applied(desk.patch("*** Update File: a.md\n@@\n a first line\n-second line\n+2nd line\n"))
    assert path.read_text() == "a first line  \n2nd line\n"


def test_a_move_keeps_the_mode_and_needs_a_free_name(desk: Desk) -> None:
    path = desk.put("run.sh", "echo 1\n")
    path.chmod(0o755)
    desk.put("taken.sh", "x\n")
    message = refused(
        desk.patch("*** Update File: run.sh\n*** Move to: taken.sh\n-echo 1\n+echo 2\n"), RefusedKind.EXISTS
    )
    assert "taken.sh exists already" in message
    applied(desk.patch("*** Update File: run.sh\n*** Move to: bin/run.sh\n-echo 1\n+echo 2\n"))
    assert stat.S_IMODE((desk.root / "bin/run.sh").stat().st_mode) == 0o755
    assert desk.files() == ["bin/run.sh", "taken.sh"]


def test_a_binary_file_can_be_moved_unchanged(desk: Desk) -> None:
    data = b"\x00\x01\xff"
    desk.put("a.bin", data)
    assert applied(desk.patch("*** Update File: a.bin\n*** Move to: b.bin\n")) == [("moved", "b.bin")]
    assert (desk.root / "b.bin").read_bytes() == data
    assert desk.files() == ["b.bin"]


def test_adding_an_existing_file_is_refused(desk: Desk) -> None:
    desk.put("a.txt", "one\n")
    refused(desk.patch("*** Add File: a.txt\n+two\n"), RefusedKind.EXISTS)
    assert applied(desk.patch("*** Delete File: a.txt\n*** Add File: a.txt\n+two\n")) == [
        ("deleted", "a.txt"),
        ("added", "a.txt"),
    ]
    assert (desk.root / "a.txt").read_text() == "two\n"


def test_a_file_that_changed_since_it_was_read_is_patched_only_by_exact_lines(desk: Desk) -> None:
    path = desk.put("a.py", "def f():\n    return 1\n")
    path.write_text("import x\ndef f():\n    return 1\n")
    refused(desk.patch("*** Delete File: a.py\n"), RefusedKind.STALE)
    refused(
        desk.patch("*** Update File: a.py\n@@\n-\tdef f():\n-\t\treturn 1\n+\tdef g():\n"), RefusedKind.STALE
    )
    result = desk.patch("*** Update File: a.py\n@@\n def f():\n-    return 1\n+    return 2\n")
    assert applied(result) == [("updated", "a.py")]
    assert isinstance(result, PatchApplied)
    assert "changed since you read it" in result.files[0].applied.notes[0]


def test_one_file_may_have_two_sections(desk: Desk) -> None:
    path = desk.put("a.txt", "one\ntwo\nthree\n")
    applied(desk.patch("*** Update File: a.txt\n-one\n+1\n*** Update File: a.txt\n-three\n+3\n"))
    assert path.read_text() == "1\ntwo\n3\n"


def test_paths_outside_are_refused(desk: Desk) -> None:
    refused(desk.patch("*** Add File: ../evil.txt\n+x\n"), RefusedKind.OUTSIDE)
    desk.put("a.txt", "one\n")
    refused(desk.patch("*** Update File: a.txt\n*** Move to: /tmp/evil.txt\n"), RefusedKind.OUTSIDE)
    assert desk.files() == ["a.txt"]


def test_windows_separators_are_understood(desk: Desk) -> None:
    path = desk.put("src/a.txt", "one\n")
    applied(desk.patch("*** Update File: src\\a.txt\n-one\n+1\n*** Add File: src\\b.txt\n+x\n"))
    assert path.read_text() == "1\n"
    assert desk.files() == ["src/a.txt", "src/b.txt"]


@pytest.mark.parametrize(
    "text",
    [
        "```diff\n*** Begin Patch\n*** Update File: a.txt\n@@\n one\n-two\n+2\n*** End Patch\n```",
        "*** Update File: a.txt\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n",
        "  *** Begin Patch\n  *** Update File: a.txt\n   one\n  -two\n  +2\n  *** End Patch",
        "Here:\n*** Begin Patch\n*** Update File: `a.txt`\n--- a/a.txt\n+++ b/a.txt\n@@\none\n-two\n+2\n"
        "\n*** End Patch",
        "diff --git a/a.txt b/a.txt\nindex 1..2 100644\n"
        "--- a/a.txt\n+++ b/a.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n",
        "*** Begin Patch\r\n*** Update File: a.txt\r\n one\r\n-two\r\n+2\r\n*** End Patch\r\n",
    ],
)
def test_usual_mistakes_of_form_are_tolerated(desk: Desk, text: str) -> None:
    path = desk.put("a.txt", "one\ntwo\nthree\n")
    assert applied(desk.patch(text, wrap=False)) == [("updated", "a.txt")]
    assert path.read_text() == "one\n2\nthree\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "names no file"),
        ("*** Begin Patch\n*** End Patch", "names no file"),
        ("*** Begin Patch\n*** Update File: a.txt\n*** End Patch", "has no changes"),
        ("*** Begin Patch\n*** Update File: a.txt\n one\n two\n*** End Patch", "no line that begins with"),
        ("*** Begin Patch\n*** Frobnicate File: a.txt\n*** End Patch", "names no file"),
        ("*** Begin Patch\n*** Update File: a.txt\n-a\n+b\n*** Foo: x\n*** End Patch", "no known heading"),
    ],
)
def test_what_is_no_patch_is_refused_with_the_form(desk: Desk, text: str, told: str) -> None:
    message = refused(desk.patch(text, wrap=False), RefusedKind.MALFORMED)
    assert told in message
    assert "*** Begin Patch" in message


def test_placeholders_in_a_patch_are_refused(desk: Desk) -> None:
    desk.put("a.txt", "one\n")
    refused(
        desk.patch("*** Update File: a.txt\n-one\n+1\n+# ... rest of the file\n"), RefusedKind.PLACEHOLDER
    )
    refused(desk.patch("*** Add File: b.py\n+x = 1\n+# ... rest of the code\n"), RefusedKind.PLACEHOLDER)


def test_a_hunk_that_was_made_before_is_noted(desk: Desk) -> None:
    desk.put("a.txt", "one is a long line\n2 is a long line\n")
    result = desk.patch(
        "*** Update File: a.txt\n@@\n one is a long line\n-two is a long line\n+2 is a long line\n"
    )
    assert applied(result) == [("updated", "a.txt")]
    assert isinstance(result, PatchApplied)
    assert "nothing to do" in result.files[0].applied.notes[0]


def test_every_path_of_a_patch_is_named() -> None:
    text = (
        "*** Begin Patch\n*** Add File: a\n+x\n*** Update File: b\n*** Move to: c\n*** Delete File: d\n"
        "*** Update File: b\n-x\n+y\n*** End Patch"
    )
    assert patch_paths(text) == ("a", "b", "c", "d")
    assert patch_paths("nothing") == ()


PATCH = "*** Begin Patch\n*** Update File: a.txt\n-one\n+it's $HOME\n*** End Patch"


@pytest.mark.parametrize(
    "command",
    [
        f"apply_patch <<'EOF'\n{PATCH}\nEOF",
        f'  apply_patch <<"PATCH"\n{PATCH}\nPATCH\n',
        f"apply_patch << EOF\n{PATCH}\nEOF\n".replace("<< ", "<<"),
        f'apply_patch "{PATCH}"',
    ],
)
def test_a_patch_typed_into_the_shell_is_recognised(command: str) -> None:
    assert find_patch_in_command(command) == (PATCH, ".")


@pytest.mark.parametrize("folder", ["sub/dir", "'sub/dir'", '"sub/dir"'])
def test_a_patch_behind_a_folder_change_is_applied_there(folder: str) -> None:
    found = find_patch_in_command(f"cd {folder} && apply_patch <<'EOF'\n{PATCH}\nEOF")
    assert found == (PATCH, "sub/dir")


@pytest.mark.parametrize(
    "command",
    [
        "ls",
        "cat <<'EOF'\n*** Begin Patch\nEOF",
        f"apply_patch <<'EOF'\n{PATCH}\nEOF\nrm -rf build",
        f"cd $HOME && apply_patch <<'EOF'\n{PATCH}\nEOF",
        f"cd \"$(pwd)\" && apply_patch <<'EOF'\n{PATCH}\nEOF",
        "echo apply_patch",
        "apply_patch --help",
    ],
)
def test_other_commands_are_left_alone(command: str) -> None:
    assert find_patch_in_command(command) is None


def test_nothing_stays_behind_after_a_patch(desk: Desk) -> None:
    desk.put("a.txt", "one\n")
    applied(desk.patch("*** Update File: a.txt\n-one\n+1\n"))
    assert os.listdir(desk.root) == ["a.txt"]
