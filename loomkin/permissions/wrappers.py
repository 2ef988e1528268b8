"""Sees through commands that run other commands: timeout, env, sudo, xargs, find -exec, bash -c."""

import re
from itertools import takewhile

from loomkin.permissions.simple import Word, names
from loomkin.records.dataclass import dataclass

SHELLS = names("sh bash zsh dash ksh ash fish")
"""Programs whose `-c` argument is a command line."""


@dataclass(frozen=True, slots=True)
class Inner:
    """What a wrapper runs: words, or a command line as text.

    `own` says that the wrapper needs a permission of its own, `judged` that the inner command needs one;
    a denial of either always counts. `problem` says why the inner command is not known.
    """

    words: tuple[Word, ...] = ()
    text: str = ""
    own: bool = True
    judged: bool = True
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Shape:
    """How a wrapper's words are read: options with a value, flags, and words to skip before the command."""

    valued: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()
    skip: int = 0
    own: bool = False
    judged: bool = True


def _shape(
    valued: str = "", flags: str = "", skip: int = 0, own: bool = False, judged: bool = True
) -> _Shape:
    return _Shape(names(valued), names(flags), skip, own, judged)


_SUDO_VALUED = "-u --user -g --group -h --host -p --prompt -C -T -r -t -U"
_XARGS_VALUED = "-I -n -P -L -s -d -a -E --max-args --max-procs --delimiter --arg-file --max-lines --replace"
_SHAPES = {
    "timeout": _shape("-k --kill-after -s --signal", "--preserve-status --foreground -v --verbose", 1),
    "nice": _shape("-n --adjustment", "-0 -1 -5 -10 -15 -19"),
    "nohup": _shape(),
    "time": _shape("", "-p -v --verbose"),
    "stdbuf": _shape("-i -o -e --input --output --error"),
    "command": _shape("", "-p"),
    "builtin": _shape(),
    "noglob": _shape(),
    "exec": _shape("-a", "-c -l"),
    "setsid": _shape("", "-w -f -c --wait --fork"),
    "ionice": _shape("-c -n --class --classdata", "-t"),
    "sudo": _shape(_SUDO_VALUED, "-E -H -n -S -b -k -i -s -A -B -P --preserve-env --login --shell", own=True),
    "doas": _shape("-u -C", "-n -s", own=True),
    "pkexec": _shape("--user", "", own=True),
    "xargs": _shape(
        _XARGS_VALUED, "-0 -r -t -p -x -i --null --no-run-if-empty --verbose --interactive", own=True
    ),
    "strace": _shape("-e -o -s -p -u", "-f -ff -c -q -v -y -t -T", own=True),
    "unshare": _shape("", "-r -n -m -p -f -U -i -u --fork --map-root-user --net --mount --pid", own=True),
    "chroot": _shape("", "", 1, own=True),
    "busybox": _shape(own=True),
    "toybox": _shape(own=True),
    "taskset": _shape("", "-a -c --all-tasks --cpu-list", 1, own=True),
    "chrt": _shape("", "-b -f -i -o -r --batch --fifo --idle --other --rr", 1, own=True),
    "runuser": _shape("-u --user -g --group -G --supp-group", "", own=True),
    "npx": _shape("-p --package", "-y --yes --no", own=True, judged=False),
    "bunx": _shape("", "", own=True, judged=False),
}
_RUNNERS = names("uv poetry pipenv pdm hatch rye bundle pnpm")
_TEXT_SSH = names("-p -i -l -o -F -J -L -R -D -b -c -E -m -S -W -w")
_FLOCK_FLAGS = names("-e -F -n -o -s -u -x --close --exclusive --nb --no-fork --nonblock --shared --verbose")
_UNKNOWN = Inner(problem="runs a command that cannot be told from its words")


