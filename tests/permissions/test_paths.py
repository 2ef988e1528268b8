"""Words become the files that the shell would open, and protected names are known."""

from pathlib import Path

import pytest

from loomkin.permissions.commands import read_command_line
from loomkin.permissions.paths import expand, is_inside, is_neutral, place, protected_by


def files(text: str, folder: Path) -> list[str] | None:
    (command,) = read_command_line(f"cat {text}", str(folder), "/home/me").commands
    found = expand(command.words[1], command.places, "/home/me")
    return None if found is None else sorted(one.path.removeprefix(f"{folder}/") for one in found)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.py", "b.py", ".env", "[x].py", "c.txt"):
        (tmp_path / name).write_text("")
    return tmp_path


WORDS = [
    ("a.py", ["a.py"]),
    ("*.py", ["[x].py", "a.py", "b.py"]),
    ("[ab].py", ["a.py", "b.py"]),
    ("'[ab].py'", ["[ab].py"]),
    ("'[x]'.py", ["[x].py"]),
    ("*", ["[x].py", "a.py", "b.py", "c.txt"]),
    (".e*", [".env"]),
    ("{a,c}.*", ["a.py", "c.txt"]),
    ("{.env,no}", [".env", "no"]),
    ("'{a,b}'", ["{a,b}"]),
    ("none*", ["none*"]),
    ("sub/../a.py", ["a.py"]),
    ("~/x", ["/home/me/x"]),
    ("$X", None),
    ("{a,{b,c}}", ["a", "b", "c"]),
    ("{1..3}", None),
    ("*/*/*/*/x", None),
]


@pytest.mark.parametrize(("word", "expected"), WORDS)
def test_a_word_means_these_files(folder: Path, word: str, expected: list[str] | None) -> None:
    assert files(word, folder) == expected


def test_a_link_is_followed(folder: Path) -> None:
    (folder / "link").symlink_to(folder / ".env")
    assert place("link", str(folder), "/home/me").forms == (
        f"{folder}/link",
        str((folder / ".env").resolve()),
    )


@pytest.mark.parametrize(
    "path",
    ["/.git/config", "/sub/.git/hooks/x", "/.loomkin/a", "/.loomkin.toml", "/LOOMKIN.md", "/a/AGENTS.md",
     "/CLAUDE.md",
     "/.mcp.json", "/.github/workflows/ci.yml", "/.gitlab-ci.yml", "/.husky/x", "/.pre-commit-config.yaml",
     "/.bashrc",
     "/home/me/.config/fish/x", "/.vscode/tasks.json"],
)  # fmt: skip
def test_a_path_that_changes_what_runs_is_protected(path: str) -> None:
    assert protected_by(path, "/home/me")


@pytest.mark.parametrize(
    "path", ["/", "", "/src/a.py", "/git/x", "/.github/README.md", "/README.md", "/.gitignore"]
)
def test_other_paths_are_not(path: str) -> None:
    assert not protected_by(path, "/home/me")


def test_a_sibling_with_the_same_beginning_is_not_inside() -> None:
    assert is_inside("/a/b", ["/a"])
    assert is_inside("/a", ["/a"])
    assert not is_inside("/ab", ["/a"])
    assert is_inside("/ab", ["/"])


def test_devices_that_keep_nothing_are_known() -> None:
    assert is_neutral("/dev/null")
    assert not is_neutral("/dev/sda")
