"""The built-in set of commands that only look; nothing that runs project code is in it."""

import re
from collections.abc import Callable

from loomkin.permissions.git_reads import harden_git
from loomkin.permissions.simple import Command, Word, names
from loomkin.records.regex import pattern

_ANY = names(
    "ls cat head tail wc nl tac rev cut paste join comm diff cmp od strings stat du df md5sum sha1sum "
    "sha224sum "
    "sha256sum sha512sum b2sum cksum base64 basename dirname realpath readlink pwd sleep seq whoami id "
    "uname arch "
    "nproc which type tty locale ps free tr fold expand unexpand fmt column pr cd jq grep egrep fgrep "
    "hexdump "
    "true false : break continue exit return shift expr"
)
_TALK = names("echo true false : exit return")
_FORBIDDEN = {
    "sort": r"-[a-zA-Z]*[oTS].*|--o.*|--co.*|--t.*|--fi.*",
    "tree": r"-[a-zA-Z]*[oR].*|--o.*|--from.*",
    "file": r"-[a-zA-Z]*[Cmf].*|--co.*|--ma.*|--fi.*",
    "rg": r"--pre.*|--hostname-bin.*|-[a-zA-Z]*z.*|--search-zip",
    "date": r"-[a-zA-Z]*[sf].*|--s.*|--f.*|\d+",
    "uptime": r"(?!-)",
    "find": r"-(?:exec|execdir|ok|okdir|delete|fprint|fprint0|fprintf|fls)",
    "fd": r"-[a-zA-Z]*[xX].*|--exec.*",
    "diff": r"--to.*|--fr.*",
    "jq": r"-[a-zA-Z]*L.*|--library-path.*|.*\b(?:env|ENV|input_filename|import|include)\b.*",
    "wc": r"--f.*",
    "du": r"--f.*|-[a-zA-Z]*X.*|--exclude-.*",
    "strings": r"@.*",
    "hexdump": r"-[a-zA-Z]*f.*",
    "uniq": r"",
    "ps": r"-?[a-zA-Z]*e[a-zA-Z]*",
}
_EVALUATING = pattern(r"\$\(|`|\w\[")
_ARITHMETIC_TESTS = names("-eq -ne -lt -gt -le -ge -v")
_COPY_OPTION = pattern(r"-[finpuvT]+|-t|--|--(?:force|no-clobber|verbose|preserve(?:=.*)?|update(?:=.*)?)")
_COUNTS_INTO_A_VARIABLE = pattern(r"%[-+ #0-9.*'hjlLtqz]*n")
_LOWER = pattern(r"[a-z_][a-z0-9_]*")


def is_read_only(command: Command) -> bool:
    """Tell whether a simple command only looks, as far as its words go; files it opens are judged apart."""
    if not command.words or "/" in command.name:
        return not command.words
    rule = _RULES.get(command.name)
    words = command.words[1:]
    if rule is not None:
        return rule(words)
    if command.name not in _ANY and command.name not in _FORBIDDEN:
        return False
    if any(word.dynamic for word in words) and command.name not in _TALK:
        return False
    forbidden = _FORBIDDEN.get(command.name)
    return not forbidden or not any(re.fullmatch(forbidden, word.text, re.S) for word in words)


def is_plain_writer(command: Command) -> bool:
    """Tell whether a command does nothing but write the files among its words."""
    if command.name not in ("touch", "mkdir", "tee", "cp") or any(word.dynamic for word in command.words):
        return False
    # a link, or a folder with all that is in it, is more than the file that is named
    options = [text for text in command.texts if text.startswith("-")]
    return command.name != "cp" or all(map(_COPY_OPTION.fullmatch, options))


def _tests(words: tuple[Word, ...]) -> bool:
    """`test`, `[` and `[[`, where no operand can be evaluated as arithmetic."""
    texts = [word.text for word in words]
    if any(_EVALUATING.search(text) for word, text in zip(words, texts, strict=True) if not word.dynamic):
        return False
    return not _ARITHMETIC_TESTS.intersection(texts) or "]]" not in texts


def _single_test(words: tuple[Word, ...]) -> bool:
    return _tests(words) and "-v" not in {word.text for word in words}


def _printf(words: tuple[Word, ...]) -> bool:
    if not words or words[0].dynamic or words[0].text.startswith("-v"):
        return False
    return not any(_COUNTS_INTO_A_VARIABLE.search(word.text) for word in words[:2])


def _echo(words: tuple[Word, ...]) -> bool:
    return True


def _uniq(words: tuple[Word, ...]) -> bool:
    plain = [word for word in words if not word.text.startswith("-")]
    return len(plain) <= 1 and not any(word.dynamic for word in words)


def _git(words: tuple[Word, ...]) -> bool:
    if any(word.dynamic for word in words):
        return False
    return harden_git(["git", *(word.text for word in words)]) is not None


def _version(words: tuple[Word, ...]) -> bool:
    return [word.text for word in words] in (["--version"], ["-V"])


def _command(words: tuple[Word, ...]) -> bool:
    return len(words) == 2 and words[0].text == "-v" and not words[1].dynamic


def _set(words: tuple[Word, ...]) -> bool:
    return bool(words) and all(
        re.fullmatch(r"[-+][eux]*o?|pipefail|errexit|nounset", word.text) for word in words
    )


def _names(words: tuple[Word, ...]) -> bool:
    """`read`, `local`, `unset`: shell variables in lower case that no program looks at."""
    for word in words:
        if word.dynamic or not (word.text in ("-r", "-x", "-g", "-s") or is_quiet_name(word.text)):
            return False
    # without a name they print every variable, and so every secret in the environment
    return any(not word.text.startswith("-") for word in words)


def _wait(words: tuple[Word, ...]) -> bool:
    """`wait` without `-p`, whose variable may be an expression that runs something."""
    return all(word.text == "-n" or re.fullmatch(r"%?\d+", word.text) for word in words)


def _sed(words: tuple[Word, ...]) -> bool:
    texts = [word.text for word in words]
    if any(word.dynamic for word in words) or len(texts) < 2 or texts[0] != "-n":
        return False
    return re.fullmatch(r"(?:\d+|\$)(?:,(?:\d+|\$))?p", texts[1]) is not None and not any(
        text.startswith("-") for text in texts[2:]
    )


def _hostname(words: tuple[Word, ...]) -> bool:
    return not words


def is_quiet_name(name: str) -> bool:
    """Tell whether a shell variable of this name changes no program's behaviour."""
    loud = names("http_proxy https_proxy ftp_proxy all_proxy no_proxy path fpath cdpath manpath")
    return _LOWER.fullmatch(name) is not None and name not in loud


_RULES: dict[str, Callable[[tuple[Word, ...]], bool]] = {
    "git": _git,
    "[[": _tests,
    "[": _single_test,
    "test": _single_test,
    "printf": _printf,
    "echo": _echo,
    "uniq": _uniq,
    "command": _command,
    "set": _set,
    "sed": _sed,
    "wait": _wait,
    "hostname": _hostname,
    **dict.fromkeys(["read", "local", "export", "declare", "typeset", "readonly", "unset"], _names),
    **dict.fromkeys(["python", "python3", "node", "pip", "uv", "bash"], _version),
}
