"""Commands that always ask, because they destroy, publish, raise rights or run what was fetched."""

import re
from collections.abc import Sequence

from loomkin.permissions.simple import Command, Word, names
from loomkin.permissions.wrappers import SHELLS
from loomkin.records.regex import pattern

_PROGRAMS = {
    **dict.fromkeys(["rm", "rmdir", "unlink", "shred"], "deletes files"),
    "mv": "moves or overwrites files",
    "truncate": "empties files",
    **dict.fromkeys(["chmod", "chown", "chgrp", "setfacl"], "changes the rights of files"),
    **dict.fromkeys(["dd", "mkswap", "fdisk", "parted", "wipefs"], "writes to devices or over files"),
    **dict.fromkeys(["sudo", "doas", "su", "pkexec", "run0"], "runs with raised rights"),
    **dict.fromkeys(["shutdown", "reboot", "halt", "poweroff"], "stops the machine"),
    "crontab": "changes what runs later",
}
_GIT = {
    "push": "publishes commits",
    "reset": "throws changes away",
    "clean": "deletes untracked files",
    "restore": "throws changes away",
    "rebase": "rewrites commits",
    "filter-branch": "rewrites commits",
    "filter-repo": "rewrites commits",
    "rm": "deletes files",
    "mv": "moves files",
    "gc": "may delete unreachable commits",
    "prune": "deletes unreachable commits",
    "update-ref": "moves references",
    "send-email": "publishes commits",
}
_KNOWN_GIT = names(
    "add am annotate apply archive bisect blame branch bundle cat-file check-attr check-ignore "
    "checkout cherry "
    "cherry-pick clone commit config count-objects describe diff diff-files diff-index diff-tree "
    "difftool fetch "
    "for-each-ref format-patch fsck grep hash-object help init lfs log ls-files ls-remote ls-tree "
    "merge merge-base "
    "merge-file mergetool name-rev notes pull range-diff reflog remote rev-list rev-parse revert "
    "shortlog show show-ref "
    "sparse-checkout stash status submodule switch symbolic-ref tag update-index version whatchanged worktree"
)
_HARMLESS_SETTING = pattern(
    r"(?:user|color|advice|i18n|column)\.[\w.]+=|core\.quotepath=|init\.defaultbranch=", re.I
)
_FETCHERS = names("curl wget fetch aria2c http https xh lynx ftp nc ncat")
_INTERPRETERS = names(
    "python python2 python3 perl ruby node deno bun php lua tclsh osascript pwsh source . eval exec"
)
_TOOLS_OF_PYTHON = ("-m", "json.tool")


def danger(command: Command) -> str:
    """Why the command always asks, as the end of a sentence; empty when it does not."""
    program = command.program
    if program == "git":
        return _git_danger(command.words)
    if program == "find" and "-delete" in command.texts:
        return "deletes files"
    if program == "rsync" and any(text.startswith("--del") for text in command.texts):
        return "deletes files"
    if program.startswith("mkfs"):
        return "formats a device"
    return _PROGRAMS.get(program, "")


_HOOKED = ("commit", "merge", "am")


def _git_danger(words: tuple[Word, ...]) -> str:
    at = 1
    while at < len(words) and words[at].text.startswith("-"):
        option = words[at].text
        if option in ("-c", "--config-env") or option.startswith(("--config-env=", "--exec-path=")):
            value = words[at + 1].text if option == "-c" and at + 1 < len(words) else ""
            if not _HARMLESS_SETTING.match(value):
                return "changes settings with which git runs other programs"
        at += 2 if option in ("-C", "-c", "--git-dir", "--work-tree", "--namespace", "--config-env") else 1
    if at >= len(words):
        return ""
    if words[at].dynamic or any(word.dynamic for word in words[1:at]):
        return "does not show which git command it runs"
    verb, rest = words[at].text, [word.text for word in words[at + 1 :]]
    if verb in _GIT:
        return _GIT[verb]
    known = _verb_danger(verb, rest)
    return known if known or verb in _KNOWN_GIT else "may be an alias that runs anything"


def _has(rest: Sequence[str], letters: str, *longs: str) -> bool:
    for word in rest:
        if word == "--":
            return False
        if re.fullmatch(rf"-[a-zA-Z]*[{letters}][a-zA-Z]*", word):
            return True
        if len(word) > 2 and any(long.startswith(word.split("=", 1)[0]) for long in longs):
            return True
    return False


def _verb_danger(verb: str, rest: Sequence[str]) -> str:
    discards = "throws changes away"
    if verb == "checkout":
        plain = [word for word in rest if not word.startswith("-")]
        names_file = any(re.search(r"^\.|[*?]|\.\w{1,6}$", word) for word in plain)
        several = len(plain) > 1 and not _has(rest, "bBt", "--track", "--orphan")
        return (
            discards
            if "--" in rest or names_file or several or _has(rest, "fp", "--force", "--patch")
            else ""
        )
    if verb in _HOOKED and _has(rest, "n" if verb == "commit" else "\0", "--no-verify"):
        return "passes the repository's hooks by"
    first = rest[0] if rest else ""
    found = {
        "switch": _has(rest, "fC", "--force", "--discard-changes", "--force-create"),
        "stash": first in ("drop", "clear", "pop"),
        "branch": _has(rest, "DdMCf", "--delete", "--force", "--move"),
        "tag": _has(rest, "df", "--delete", "--force"),
        "worktree": first in ("remove", "prune"),
        "reflog": first in ("expire", "delete"),
        "remote": first in ("remove", "rm", "set-url"),
        "submodule": first in ("deinit", "foreach"),
        "bisect": first == "run",
        "difftool": True,
        "mergetool": True,
        "config": bool(rest) and not first.startswith(("--get", "--list", "-l", "get", "list")),
        "lfs": first in ("push", "prune"),
    }
    if not found.get(verb):
        return ""
    return (
        "may run other programs"
        if verb in ("difftool", "mergetool", "config", "submodule", "bisect")
        else discards
    )


def fetched_and_run(commands: Sequence[Command]) -> str:
    """Why the commands of one line together always ask: something fetched may reach an interpreter."""
    fetches = next((one.program for one in commands if one.program in _FETCHERS), "")
    if not fetches:
        return ""
    for one in commands:
        if one.texts[1:3] == _TOOLS_OF_PYTHON:
            continue
        runs = one.program in _INTERPRETERS or one.program in SHELLS or "/" in one.name
        if runs or (one.words and one.words[0].dynamic):
            return f"fetches with {fetches} and runs {one.source.split(' ', 1)[0]} in the same line"
    return ""


def is_fetcher(command: Command) -> bool:
    """Tell whether the command talks to the addresses among its words."""
    return command.program in _FETCHERS