def inner_commands(words: tuple[Word, ...], fed: bool) -> tuple[Inner, ...]:
    """What the command runs besides itself; empty for a command that is no wrapper."""
    program = words[0].text.rsplit("/", 1)[-1] if words else ""
    if program in SHELLS:
        return _shell(words, fed)
    if program == "env":
        return _env(words)
    if program == "find":
        return _find(words)
    if program in ("eval", "trap", "watch", "ssh", "su", "flock", "script", "parallel", "coproc"):
        return _text(program, words)
    if program in ("source", ".") and fed and words[1:] and words[1].text in ("/dev/stdin", "-"):
        return (_UNKNOWN,)
    if program in _RUNNERS:
        return _runner(words)
    shape = _SHAPES.get(program)
    asks_only = program == "command" and len(words) > 1 and words[1].text in ("-v", "-V")
    return () if shape is None or asks_only else _shaped(program, words, shape)


def _shaped(program: str, words: tuple[Word, ...], shape: _Shape) -> tuple[Inner, ...]:
    at = _after_options(words, shape.valued, shape.flags)
    if at is None:
        return (_UNKNOWN,)
    if at + shape.skip > len(words) or any(word.dynamic for word in words[at : at + shape.skip]):
        return (_UNKNOWN,)
    rest = words[at + shape.skip :]
    if program == "sudo":
        while rest and re.match(r"\w+=", rest[0].text):
            rest = rest[1:]
    if program == "xargs" and rest:
        rest = (*_replaced(words[1:at], rest), Word("{}", "{}", dynamic=True))
    return (Inner(rest, own=shape.own, judged=shape.judged),) if rest else ()


def _replaced(options: tuple[Word, ...], words: tuple[Word, ...]) -> tuple[Word, ...]:
    """The words with those marked as unknown into which xargs puts what it reads."""
    marks = set()
    for at, one in enumerate(options):
        if one.text == "-I" and at + 1 < len(options):
            marks.add(options[at + 1].text)
        elif one.text.startswith(("-I", "-i", "--replace")):
            marks.add(
                one.text.removeprefix("--replace").removeprefix("=")[2 * (one.text[1] != "-") :] or "{}"
            )
    return tuple(
        Word(word.text, word.source, True) if any(mark in word.text for mark in marks) else word
        for word in words
    )


def _after_options(words: tuple[Word, ...], valued: frozenset[str], flags: frozenset[str]) -> int | None:
    at = 1
    while at < len(words):
        word = words[at]
        text = word.text
        if word.dynamic:
            return None
        if text == "--":
            return at + 1
        if not text.startswith("-") or text == "-":
            return at
        if text in valued:
            at += 2
        elif text in flags or text.split("=", 1)[0] in valued | flags or _attached(text, valued, flags):
            at += 1
        else:
            return None
    return at


def _attached(text: str, valued: frozenset[str], flags: frozenset[str]) -> bool:
    if text.startswith("--"):
        return False
    return text[:2] in valued or all(f"-{letter}" in flags for letter in text[1:])


def _shell(words: tuple[Word, ...], fed: bool) -> tuple[Inner, ...]:
    at = 1
    while at < len(words) and not words[at].dynamic:
        text = words[at].text
        if re.fullmatch(r"-[a-z]*c", text):
            if at + 1 >= len(words) or words[at + 1].dynamic or not re.fullmatch(r"-[elux]*c", text):
                return (_UNKNOWN,)
            return (Inner(text=words[at + 1].text, own=False),)
        if text in ("-o", "+o", "-euo", "-eo", "-uo"):
            at += 2
        elif text in ("-s", "-"):
            return (_UNKNOWN,)
        elif text in ("--version", "--help"):
            return ()
        elif re.fullmatch(r"[-+][elux]+|--norc|--noprofile|--posix|--", text):
            at += 1
        elif text.startswith("-"):
            return (_UNKNOWN,)
        else:
            return (_UNKNOWN,) if text.startswith(("/dev/", "/proc/")) else ()
    return (_UNKNOWN,) if fed or at < len(words) else ()


