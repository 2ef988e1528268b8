"""Reading with git so that the settings of a repository cannot run anything."""

import re
from collections.abc import Sequence

from loomkin.permissions.simple import names
from loomkin.records.regex import pattern

_SWITCHED_OFF = (
    ("core.fsmonitor", "false"),
    ("core.hooksPath", "/dev/null"),
    ("core.pager", "cat"),
    ("core.sshCommand", "false"),
    ("core.attributesFile", "/dev/null"),
    ("diff.external", ""),
    ("diff.submodule", "short"),
    ("log.diffMerges", "separate"),
    ("log.showSignature", "false"),
    ("gpg.program", "false"),
    ("gpg.ssh.program", "false"),
    ("gpg.x509.program", "false"),
    ("protocol.allow", "never"),
    ("protocol.ext.allow", "never"),
    ("protocol.file.allow", "never"),
    ("protocol.ssh.allow", "never"),
    ("protocol.git.allow", "never"),
    ("protocol.http.allow", "never"),
    ("protocol.https.allow", "never"),
)
_DIFFS = names("diff log show whatchanged reflog diff-tree diff-index diff-files")
_OTHERS = names(
    "status rev-parse rev-list ls-files ls-tree cat-file shortlog merge-base name-rev for-each-ref "
    "count-objects "
    "check-ignore check-attr show-ref describe cherry version blame annotate grep branch tag remote "
    "stash config "
    "worktree"
)
_FORBIDDEN = (
    *("--output", "--ext-diff", "--textconv", "--open-files-in-pager", "--show-signature", "--filters"),
    *("--edit-description", "--exec", "--upload-pack", "--paginate", "--batch-command", "--stdin"),
    *("--contents", "--ignore-revs-file", "--remerge-diff", "--diff-merges", "--submodule"),
)
_LISTING = {
    "branch": names(
        "-a -r -v -vv -l --list --all --remotes --verbose --show-current --contains --no-contains "
        "--merged "
                    "--no-merged --points-at --sort --format --color --no-color --column --no-column -i"),
    "tag": names(
        "-l --list -n --contains --no-contains --merged --no-merged --points-at --sort --format "
        "--column -i"),
}  # fmt: skip
_OPENING = names("-l --list --contains --no-contains --merged --no-merged --points-at")
_FIRST = {
    "remote": names("-v --verbose get-url"),
    "stash": names("list show"),
    "config": names("--get --get-all get"),
    "worktree": names("list"),
    "reflog": names("show"),
}

_PLAIN_LOG = pattern(
    r"-\d+|-n\d*|--max-count=\d+|--oneline|--all|--date=.*|--(?:format|pretty)=.*|--(?:no-)?abbrev.*"
)


def harden_git(argv: Sequence[str], filters: Sequence[str] = ()) -> list[str] | None:
    """The same reading git command with everything switched off that a repository's settings could run.

    `filters` are the names of the `filter.NAME` drivers that are configured; their clean, smudge and process
    commands are emptied. None when the command is no known read, or could run something all the same.
    Sources: git-config(1), gitattributes(5), githooks(7).
    """
    if not argv or argv[0] != "git":
        return None
    at, globals_ = 1, []
    while at < len(argv) and argv[at].startswith("-"):
        if argv[at] == "-C" and at + 1 < len(argv):
            globals_ += [argv[at], argv[at + 1]]
            at += 2
        elif argv[at] in ("--no-pager", "-P", "--no-optional-locks", "--literal-pathspecs"):
            at += 1
        else:
            return [*argv] if list(argv[1:]) == ["--version"] else None
    if at >= len(argv) or not _only_reads(argv[at], argv[at + 1 :]):
        return None
    verb, rest = argv[at], list(argv[at + 1 :])
    options = [*hardened_globals(filters), *globals_]
    return ["git", *options, verb, *hardened_options(verb, rest), *rest]


def hardened_globals(filters: Sequence[str] = ()) -> list[str]:
    """The words to put between `git` and its command."""
    words = ["--no-pager", "--no-optional-locks"]
    for key, value in _SWITCHED_OFF:
        words += ["-c", f"{key}={value}"]
    for name in filters:
        for key, value in (("clean", ""), ("smudge", ""), ("process", ""), ("required", "false")):
            words += ["-c", f"filter.{name}.{key}={value}"]
    return words


def hardened_options(verb: str, rest: Sequence[str]) -> list[str]:
    """The words to put behind a git command."""
    switches = ["--ignore-submodules=dirty"] if verb in ("status", "diff") else []
    if verb in _DIFFS and not (verb == "reflog" and rest and not rest[0].startswith("-")):
        return ["--no-ext-diff", "--no-textconv", *switches]
    return ["--no-textconv", *switches] if verb in ("blame", "annotate", "grep") else switches


def _only_reads(verb: str, rest: Sequence[str]) -> bool:
    if verb not in _DIFFS | _OTHERS:
        return False
    options = [word for word in rest[: _end(rest)] if word.startswith("-")]
    if any(_is_forbidden(verb, option) for option in options):
        return False
    if verb in _FIRST:
        return _first_word(verb, rest)
    if verb in _LISTING:
        names_ = {option.split("=", 1)[0] for option in options}
        plain = [word for word in rest if not word.startswith("-")]
        numbered = {name for name in names_ if verb == "tag" and re.fullmatch(r"-n\d+", name)}
        return names_ - numbered <= _LISTING[verb] and (not plain or bool(names_ & _OPENING))
    return True


def _end(rest: Sequence[str]) -> int:
    return list(rest).index("--") if "--" in rest else len(rest)


def _is_forbidden(verb: str, option: str) -> bool:
    name = option.split("=", 1)[0]
    if "%G" in option or (verb == "grep" and re.match(r"-[a-zA-Z]*O", option)):
        return True
    if verb in ("blame", "annotate") and option.startswith("-S"):
        return True
    if verb == "status" and re.fullmatch(r"-[a-z]*v[a-z]*|--v.*", option):
        return True
    return len(name) > 2 and any(long.startswith(name) for long in _FORBIDDEN)


def _first_word(verb: str, rest: Sequence[str]) -> bool:
    if not rest:
        return verb in ("remote", "reflog")
    if verb == "stash" and rest[0] == "show":
        return all(not word.startswith("-") for word in rest[1:]) and len(rest) <= 2
    # these take no switches behind their first word, so a patch could run a text converter
    plain = all(_PLAIN_LOG.fullmatch(word) for word in rest[1:] if word.startswith("-"))
    if verb in ("stash", "reflog") and not rest[0].startswith("-") and not plain:
        return False
    if verb == "reflog" and rest[0] not in ("show",):
        return not rest[0].islower() or rest[0] in ("-n",) or rest[0].startswith(("-", "head"))
    if verb == "remote" and rest[0] == "get-url":
        return len(rest) == 2
    if verb == "remote":
        return len(rest) == 1
    return rest[0] in _FIRST[verb]
