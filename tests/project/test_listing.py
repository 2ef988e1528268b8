import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from loomkin.project.listing import list_files, list_in_parts, list_tree, shown_path, shown_size

ODD = [
    "with space.txt",
    "new\nline.txt",
    "-dash",
    "ünï.txt",
    os.fsdecode(b"raw\xff.txt"),
    'quote".txt',
    "tab\t.txt",
]


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / ".config"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "A")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "a@example.org")


def git(cwd: Path, *args: str) -> None:
    subprocess.run(["git", *args], cwd=cwd, check=True, capture_output=True)


def make(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


RULES = {
    ".gitignore": "*.log\n!keep.log\nbuild/\n/top-only.txt\n[broken\n",
    "a.py": "", "x.log": "", "keep.log": "", "build/out.o": "", "top-only.txt": "", "sub/top-only.txt": "",
    "sub/.gitignore": "*.tmp\n!good.tmp\n/deep/no\n", "sub/a.tmp": "", "sub/good.tmp": "", "sub/x.log": "",
    "sub/deep/no/file": "", "sub/deep/yes/no/file": "", "sub/build/x": "", "a.tmp": "", ".hidden/x": "",
    "node_modules/m/i.js": "", "pkg/__pycache__/x.pyc": "", ".loomkin/loomkin.db": "",
}  # fmt: skip
KEPT = {
    ".gitignore", ".hidden/x", "a.py", "a.tmp", "keep.log", "sub/.gitignore", "sub/deep/yes/no/file",
    "sub/good.tmp", "sub/top-only.txt",
}  # fmt: skip


@pytest.mark.parametrize("with_git", [True, False])
def test_git_and_the_walk_list_the_same_files(tmp_path: Path, with_git: bool) -> None:
    root = make(tmp_path / "p", RULES | dict.fromkeys(ODD, ""))
    if with_git:
        git(root, "init", "-q")
    listing = list_files(root)
    assert listing.files == tuple(sorted(KEPT | set(ODD)))
    assert listing.problems == ()


def test_without_the_git_program_the_walk_takes_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make(tmp_path / "p", RULES)
    git(root, "init", "-q")
    (root / ".git" / "info").mkdir(exist_ok=True)
    (root / ".git" / "info" / "exclude").write_text("a.py\n")
    make(tmp_path, {"home/.config/git/ignore": "a.tmp\n"})
    with_git = list_files(root)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert list_files(root) == with_git
    assert set(with_git.files) == KEPT - {"a.py", "a.tmp"}


def test_tracked_files_are_listed_even_when_ignored(tmp_path: Path) -> None:
    root = make(tmp_path / "p", {".gitignore": "*.log\n", "x.log": "", "y.log": "", "node_modules/m.js": ""})
    git(root, "init", "-q")
    git(root, "add", "-f", "x.log", "node_modules/m.js")
    assert list_files(root).files == (".gitignore", "node_modules/m.js", "x.log")


@pytest.mark.parametrize("with_git", [True, False])
def test_a_part_of_the_tree_an_ignored_folder_and_a_file_can_be_named(tmp_path: Path, with_git: bool) -> None:
    root = make(tmp_path / "p", RULES)
    if with_git:
        git(root, "init", "-q")
    assert list_files(root, "sub/deep").files == ("sub/deep/yes/no/file",)
    assert list_files(root, "node_modules").files == ("node_modules/m/i.js",)
    assert list_files(root, "build").files == ("build/out.o",)
    assert list_files(root, "x.log").files == ("x.log",)
    assert list_files(root, "nowhere").files == ()


def test_submodules_and_nested_repositories_are_listed_too(tmp_path: Path) -> None:
    inner = make(tmp_path / "inner", {"in.txt": "", ".gitignore": "*.o\n"})
    git(inner, "init", "-q")
    git(inner, "add", ".")
    git(inner, "commit", "-qm", "x")
    root = make(tmp_path / "p", {"a.txt": "", "nested/n.txt": ""})
    git(root, "init", "-q")
    git(root, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "lib/sub")
    git(root / "nested", "init", "-q")
    (root / "lib" / "sub" / "new.o").touch()
    git(root, "clone", "-q", str(inner), "kept")
    git(root, "add", "kept")
    (root / "link").symlink_to("a.txt")
    git(root, "add", "link")
    assert list_files(root).files == (
        ".gitmodules", "a.txt", "kept/.gitignore", "kept/in.txt", "lib/sub/.gitignore", "lib/sub/in.txt",
        "link", "nested/n.txt",
    )  # fmt: skip
    assert next(list_in_parts(root)).unsure == {
        "kept/.gitignore", "kept/in.txt", "lib/sub/.gitignore", "lib/sub/in.txt", "link",
    }  # fmt: skip
    assert list_files(root, "lib").files == ("lib/sub/.gitignore", "lib/sub/in.txt")


def test_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    root = make(tmp_path / "p", {"d/x": ""})
    (root / "loop").symlink_to(".")
    (root / "away").symlink_to("/etc")
    assert list_files(root).files == ("away", "d/x", "loop")


def test_folders_that_cannot_be_read_are_told_and_not_fatal() -> None:
    # The superuser reads everything, so the child becomes nobody, in a folder that nobody may enter.
    code = (
        "import os, pathlib, sys\nfrom loomkin.project.listing import list_files, list_tree\n"
        "if os.geteuid() == 0:\n    os.seteuid(65534)\n"
        "root = pathlib.Path(sys.argv[1])\nfound = list_files(root)\n"
        "print(found.files, found.problems)\nprint(list_tree(root))"
    )
    with tempfile.TemporaryDirectory() as name:
        root = make(Path(name), {"open/x": "", "closed/y": ""})
        root.chmod(0o755)
        (root / "closed").chmod(0)
        done = subprocess.run([sys.executable, "-c", code, name], capture_output=True, text=True, check=False)
        (root / "closed").chmod(0o755)
    assert done.stdout.startswith("('open/x',) ('closed/ could not be read: Permission denied',)\n"), (
        done.stderr
    )
    assert "  closed/\n" in done.stdout
    assert done.stdout.endswith("closed/ could not be read: Permission denied\n")


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_twenty_thousand_files_are_listed_in_seconds(tmp_path: Path) -> None:
    root = make(tmp_path / "p", {".gitignore": "*.o\n"})
    for folder in range(100):
        (root / f"d{folder}").mkdir()
        for number in range(200):
            os.close(os.open(root / f"d{folder}" / f"f{number}", os.O_CREAT))
    for with_git in (False, True):
        if with_git:
            git(root, "init", "-q")
        began = time.monotonic()
        assert len(list_files(root).files) == 20_001
        assert time.monotonic() - began < 10


def test_the_tree_shows_sizes_and_names_ignored_folders_without_opening_them(tmp_path: Path) -> None:
    root = make(tmp_path / "p", RULES | {"big.bin": "x" * 5000, "new\nline": ""})
    git(root, "init", "-q")
    (root / "link").symlink_to("a.py")
    lines = list_tree(root, depth=2).split("\n")
    assert lines[0] == "./"
    assert "  .git/  (ignored)" in lines
    assert "  node_modules/  (ignored)" in lines
    assert "  build/  (ignored)" in lines
    assert "  x.log  (ignored)" in lines
    assert "  big.bin  4.9 KB" in lines
    assert "  a.py  0 B" in lines
    assert "  link  -> a.py" in lines
    assert "  new\\nline  0 B" in lines
    assert "    deep/  (2 entries)" in lines
    assert lines.index("  sub/") < lines.index("    good.tmp  0 B") < lines.index("  a.py  0 B")
    assert not any("i.js" in line or "out.o" in line for line in lines)
    assert list_tree(root, "sub/deep").split("\n")[:3] == ["sub/deep/", "  no/  (ignored)", "  yes/"]
    assert "is not a folder" in list_tree(root, "a.py")


def test_a_wide_tree_is_capped_and_counted(tmp_path: Path) -> None:
    for folder in range(10):
        make(tmp_path / "p" / f"d{folder}", {f"f{number:03}": "" for number in range(150)})
    lines = list_tree(tmp_path / "p").split("\n")
    assert lines.count("    … 30 more") >= 3
    assert len(lines) <= 503
    assert lines[-1].startswith("… more left out")


def test_names_and_sizes_are_shown_readably() -> None:
    assert [shown_path(name) for name in ODD] == [
        "with space.txt", "new\\nline.txt", "-dash", "ünï.txt", "raw\\xff.txt", 'quote".txt', "tab\\t.txt",
    ]  # fmt: skip
    assert [shown_size(size) for size in (0, 999, 1000, 3_500, 12_000_000)] == [
        "0 B",
        "999 B",
        "1.0 KB",
        "3.4 KB",
        "11 MB",
    ]
