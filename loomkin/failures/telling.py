"""The line of a failed command's output that tells what went wrong, and what kind of failure it is."""

import re
from collections.abc import Sequence
from enum import StrEnum

from loomkin.failures.commands import CommandLine, names
from loomkin.project.failure import complaint, first_errors
from loomkin.project.output import strip_ansi
from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern

MISSING = (126, 127)
STOPPED = (-15, -2, 130, 143)


class Cause(StrEnum):
    """Why a command ended badly.

    `command`: it could not do its work (missing, misspelt, forbidden). `code`: it did, and what it looked at
    is red: a test, a finding, a compile error. `nothing`: an answer, not a failure. `other`: it does not say.
    """

    COMMAND = "command"
    CODE = "code"
    OTHER = "other"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Telling:
    """Why a command failed: the line that says so, the file it speaks of, a program that is not there."""

    cause: Cause
    line: str = ""
    path: str = ""
    missing: str = ""


def telling(command: CommandLine, code: int, text: str) -> Telling:
    """What a command that ended with `code` complained of in its output."""
    lines = [line.rstrip() for line in strip_ansi(text).splitlines() if line.strip()]
    lines = [line for line in lines if not _NOTE.fullmatch(line)]
    if code in STOPPED:
        return Telling(Cause.NOTHING)
    if lost := _lost(lines, code):
        return lost
    if not lines:
        return (
            Telling(Cause.COMMAND, f"ended with {code}") if code < 0 or code > 128 else Telling(Cause.NOTHING)
        )
    misused = _first(_MISUSED, lines)
    if command.looks:
        return Telling(Cause.COMMAND, misused) if misused else Telling(Cause.NOTHING)
    return _of_checker(lines) or _of_others(command, lines, misused)


def _lost(lines: Sequence[str], code: int) -> Telling | None:
    """A program that the shell did not find or could not run."""
    for line in lines if code in MISSING else lines[:1]:
        if found := _NOT_FOUND.search(line):
            name = next(filter(None, found.groups()))
            return Telling(Cause.COMMAND, _SHELL.sub("", found[0]), missing=name)
    return None


def _of_checker(lines: Sequence[str]) -> Telling | None:
    """What a test runner or checker said that got to work; one that could not begin is another matter."""
    begun = _BEGINNING.search("\n".join(lines))
    if begun is not None:
        behind = [line for line in lines if _NAMED.match(line)]
        line = _first(_COMMAND, behind) or next(iter(behind), "").strip()
        return Telling(Cause.COMMAND, line, _file(lines, line)) if line else None
    red = complaint("\n".join(lines)).startswith(("Totals:", "Failing:"))
    if red and not _USAGE.search("\n".join(lines)):
        return Telling(Cause.CODE)
    return None


def _of_others(command: CommandLine, lines: Sequence[str], misused: str) -> Telling:
    if misused:
        return Telling(Cause.COMMAND, misused)
    named = _raised(lines) or _first(_COMMAND, lines)
    if named and _COMMAND.search(named):
        return Telling(Cause.COMMAND, named, _file(lines, named))
    if found := _first(_COMMAND, lines):
        return Telling(Cause.COMMAND, found)
    if _first(_RED, lines) or _CHECKERS.intersection(run.program for run in command.runs):
        return Telling(Cause.CODE)
    return Telling(Cause.OTHER, named or first_errors("\n".join(lines), 1), _file(lines, named))


def _raised(lines: Sequence[str]) -> str:
    """The last line of a Python traceback, which names the exception."""
    if not any(line.lstrip().startswith("Traceback (most") for line in lines):
        return ""
    return next((line for line in reversed(lines) if _NAMED.match(line)), "")


def _file(lines: Sequence[str], line: str) -> str:
    """The file of the project that a traceback before the line points at, where it does."""
    if not line or not _NAMED.match(line):
        return ""
    before = next((place for place, one in enumerate(lines) if one.strip() == line.strip()), 0)
    files = [found[1] for one in lines[:before] if (found := _FRAME.search(one))]
    own = [file for file in files if not _LIBRARY.search(file)]
    return own[-1] if own else ""


def _first(wanted: "re.Pattern[str]", lines: Sequence[str]) -> str:
    return next((line.strip() for line in lines if wanted.search(line)), "")


