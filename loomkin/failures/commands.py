"""Command lines as far as failures need them: what they run, what they mean to do, when two are the same."""

import os
import shlex
from collections.abc import Iterator

from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern


def names(text: str) -> frozenset[str]:
    """Turn a line of words into a set."""
    return frozenset(text.split())


LONGEST, TAIL = 4000, 200
"""Characters of a command line in which programs are looked for, and what only shortens its output."""
_OPERATORS = frozenset(("&&", "||", ";", "|", "&", "|&", "(", ")", "{", "}", "!", "\n"))
_SHOWN_ONLY = pattern(r"(?:\s*(?:2>&1|&>/dev/stdout))?(?:\s*\|\s*(?:tail|head|cat|tee|less)\b[^|;&]*)*\s*$")
_INTO = pattern(r"^\s*cd\s+(?P<folder>'[^']+'|\"[^\"]+\"|[^\s;&|$`*]+)\s*&&\s*(?P<rest>.+)$", 16)
_ASSIGNED = pattern(r"[A-Za-z_]\w*=.*", 16)
_PYTHON = pattern(r"(?:python|pypy)[\d.]*")
_PIPE = pattern(r"(?<!\|)\|(?!\|)")
_WRAPPERS = {
    "sudo": "ugh", "env": "uS", "time": "", "nice": "n", "nohup": "", "timeout": "ks",
    "stdbuf": "", "command": "", "exec": "", "npx": "p", "bunx": "", "xvfb-run": "", "setsid": "",
    "ionice": "c",
}  # fmt: skip
_RUNNERS = {"uv": "run", "poetry": "run", "pipenv": "run", "bundle": "exec", "pdm": "run", "hatch": "run",
            "rye": "run", "pnpm": "exec", "conda": "run"}  # fmt: skip
_SAME = {"pip3": "pip", "nodejs": "node", "yarn": "npm", "pnpm": "npm", "bun": "npm",
         "docker-compose": "docker", "gmake": "make", "bash": "sh", "zsh": "sh",
         "py.test": "pytest", "python2": "python"}  # fmt: skip
_ORDERS = names(
    "git npm cargo go docker kubectl pip poetry uv make terraform gh brew apt apt-get systemctl conda"
    " bundle rails mvn gradle gradlew dotnet helm aws gcloud just task rustup flask django-admin alembic"
    " prisma"
)
_INTERPRETERS = names("python node ruby sh perl php deno lua Rscript java")
_LOOKING = names(
    "ls cat head tail stat file which whereis type command hash test [ [[ find wc readlink realpath pgrep"
    " ps lsof grep egrep fgrep zgrep rg ag fd diff cmp echo printf pwd cd true false : env printenv tree"
    " du df date sort uniq cut awk sed tr jq less more xxd od id whoami uname sleep read export set unset"
    " curl wget ping nc ss netstat dig host kill wait jobs dirname basename if then else fi for do done"
    " while"
)
_GIT_LOOKS = names(
    "rev-parse show-ref ls-files check-ignore merge-base diff grep cat-file config log show blame status"
    " rev-list name-rev describe ls-remote ls-tree branch tag remote shortlog reflog"
)
_TIDIES = names("git rm mv cp mkdir rmdir touch chmod chown ln install")
"""What puts files about, whatever else was to be done with them."""
_ASKS = frozenset(("--version", "--help", "-h", "-V", "help", "version"))
_INLINE = frozenset(("-c", "-e", "-"))


