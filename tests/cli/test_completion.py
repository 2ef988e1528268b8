"""`loomkin completion`: nothing is missing from the scripts, and the shells understand them."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from loomkin.cli.help import COMMANDS, help_text
from loomkin.records.event import SessionRenamed
from loomkin.records.task import TaskState
from tests.cli.project import database, loomkin, repository
from tests.store.facts import fill

CLI = Path(__file__).parents[2] / "loomkin" / "cli"
PRESENT = [name for name in COMMANDS if (CLI / f"{name}.py").exists()]
BASH = """
source "$1"
while IFS= read -r line; do
    read -ra COMP_WORDS <<< "$line"
    [[ "$line" == *" " ]] && COMP_WORDS+=("")
    COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
    _loomkin
    echo "${COMPREPLY[*]}"
done
"""
ZSH = """
source "$1"
_describe() { offered=("${(@)offers%%:*}") }
_files() { offered=(FILES) }
compadd() { while [[ "$1" != -- ]]; do shift; done; shift; offered=("$@") }
while IFS= read -r line; do
    words=("${(@s: :)line}") CURRENT=$#words offered=()
    _loomkin
    print -r -- "${(j: :)offered}"
done
"""
FISH = """
source $argv[1]
while read -l line
    echo (complete -C "$line" | string split -f1 \\t)
end
"""


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("completion")
    for shell in ("bash", "zsh", "fish"):
        done = loomkin("completion", shell)
        assert (done.code, done.err) == (0, "")
        (folder / shell).write_text(done.out)
    return folder


def complete(shell: str, program: str, script: Path, *lines: str) -> list[set[str]]:
    flags = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    words = [shell, *flags, "-c", program]
    if shell != "fish":
        words.append(shell)
    done = subprocess.run(
        [*words, str(script)], input="".join(f"{line}\n" for line in lines), capture_output=True, text=True
    )
    assert done.stderr == ""
    assert done.returncode == 0
    return [set(line.split()) for line in done.stdout.split("\n")[: len(lines)]]


@cache
def helps() -> tuple[tuple[str, frozenset[str], frozenset[str]], ...]:
    """Path, subcommands and flags of every command, read from the help that it prints."""
    return tuple(one for name in PRESENT for one in _help(name))


def _help(path: str) -> Iterator[tuple[str, frozenset[str], frozenset[str]]]:
    shown = loomkin(*path.split(), "--help").out
    below = shown.partition("\nCommands:\n")[2]
    commands = frozenset(re.findall(r"^  (\w[\w-]*)", below, re.M)) if below else frozenset()
    options = shown.partition("\nOptions:\n")[2].partition("\nCommands:\n")[0]
    heads = re.findall(r"^  (-\S.*?)(?:  |$)", options, re.M)
    flags = frozenset(flag for head in heads for flag in re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*", head))
    yield path, commands, flags
    for name in sorted(commands):
        yield from _help(f"{path} {name}")


def test_the_help_that_the_scripts_are_held_to_was_read() -> None:
    known = {path: (commands, flags) for path, commands, flags in helps()}
    assert len(known) > 25
    assert known["sessions"][0] >= {"list", "show", "check"}
    assert known["cost"][1] == {"--by", "--session", "--since", "--until", "--json", "-C", "-h", "--help"}


def test_bash_completes_every_command_and_every_flag(scripts: Path) -> None:
    known = helps()
    lines = [line for path, _, _ in known for line in (f"loomkin {path} ", f"loomkin {path} -")]
    first, dash, *answers = complete("bash", BASH, scripts / "bash", "loomkin ", "loomkin -", *lines)
    assert first >= set(PRESENT)
    assert dash >= set(re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", help_text().partition("begin with")[2])) - {
        "-p"
    }
    for (path, commands, flags), words, dashes in zip(known, answers[::2], answers[1::2], strict=True):
        assert words >= commands, path
        assert dashes >= flags, path
        assert not any(word.startswith("-") for word in words), path


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_shells_know_every_command_and_every_flag(scripts: Path, shell: str) -> None:
    text = (scripts / shell).read_text()
    for path, commands, flags in helps():
        if shell == "zsh":
            line = next(line for line in text.splitlines() if line.startswith(f'    "{path}") offers='))
            assert all(f"'{word}:" in line for word in commands | flags), path
        else:
            lines = [line for line in text.splitlines() if f'''__loomkin_at "{path}"''' in line]
            offered = {word for line in lines for word in re.findall(r" -a (\S+)", line)}
            offered |= {f"--{word}" for line in lines for word in re.findall(r" -l (\S+)", line)}
            offered |= {f"-{word}" for line in lines for word in re.findall(r" -s (\S+)", line)}
            assert offered >= commands | flags, path


CASES = {
    "loomkin sess": {"sessions"},
    "loomkin sessions ex": {"export"},
    "loomkin -C /tmp sessions ex": {"export"},
    "loomkin cost --by ": {"agent", "model", "task", "day", "session", "woke"},
    "loomkin sessions export x --format ": {"markdown", "json"},
    "loomkin tasks list --state ready --state ": {state.value for state in TaskState},
    "loomkin completion ": {"bash", "zsh", "fish"},
}


def test_bash_knows_where_in_a_line_it_is(
    scripts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where no session is known: loomkin may be at work on itself
    cases = CASES | {"loomkin cost --by = mo": {"model"}, "loomkin sessions show list ": set()}
    assert complete("bash", BASH, scripts / "bash", *cases) == list(cases.values())


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_knows_where_in_a_line_it_is(scripts: Path) -> None:
    lines = ["loomkin cost --by ", "loomkin -C /tmp sessions ", "loomkin sessions export x -o "]
    answers = complete("zsh", ZSH, scripts / "zsh", *lines)
    assert answers[0] == CASES["loomkin cost --by "]
    assert answers[1] >= {"list", "export", "--help"}
    assert answers[2] == {"FILES"}


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_knows_where_in_a_line_it_is(scripts: Path) -> None:
    assert complete("fish", FISH, scripts / "fish", *CASES) == list(CASES.values())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_sessions_and_setting_keys_are_completed(
    scripts: Path, shell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    root = repository(tmp_path / "project")
    with database(root) as db:
        fill(db, SessionRenamed("mend"), session="20260101-000000-aaaa")
        fill(db, SessionRenamed("two words"), session="20260101-000000-bbbb")
    monkeypatch.chdir(root)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    ids = {"20260101-000000-aaaa", "20260101-000000-bbbb", "mend"}
    cases = {
        "loomkin -r ": ids,
        "loomkin ask --resume ": ids,
        "loomkin sessions show ": ids,
        "loomkin cost --session ": ids,
        "loomkin --set ": {"model.default=", "permissions.mode="},
        "loomkin config get ": {"model.default", "permissions.mode"},
    }
    program = {"bash": BASH, "zsh": ZSH, "fish": FISH}[shell]
    for wanted, found in zip(cases.values(), complete(shell, program, scripts / shell, *cases), strict=True):
        assert {word for word in found if not word.startswith("-")} >= wanted
        assert not any("*" in word or "[]" in word for word in found)


def test_an_unknown_shell_is_refused() -> None:
    refused = loomkin("completion", "tcsh")
    assert refused.code == 2
    assert "tcsh" in refused.err