_NOTE = pattern(r"exit -?\d+.*|ended by SIG\w+.*|git \w+ ended with code -?\d+\.")
_NOT_FOUND = pattern(
    r"^(?:/\S+/)?(?:ba|z|da)?sh: (?:line \d+: |\d+: )?([^\s:]+): (?:command )?not found"
    r"|^zsh: command not found: (\S+)"
    r"|^(?:/\S+/)?(?:ba|z|da)?sh: (?:line \d+: |\d+: )?([^\s:]+): (?:No such file or directory"
    r"|Permission denied|cannot execute.*)"
    r"|^(?:/usr/bin/)?env: [‘'\"]?([^\s’'\":]+)[’'\"]?: (?:No such file or directory|Permission denied)"
)
_SHELL = pattern(r"^(?:/\S+/)?(?:ba|z|da)?sh: (?:line \d+: |\d+: )?")
_MISUSED = pattern(
    r"(?:unrecogni[sz]ed|unknown|invalid|illegal|unexpected) (?:option|argument|flag|subcommand"
    r"|command|switch|choice)s?\b|unexpected argument|no such (?:option|command|subcommand)|invalid choice:"
    r"|flag provided but not defined|the following arguments are required|requires an argument"
    r"|is not a \S+ (?:command|subcommand)|unrecognized arguments|Missing (?:option|argument)\b",
    2,
)
_COMMAND = pattern(
    r"ModuleNotFoundError|ImportError|No module named|[Cc]annot find (?:module|package)|ERR_MODULE_NOT_FOUND"
    r"|Can(?:no|')t (?:locate|resolve|load)\b|could not find or load main class|cannot open shared object"
    r"|no required module provides|go\.mod file not found|cannot find main module|can't find crate"
    r"|could not find `?Cargo\.toml|no matching package|failed to select a version|linker .* not found"
    r"|fatal error: .*[Nn]o such file|cannot find -l\w|undefined reference to"
    r"|[Pp]ermission denied|[Oo]peration not permitted|\bEACCES\b|\bEPERM\b|[Rr]ead-only file system"
    r"|[Cc]onnection refused|ECONNREFUSED|Could not resolve host|getaddrinfo|EADDRINUSE"
    r"|[Aa]ddress already in use"
    r"|[Nn]o space left|Cannot connect to the Docker daemon|[Cc]ommand not found|: not found$"
    r"|Missing script|npm (?:ERR!|error) code E|ERESOLVE|Unsupported engine|EBADENGINE"
    r"|No matching distribution|Could not find a version|externally-managed|Could not open requirements file"
    r"|Failed building wheel|No rule to make target|No targets specified|missing separator"
    r"|No makefile found|^fatal: |not a git repository|nothing to commit"
    r"|no changes added to commit|pathspec .* did"
    r"|Unable to locate package|file or directory not found|can't open file|No such file or directory"
    r"|INTERNALERROR"
    r"|SyntaxError|IndentationError|TabError|syntax error near|unexpected EOF|unexpected end of file"
    r"|must be set\b|is not set\b|environment variable|[Aa]uthentication (?:failed|required)|[Nn]ot logged in"
    r"|[Uu]nsupported .*version|requires (?:Python|Node|Go|Rust)|GLIBC|rustup toolchain|is not installed"
)
_RED = pattern(
    r"AssertionError|error\[E\d+\]|error TS\d+|could not compile|\[build failed\]"
    r"|^\S+\.(?:c|cc|cpp|h|hpp|go|rs|java|kt|swift|py|pyi|ts|tsx|js|jsx|rb):\d+(?::\d+)?:? "
    r"|^\S+\.(?:ts|tsx)\(\d+,\d+\): error"
)
_CHECKERS = names(
    "pytest unittest jest vitest mocha tsc eslint ruff flake8 mypy pylint black isort pyright rubocop"
    " clippy shellcheck golangci-lint prettier stylelint rspec phpunit ctest tox nox"
)
_BEGINNING = pattern(
    r"errors? during collection|^_* ?ERROR collecting|Failed to import test module|Test suite failed to run"
    r"|\[setup failed\]|^ImportError while loading conftest|INTERNALERROR",
    8,
)
_USAGE = pattern(r"\A(?:ERROR: )?usage:|^ERROR: (?:file or directory )?not found", 10)
_NAMED = pattern(
    r"^(?:E\s+)?\s{0,4}(?:[\w.]*(?:Error|Exception|Interrupt|Exit|Warning)(?::|$)|Cannot find module\b)"
)
_FRAME = pattern(r"File \"([^\"]+)\", line \d+")
_LIBRARY = pattern(r"site-packages|dist-packages|/lib/python|^<|importlib")
