"""Which files a simple command opens: its words where they are paths, and its redirections."""

import os.path
import re

from loomkin.permissions.file_table import (
    COPIERS,
    GIT_LISTERS,
    GIT_READERS,
    GIT_VALUED,
    SPECS,
    TALKERS,
    Files,
    Touch,
)
from loomkin.permissions.simple import Command, Word, names
from loomkin.project.secrets import is_secret_path
from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern

_EXCLUDED = pattern(r":(?:[!^]|\([^)]*exclude)")
_MAGIC = pattern(r"^:(?:\([^)]*\)|/)")


@dataclass(frozen=True, slots=True)
class FileUse:
    """One word that a command opens as a file; `shell` when the shell opens it, not the program."""

    word: Word
    touch: Touch
    shell: bool = False


_READ, _WRITE, _LIST = Touch.READ, Touch.WRITE, Touch.LIST


def file_uses(command: Command) -> tuple[FileUse, ...]:
    """Every file that the command is known to open, in the order of the words; redirections come last."""
    program, words = command.program, command.words[1:]
    if program == "git":
        uses = _git(words)
    elif program in COPIERS:
        uses = _copy(program, words)
    elif program in ("uniq", "xxd"):
        plain = [word for word in words if not word.text.startswith("-")]
        uses = [FileUse(word, _WRITE if at else _READ) for at, word in enumerate(plain)]
    elif program in ("find", "fd"):
        uses = _find(program, words)
    elif program in ("curl", "wget"):
        uses = _fetch(program, words)
    elif program in SPECS:
        uses = _listed(_spec(program, words), words)
        if program == "rg" and not uses and not command.fed:
            uses = [FileUse(Word(".", "."), Touch.READ)]
    else:
        uses = [] if program in TALKERS else _suspicious(words)
    if program not in TALKERS:
        uses = [*uses, *_attached_secrets(words)]
    return (*uses, *_redirected(command))


def opens_words(program: str) -> bool:
    """Tell whether the program's words are known to be files, so that an unknown word is an unknown file."""
    return program in SPECS or program in COPIERS or program in ("uniq", "xxd", "find", "fd")


def _redirected(command: Command) -> list[FileUse]:
    found = []
    for one in command.redirections:
        if one.reads:
            found.append(FileUse(one.target, _READ, True))
        if one.writes:
            found.append(FileUse(one.target, _WRITE, True))
    return found


def _spec(program: str, words: tuple[Word, ...]) -> Files:
    spec = SPECS[program]
    if program == "sed" and any(re.match(r"-[a-zA-Z]*i|--in-place", word.text) for word in words):
        return Files(_WRITE, spec.valued, spec.reading, spec.writing, spec.skip, spec.unless)
    return spec


def _listed(spec: Files, words: tuple[Word, ...]) -> list[FileUse]:
    found: list[FileUse] = []
    options = {word.text.split("=", 1)[0] for word in words}
    skip = 0 if options & spec.unless else spec.skip
    at, ended = 0, False
    while at < len(words):
        word = words[at]
        text = word.text
        at += 1
        if ended or text == "-" or not text.startswith("-") or word.dynamic:
            if skip:
                skip -= 1
            elif text != "-":
                found.append(FileUse(word, spec.touch))
        elif text == "--":
            ended = True
        else:
            touch = _READ if _is(text, spec.reading) else _WRITE if _is(text, spec.writing) else None
            if touch is not None and text in spec.reading | spec.writing and at < len(words):
                found.append(FileUse(words[at], touch))
            elif touch is not None:
                found.append(FileUse(_tail(word), touch))
            at += text in spec.valued or text in spec.reading | spec.writing
    return found


def _is(text: str, options: frozenset[str]) -> bool:
    return text.split("=", 1)[0] in options or (text[:2] in options and not text.startswith("--"))


def _tail(word: Word) -> Word:
    text = word.text.split("=", 1)[1] if word.text.startswith("--") and "=" in word.text else word.text[2:]
    return Word(text, text, word.dynamic)


def _copy(program: str, words: tuple[Word, ...]) -> list[FileUse]:
    source = _WRITE if program == "mv" else _READ
    plain: list[Word] = []
    target: Word | None = None
    at, ended = 0, False
    while at < len(words):
        word = words[at]
        at += 1
        if ended or word.dynamic or not word.text.startswith("-") or word.text == "-":
            plain.append(word)
        elif word.text == "--":
            ended = True
        elif word.text in ("-t", "--target-directory") and at < len(words):
            target, at = words[at], at + 1
        elif word.text.startswith("--target-directory=") or (
            word.text.startswith("-t") and program != "rsync"
        ):
            target = _tail(word)
        elif word.text in (
            "-m",
            "-o",
            "-g",
            "-S",
            "-e",
            "--exclude",
            "--include",
            "-i",
            "-P",
            "-F",
            "-c",
            "-l",
        ):
            at += program in ("install", "rsync", "scp")
    if target is None and len(plain) > 1:
        target = plain.pop()
    if program in ("rsync", "scp"):
        plain = [word for word in plain if not re.match(r"[^/]+:", word.text)]
        target = None if target is None or re.match(r"[^/]+:", target.text) else target
    uses = [FileUse(word, source) for word in plain]
    if target is not None:
        uses.append(FileUse(target, _WRITE))
        uses.extend(FileUse(_within(target, word), _WRITE) for word in plain)
    return uses