def _env(words: tuple[Word, ...]) -> tuple[Inner, ...]:
    for at, word in enumerate(words[1:], 1):
        text = word.text
        if text in ("-S", "--split-string") or text.startswith(("-S", "--split-string=")):
            rest = words[at + 1 :]
            if word.dynamic or any(one.dynamic for one in rest):
                return (_UNKNOWN,)
            own = text.split("=", 1)[1] if text.startswith("--split-string=") else text[2:]
            joined = " ".join(
                [own if text not in ("-S", "--split-string") else "", *(one.text for one in rest)]
            )
            return (Inner(text=joined.strip()),)
        if not text.startswith("-"):
            break
    start = _env_start(words)
    if start is None:
        return (_UNKNOWN,)
    at = start + len(env_assignments(words))
    return (Inner(words[at:], own=False),) if at < len(words) else ()


def _env_start(words: tuple[Word, ...]) -> int | None:
    """Where the assignments or the command of `env` begin, None where its options are not understood."""
    at = _after_options(words, names("-u --unset"), names("-i --ignore-environment -0 --null -v --debug"))
    return at if at is None else at + (at < len(words) and words[at].text == "-")


def env_assignments(words: tuple[Word, ...]) -> tuple[str, ...]:
    """The `NAME=value` words that `env`, `sudo` and the like put before a command, as typed."""
    program = words[0].text.rsplit("/", 1)[-1] if words else ""
    shape = _SHAPES.get(program)
    start = _env_start(words) if program == "env" else None
    if shape is not None:
        start = _after_options(words, shape.valued, shape.flags)
    rest = words[len(words) if start is None else start :]
    return tuple(word.source for word in takewhile(lambda word: re.match(r"\w+=", word.text), rest))


def _find(words: tuple[Word, ...]) -> tuple[Inner, ...]:
    found, at = [], 1
    while at < len(words):
        if words[at].text in ("-exec", "-execdir", "-ok", "-okdir"):
            end = at + 1
            while end < len(words) and words[end].text not in (";", "+"):
                end += 1
            inner = tuple(
                Word("{}", "{}", dynamic=True) if "{}" in word.text else word for word in words[at + 1 : end]
            )
            found.append(Inner(inner) if inner else _UNKNOWN)
            at = end
        elif words[at].dynamic:
            found.append(_UNKNOWN)
        at += 1
    return tuple(found)


def _text(program: str, words: tuple[Word, ...]) -> tuple[Inner, ...]:
    if any(word.dynamic for word in words[1:]) or program in ("parallel", "coproc"):
        return (_UNKNOWN,)
    texts = [word.text for word in words[1:]]
    if program == "eval":
        return (Inner(text=" ".join(texts), own=False),) if texts else ()
    if program == "trap":
        return (Inner(text=texts[0]),) if len(texts) > 1 and texts[0] not in ("-", "--") else ()
    if program in ("su", "script", "flock"):
        for flag in ("-c", "--command"):
            if flag in texts[:-1]:
                return (Inner(text=texts[texts.index(flag) + 1]),)
        if program != "flock":
            return (_UNKNOWN,)
        at = _after_options(words, names("-w --wait --timeout -E --conflict-exit-code"), _FLOCK_FLAGS)
        return (_UNKNOWN,) if at is None else (Inner(words[at + 1 :]),) if words[at + 1 :] else ()
    valued = _TEXT_SSH if program == "ssh" else names("-n --interval -q")
    flags = names("-t -T -v -A -a -N -n -q -4 -6 -C -f -x -X -Y -d -e -g -c -b -p --color --differences")
    at = _after_options(words, valued, flags)
    if at is None:
        return (_UNKNOWN,)
    rest = texts[at if program == "ssh" else at - 1 :]
    return (Inner(text=" ".join(rest)),) if rest else ()


def _runner(words: tuple[Word, ...]) -> tuple[Inner, ...]:
    program = words[0].text.rsplit("/", 1)[-1]
    verb = "exec" if program in ("bundle", "pnpm") else "run"
    for at, word in enumerate(words[1:], 1):
        if word.text == verb:
            rest = words[at + 1 :]
            while rest and rest[0].text.startswith("-"):
                rest = rest[1:]
            return (Inner(rest, judged=False),) if rest else ()
    return ()
