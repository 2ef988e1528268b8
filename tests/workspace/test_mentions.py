"""`@path` in a prompt: what goes along, and what is said where nothing can."""

from pathlib import Path

import pytest

from loomkin.project.workplace import Workplace
from loomkin.workspace.mentions import MOST_BYTES, Mentions


@pytest.fixture
def mentions(tmp_path: Path) -> Mentions:
    root = tmp_path / "project"
    (root / "src").mkdir(parents=True)
    (root / "calc.py").write_text("x = 1\n")
    (root / "bin.dat").write_bytes(b"\x00\x01\x02\xff" * 100)
    (root / "long.txt").write_text("x" * (MOST_BYTES + 1))
    (root / ".env").write_text("KEY=value\n")
    (tmp_path / "other.txt").write_text("elsewhere\n")
    return Mentions(Workplace(root, (), root / "outputs"), root, lambda path, sha, text: None)


def test_files_and_folders_go_along(mentions: Mentions) -> None:
    found = mentions("look at @calc.py and (@src/).")
    assert "x = 1" in found.text
    assert '<folder path="src">' in found.text
    assert found.problems == ()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("nope.txt", "no such file"),
        ("bin.dat", "binary"),
        ("long.txt", "larger than 100 kB"),
        ("/etc/passwd", "outside the project"),
        ("../other.txt", "outside the project"),
        (".env", "secrets"),
    ],
)
def test_what_cannot_go_along_is_said_to_the_person_and_the_model(
    mentions: Mentions, name: str, why: str
) -> None:
    found = mentions(f"read @{name} and @calc.py")
    assert len(found.problems) == 1
    assert f"@{name}" in found.problems[0]
    assert why in found.problems[0]
    assert found.problems[0] in found.text
    assert "x = 1" in found.text


def test_words_with_an_at_sign_that_name_no_path_are_words(mentions: Mentions) -> None:
    found = mentions("make mean a @property, as @somebody said")
    assert (found.text, found.problems) == ("", ())