@dataclass(frozen=True, slots=True)
class Run:
    """One program of a command line, without what wraps it: its name, its order or script, its words."""

    program: str
    order: str
    words: tuple[str, ...]

    @property
    def looks(self) -> bool:
        """Whether it only looks: that nothing is there is an answer then."""
        return self.program in _LOOKING or (self.program == "git" and self.order in _GIT_LOOKS)

    @property
    def asks(self) -> bool:
        """Whether it only says what it is."""
        return bool(_ASKS.intersection(self.words))

    def like(self, other: "Run") -> bool:
        """Whether both mean to do the same thing, perhaps in another way."""
        if self.program != other.program or self.order in _INLINE:
            return False
        return self.order == other.order or self.order in other.words or other.order in self.words


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A command line: `key` is the same for all ways of typing it, `runs` are its programs in order."""

    text: str
    key: str
    runs: tuple[Run, ...]
    piped: bool

    @property
    def looks(self) -> bool:
        """Whether all of it only looks."""
        return all(run.looks or run.asks for run in self.runs)

    def like(self, other: "CommandLine") -> bool:
        """Whether both mean to do the same thing."""
        mine, theirs = self._working(), other._working()
        return any(one.like(two) for one in mine for two in theirs)

    def replaces(self, other: "CommandLine", missing: str) -> bool:
        """Whether it does with another program what one that is not there was to do.

        What only looks stands in for nothing but what only looked, what puts files about for nothing.
        """
        lost = [run for run in other.runs if run.program == missing or missing.endswith(f"/{run.program}")]
        wanted = {word for run in lost for word in run.words if not word.startswith("-")}
        only_looked = all(run.looks for run in lost)
        able = [run for run in self.runs if only_looked or not (run.looks or run.program in _TIDIES)]
        return any(wanted.intersection(run.words) for run in able)

    @property
    def intent(self) -> str:
        """The program and order that it is about, in a word or two."""
        working = self._working() or self.runs
        return f"{working[-1].program} {working[-1].order}".strip() if working else ""

    def _working(self) -> list[Run]:
        return [run for run in self.runs if not run.looks and not run.asks]


def read(text: str, folder: str) -> CommandLine:
    """What a command line does that is run in `folder`, as the repository calls it."""
    bare = text.strip()
    while found := _INTO.match(bare):
        folder = os.path.normpath(os.path.join(folder, found["folder"].strip("'\"")))
        bare = found["rest"].strip()
    bare = bare[:-TAIL] + _SHOWN_ONLY.sub("", bare[-TAIL:])
    lines = (" ".join(line.split()) for line in bare.splitlines())
    key = "\n".join(line for line in lines if line)
    return CommandLine(text, f"{folder}$ {key}", tuple(_runs(bare[:LONGEST])), bool(_PIPE.search(text)))


def _runs(text: str) -> Iterator[Run]:
    for words in _parts(text):
        run = _run(words)
        if run is not None:
            yield run


def _parts(text: str) -> Iterator[list[str]]:
    """The words of each simple command; what cannot be read is one command of its blanks' words."""
    try:
        # not posix: quotes stay on the words, so a quoted | is no operator
        lexer = shlex.shlex(text.replace("\n", " ; "), posix=False, punctuation_chars=True)
        lexer.whitespace_split = True
        words = list(lexer)
    except ValueError:
        words = text.split()
    current: list[str] = []
    for word in [*words, ";"]:
        if word not in _OPERATORS:
            current.append(word)
        elif current:
            yield current
            current = []


def _run(words: list[str]) -> Run | None:
    """The program that the words come down to, None where there is only an assignment."""
    for _ in range(6):
        while words and _ASSIGNED.fullmatch(words[0]):
            words = words[1:]
        if not words:
            return None
        program = words[0].rsplit("/", 1)[-1]
        inner = _unwrapped(program, words)
        if inner is None:
            break
        words = inner
    program = "python" if _PYTHON.fullmatch(program) else _SAME.get(program, program)
    rest = [word.strip("'\"") for word in words[1:]]
    if program == "npm" and rest[:1] == ["run"]:
        rest = rest[1:]
    if program == "docker" and rest[:1] == ["compose"]:
        rest = rest[1:]
    return Run(program, _order(program, rest), tuple(rest))


def _unwrapped(program: str, words: list[str]) -> list[str] | None:
    """The command inside one that only runs another, else None."""
    rest = words[1:]
    if _RUNNERS.get(program) == (rest[0] if rest else None) and len(rest) > 1:
        return rest[1:]
    if _PYTHON.fullmatch(program) and rest[:1] == ["-m"] and len(rest) > 1:
        return rest[1:]
    if program not in _WRAPPERS:
        return None
    while rest and rest[0].startswith("-"):
        takes = len(rest[0]) == 2 and rest[0][1] in _WRAPPERS[program]
        rest = rest[2:] if takes else rest[1:]
    if program == "timeout" and rest:
        rest = rest[1:]
    return rest or None


def _order(program: str, words: list[str]) -> str:
    if program in _INTERPRETERS:
        return next((word for word in words if word in _INLINE or not word.startswith("-")), "-")
    if program in _ORDERS:
        return next((word for word in words if not word.startswith("-")), "")
    return ""
