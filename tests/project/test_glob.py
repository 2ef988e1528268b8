import os
from pathlib import Path

import pytest

from loomkin.project.glob import FoundFiles, find_files, glob_regex
from loomkin.project.problem import Problem


def matches(pattern: str, path: str) -> bool:
    regex = glob_regex(pattern)
    assert not isinstance(regex, Problem)
    return regex.fullmatch(path) is not None


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("*.py", ["a.py", "x/y/a.py", ".hidden.py"], ["a.pyc", "py"]),
        ("src/*.py", ["src/a.py"], ["src/x/a.py", "x/src/a.py"]),
        ("src/**/*.py", ["src/a.py", "src/x/y/a.py"], ["srcx/a.py", "a.py"]),
        ("**/test_*.py", ["test_a.py", "x/test_a.py"], ["x/a_test.py"]),
        ("src/**", ["src/a", "src/x/y"], ["src", "srcs/a"]),
        ("src/", ["src/a", "src/x/y"], ["src2/a"]),
        ("./a.txt", ["a.txt"], ["ab.txt"]),
        ("*.{ts,tsx}", ["a.ts", "x/a.tsx"], ["a.t", "a.tsxx"]),
        ("{src,lib}/{a,b{1,2}}.c", ["src/a.c", "lib/b1.c", "src/b2.c"], ["src/b.c", "doc/a.c"]),
        ("a{b}.c", ["a{b}.c"], ["ab.c"]),
        ("a{b.c", ["a{b.c"], ["ab.c"]),
        ("file[0-9].txt", ["file1.txt"], ["filex.txt", "file.txt"]),
        ("file[!0-9].txt", ["filex.txt"], ["file1.txt", "file/.txt"]),
        ("[]x].c", ["].c", "x.c"], ["[.c"]),
        ("?.c", ["a.c", "é.c"], ["ab.c", ".c"]),
        (r"a\*.c", ["a*.c"], ["ab.c"]),
        ("a+b(1).c", ["a+b(1).c"], ["aab1.c"]),
        ("x**y/z", ["xy/z", "xa/by/z"], ["z"]),
        ("new*", ["new\nline"], ["old"]),
    ],
)
def test_patterns_match_as_people_expect(pattern: str, yes: list[str], no: list[str]) -> None:
    assert [path for path in yes if not matches(pattern, path)] == []
    assert [path for path in no if matches(pattern, path)] == []


@pytest.mark.parametrize("pattern", ["", "./", "{a,b}" * 12, "[z-a].c"])
def test_patterns_that_cannot_be_used_are_told(pattern: str) -> None:
    problem = glob_regex(pattern)
    assert isinstance(problem, Problem)
    assert problem.hint


def found(result: FoundFiles | Problem) -> FoundFiles:
    assert isinstance(result, FoundFiles), result
    return result


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for age, name in enumerate(
        ["src/new.py", "src/mid.py", "old.py", "src/deep/oldest.py", "a.txt", "out/x.py"]
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (2e9 - age, 2e9 - age))
    (tmp_path / ".gitignore").write_text("out/\n")
    (tmp_path / "dangling.py").symlink_to("nowhere")
    os.utime(tmp_path / "dangling.py", (1, 1), follow_symlinks=False)
    return tmp_path


def test_files_come_newest_first_without_ignored_ones(tree: Path) -> None:
    result = found(find_files("*.py", tree))
    assert result.paths == ("src/new.py", "src/mid.py", "old.py", "src/deep/oldest.py", "dangling.py")
    assert not result.truncated


def test_the_list_is_capped_with_the_total(tree: Path) -> None:
    result = found(find_files("**/*.py", tree, limit=2))
    assert (result.paths, result.total, result.truncated) == (("src/new.py", "src/mid.py"), 5, True)


def test_patterns_are_relative_to_the_named_folder(tree: Path) -> None:
    assert found(find_files("*/*.py", tree, "src")).paths == ("src/deep/oldest.py",)
    assert found(find_files("*.py", tree, "out")).paths == ("out/x.py",)
    assert found(find_files(f"{tree}/src/*.py", tree)).paths == ("src/new.py", "src/mid.py")
    assert found(find_files("*.rs", tree)).total == 0
    assert "There is no folder" in str(find_files("*", tree, "gone"))
