"""The nouns of shell analysis: words, assignments, redirections, simple commands."""

from loomkin.records.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a command; `text` is what the program gets, where that is known before the run.

    `dynamic` words hold expansions whose value is not known; their `text` shows them as written.
    `pattern` is set for words that the shell expands to file names: quoted characters are escaped in it.
    `end` is the byte offset behind the word in the command line, -1 where the word was not typed there.
    """

    text: str
    source: str
    dynamic: bool = False
    pattern: str = ""
    end: int = -1


@dataclass(frozen=True, slots=True)
class Assignment:
    """`NAME=value`, alone or before a command."""

    name: str
    source: str


@dataclass(frozen=True, slots=True)
class Redirection:
    """A file that the shell opens for a command."""

    target: Word
    writes: bool
    reads: bool


@dataclass(frozen=True, slots=True)
class Command:
    """A simple command: what runs, in what folders it may run, and what the shell opens for it.

    `places` are the folders that may be current, `lost` says that there may be others, and `fed` that
    something other than the terminal is its standard input.
    """

    words: tuple[Word, ...]
    places: tuple[str, ...]
    assignments: tuple[Assignment, ...] = ()
    redirections: tuple[Redirection, ...] = ()
    lost: bool = False
    fed: bool = False

    @property
    def name(self) -> str:
        """The program as typed, or nothing."""
        return self.words[0].text if self.words else ""

    @property
    def program(self) -> str:
        """The program's name without its folder."""
        return self.name.rsplit("/", 1)[-1]

    @property
    def texts(self) -> tuple[str, ...]:
        """All words, resolved."""
        return tuple(word.text for word in self.words)

    @property
    def source(self) -> str:
        """The command as typed, with single spaces between words and without redirections."""
        return " ".join([*(one.source for one in self.assignments), *(word.source for word in self.words)])


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A whole command line; `problem` says why it cannot be judged, and then `commands` may be incomplete."""

    source: str
    commands: tuple[Command, ...]
    problem: str = ""


def names(text: str) -> frozenset[str]:
    """Turn a line of words into a set."""
    return frozenset(text.split())
