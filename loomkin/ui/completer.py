"""Completion of `@path` and `/command`, found without keeping the keyboard waiting."""

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from pathlib import Path

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from loomkin.commands.command import Command
from loomkin.project.listing import list_files, shown_path
from loomkin.records.regex import pattern

MOST = 50
FRESH = 5.0
"""Seconds for which a listing is used again."""
_PATH = pattern(r"(?:^|(?<=[\s(]))@(\"?)([^\s\"]*)$")
_KEEPER = pattern(r"k\d*$")
_NEEDS_QUOTES = pattern(r"[\s\"'`,;]")


class WordCompleter(Completer):
    """Offers files and keepers after `@`, agents too as its first sign, commands after `/` at the start."""

    def __init__(self, cwd: Path) -> None:
        self._cwd = cwd
        self._files: tuple[str, ...] = ()
        self._listed = -FRESH
        self._commands: Mapping[str, Command] = {}
        self._choices: Callable[[Command], tuple[str, ...]] = lambda command: ()
        self._agents: Callable[[], tuple[str, ...]] = lambda: ()
        self._keepers: Callable[[], Sequence[tuple[str, str]]] = lambda: ()

    def know(
        self,
        commands: Mapping[str, Command],
        choices: Callable[[Command], tuple[str, ...]],
        agents: Callable[[], tuple[str, ...]],
        keepers: Callable[[], Sequence[tuple[str, str]]],
    ) -> None:
        """Offer these commands, what `choices` says for their arguments, agents, and keepers with titles."""
        self._commands, self._choices = commands, choices
        self._agents, self._keepers = agents, keepers

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """Completions of a command; files come from `get_completions_async` alone."""
        text = document.text_before_cursor
        if text.startswith("/") and "\n" not in text:
            yield from self._command(text[1:])

    async def get_completions_async(
        self, document: Document, complete_event: CompleteEvent
    ) -> AsyncGenerator[Completion, None]:
        """Completions of a path or a command."""
        found = _PATH.search(document.text_before_cursor)
        if found is None:
            for completion in self.get_completions(document, complete_event):
                yield completion
            return
        if time.monotonic() - self._listed > FRESH:
            self._files = await asyncio.to_thread(self._list)
            self._listed = time.monotonic()
        word = found[2]
        if document.text_before_cursor.startswith("@") and " " not in document.text_before_cursor:
            for name in self._agents():
                if name.startswith(word):
                    yield Completion(f"{name} ", -len(word), display=f"@{name}", display_meta="agent")
        for name, title in self._keepers() if _KEEPER.match(word) else ():
            if name.startswith(word):
                yield Completion(name, -len(word), display=f"@{name}", display_meta=title)
        for path in await asyncio.to_thread(rank, self._files, word):
            text = f'"{path}"' if found[1] or _NEEDS_QUOTES.search(path) else path
            yield Completion(text, -len(word) - len(found[1]), display=path)

    def _command(self, words: str) -> Iterable[Completion]:
        name, space, argument = words.partition(" ")
        if not space:
            named = [command for key, command in self._commands.items() if key.startswith(name)]
            others = [command for command in self._commands.values() if command not in named]
            also = [one for one in others if name and any(alias.startswith(name) for alias in one.aliases)]
            for command in (*named, *also):
                yield Completion(
                    command.name, -len(name), display=f"/{command.name}", display_meta=command.summary
                )
            return
        known = self._commands.get(name)
        for choice in self._choices(known) if known else ():
            if choice.startswith(argument):
                yield Completion(choice, -len(argument))

    def _list(self) -> tuple[str, ...]:
        return tuple(path for path in list_files(self._cwd).files if shown_path(path) == path)


def rank(files: Sequence[str], word: str) -> list[str]:
    """Files whose path holds the letters of `word` in order, the likeliest first.

    The name's beginning counts most, then the word anywhere in the name, in the path, then scattered letters.
    """
    wanted = word.lower()
    if not wanted:
        return sorted(files, key=lambda path: (path.count("/"), path))[:MOST]
    scattered = re.compile(".*?".join(map(re.escape, wanted)))
    found = []
    for path in files:
        low = path.lower()
        name = low.rpartition("/")[2]
        if low.startswith(wanted) or name.startswith(wanted):
            place = 0
        elif wanted in name:
            place = 1
        elif wanted in low:
            place = 2
        elif scattered.search(low):
            place = 3
        else:
            continue
        found.append((place, len(path), path))
    return [path for _, _, path in sorted(found)[:MOST]]