def _within(folder: Word, word: Word) -> Word:
    text = folder.text.rstrip("/") + "/" + word.text.rstrip("/").rsplit("/", 1)[-1]
    return Word(text, text, folder.dynamic or word.dynamic or bool(word.pattern), "")


def _find(program: str, words: tuple[Word, ...]) -> list[FileUse]:
    found: list[FileUse] = []
    starts = True
    for at, word in enumerate(words):
        if word.text.startswith(("-", "(", "!")) and not word.dynamic:
            starts = starts and word.text in ("-L", "-H", "-P")
            if word.text in ("-fprint", "-fprintf", "-fls", "-fprint0") and at + 1 < len(words):
                found.append(FileUse(words[at + 1], _WRITE))
            elif word.text in ("-newer", "-samefile", "-files0-from") and at + 1 < len(words):
                found.append(FileUse(words[at + 1], _READ))
        elif starts and program == "find":
            found.append(FileUse(word, _LIST))
    return found


def _fetch(program: str, words: tuple[Word, ...]) -> list[FileUse]:
    writing = names(
        "-o --output -D --dump-header -c --cookie-jar --trace -P --directory-prefix --output-document"
    )
    reading = names(
        "-T --upload-file -K --config -b --cookie --cacert -E --cert --key -i --post-file --body-file"
    )
    writing |= {"-O"} if program == "wget" else frozenset()
    reading -= {"-i"} if program == "curl" else frozenset()
    found = _suspicious(words)
    for at, word in enumerate(words):
        text = word.text
        if text in writing and at + 1 < len(words):
            found.append(FileUse(words[at + 1], _WRITE))
        elif text in reading and at + 1 < len(words):
            found.append(FileUse(words[at + 1], _READ))
        elif _is(text, writing) and text.startswith("-"):
            found.append(FileUse(_tail(word), _WRITE))
        elif program == "curl" and re.match(r"(?:[\w.-]*=)?@.", text):
            found.append(FileUse(Word(text.split("@", 1)[1], text), _READ))
    return [use for use in found if use.word.text not in ("-", "")]


def _attached_secrets(words: tuple[Word, ...]) -> list[FileUse]:
    """Secrets that stand in one word with an option, as in `-f.env`, or behind the `@` of a list of words."""
    found = []
    for word in words:
        text = word.text
        if text[:1] not in ("-", "@") or text.startswith(("--exclude", "--ignore=", "-e")):
            continue
        for one in (text[1:], text[2:], text.partition("=")[2]):
            if is_secret_path(one):
                found.append(FileUse(Word(one, word.source), _READ))
                break
    return found


def _git(words: tuple[Word, ...]) -> list[FileUse]:
    folder, at = "", 0
    found: list[FileUse] = []
    while at < len(words) and words[at].text.startswith("-"):
        if words[at].text in ("-C", "--git-dir", "--work-tree") and at + 1 < len(words):
            folder = os.path.join(folder, words[at + 1].text) if words[at].text == "-C" else folder
            found.append(FileUse(words[at + 1], _LIST))
        at += 2 if words[at].text in ("-C", "-c", "--git-dir", "--work-tree", "--namespace") else 1
    verb = words[at].text if at < len(words) else ""
    touch = _READ if verb in GIT_READERS else _LIST
    rest = list(words[at + 1 :])
    valued = GIT_VALUED.get(verb, frozenset())
    pattern = verb == "grep" and not any(word.text in ("-e", "-f") for word in rest)
    while rest:
        word = rest.pop(0)
        if word.text in ("-F", "--file", "-o", "--output") and rest:
            found.append(FileUse(rest.pop(0), _READ if word.text in ("-F", "--file") else _WRITE))
        elif word.text in valued and rest:
            rest.pop(0)
        elif word.text.startswith("--output="):
            found.append(FileUse(_tail(word), _WRITE))
        elif word.text.startswith("-"):
            continue
        elif pattern:
            pattern = False
        elif verb in GIT_READERS | GIT_LISTERS:
            text = "" if _EXCLUDED.match(word.text) else _MAGIC.sub("", word.text).rsplit(":", 1)[-1]
            text = f"{folder}/{text}" if folder and not text.startswith("/") else text
            if text:
                found.append(
                    FileUse(Word(text, word.source, word.dynamic, "" if folder else word.pattern), touch)
                )
    return found


def _suspicious(words: tuple[Word, ...]) -> list[FileUse]:
    """Words of a program that loomkin does not know, where they name a secret."""
    found = []
    for at, word in enumerate(words):
        code = at and words[at - 1].text in ("-c", "-e", "--eval", "-p", "-r")
        texts = re.findall(r"""['"]([^'"\s]+)['"]""", word.text) if code else re.split(r"[=:@,]", word.text)
        for text in dict.fromkeys([word.text, *texts]):
            if is_secret_path(text) and not re.search(r"[\s(]", text):
                found.append(FileUse(Word(text, word.source), _READ))
                break
        else:
            if word.pattern and not code:
                found.append(FileUse(word, _LIST))
    return found
