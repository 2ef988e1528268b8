import os
from pathlib import Path

import pytest

from loomkin.project.listing import shown_path
from loomkin.project.meant_path import meant_path


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("a.py", "sub/a.py"),
        ("../a.py", "a.py"),
        ("./x/../a.py", "sub/a.py"),
        ("sub\\a.py", "sub/sub/a.py"),
        (".git\\hooks\\x", "sub/.git/hooks/x"),
        ("..\\.git\\config", ".git/config"),
    ],
)
def test_a_path_starts_at_the_folder_and_backslashes_part_folders(
    tmp_path: Path, written: str, meant: str
) -> None:
    (tmp_path / "sub").mkdir()
    assert meant_path(tmp_path / "sub", written, tmp_path) == tmp_path / meant


def test_home_and_absolute_paths_are_understood(tmp_path: Path) -> None:
    assert meant_path(tmp_path, "~/x", tmp_path) == Path.home() / "x"
    assert meant_path(tmp_path, "/x/../y", tmp_path) == Path("/y")


def test_what_exists_as_written_comes_first(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for name in ("a\\n", "a\n", "a/n"):
        (tmp_path / name).touch()
    assert meant_path(tmp_path, "a\\n", tmp_path) == tmp_path / "a\\n"
    (tmp_path / "a\\n").unlink()
    assert meant_path(tmp_path, "a\\n", tmp_path) == tmp_path / "a\n"
    (tmp_path / "a\n").unlink()
    assert meant_path(tmp_path, "a\\n", tmp_path) == tmp_path / "a/n"


@pytest.mark.parametrize(
    "name", [b"caf\xe9", b"new\nline", b"tab\tand\x1b", "wide\u200bspace".encode(), b"a\x07b\xff"]
)
def test_a_name_is_found_by_what_listings_show_of_it(tmp_path: Path, name: bytes) -> None:
    path = os.fsdecode(os.path.join(os.fsencode(tmp_path), name))
    Path(path).touch()
    assert meant_path(tmp_path, shown_path(os.fsdecode(name)), tmp_path) == Path(path)


def test_a_path_from_the_top_is_understood_below_it_where_it_exists(tmp_path: Path) -> None:
    deep = tmp_path / "pkg" / "deep"
    deep.mkdir(parents=True)
    (deep / "m.py").touch()
    (tmp_path / "setup.py").touch()
    assert meant_path(deep, "pkg/deep/m.py", tmp_path) == deep / "m.py"
    assert meant_path(deep, "pkg/deep/new.py", tmp_path) == deep / "pkg/deep/new.py"
    assert meant_path(deep, "setup.py", tmp_path) == deep / "setup.py"
