"""What is typed: a buffer with the project's history, where big pastes are chips."""

import contextlib
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import Completer
from prompt_toolkit.document import Document
from prompt_toolkit.history import History

from loomkin.records.regex import pattern

PASTE_LINES = 10
PASTE_CHARACTERS = 2000
KEPT_ENTRIES = 1000
LONGEST_ENTRY = 20_000
_CHIP = pattern(r"\[Pasted text #(\d+), \d+ lines?\]")


class ProjectHistory(History):
    """What was sent in this project, a JSON string a line in a file that only its owner reads."""

    def __init__(self, path: Path | None, clean: Callable[[str], str]) -> None:
        super().__init__()
        self._path = path
        self._clean = clean

    def load_history_strings(self) -> Iterable[str]:
        """The newest entries first, each of them once."""
        if self._path is None:
            return []
        try:
            lines = self._path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return []
        entries = [text for line in lines[-KEPT_ENTRIES * 2 :] if (text := _entry(line))]
        return list(dict.fromkeys(reversed(entries)))[:KEPT_ENTRIES]

    def store_string(self, string: str) -> None:
        """Add an entry; a disk that refuses costs the entry and nothing else."""
        if self._path is None or len(string) > LONGEST_ENTRY:
            return
        line = json.dumps(self._clean(string), ensure_ascii=True) + "\n"
        with contextlib.suppress(OSError):
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with open(descriptor, "w", encoding="utf-8") as out:
                out.write(line)


class PromptInput:
    """The input line; `take` gives its words with every chip replaced by what was pasted."""

    def __init__(self, history: History, completer: Completer) -> None:
        self._pastes: dict[int, str] = {}
        self._history = history
        self.buffer = Buffer(
            history=history, completer=completer, multiline=True, complete_while_typing=True, name="input"
        )

    @property
    def text(self) -> str:
        """The draft as it stands in the line."""
        return self.buffer.text

    @property
    def whole(self) -> str:
        """The draft with chips replaced by their text."""
        return _CHIP.sub(lambda chip: self._pastes.get(int(chip[1]), chip[0]), self.buffer.text)

    def paste(self, text: str) -> None:
        """Insert pasted text; a big one becomes a chip."""
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        lines = text.count("\n") + (not text.endswith("\n"))
        if lines <= PASTE_LINES and len(text) <= PASTE_CHARACTERS:
            self.buffer.insert_text(text)
            return
        number = len(self._pastes) + 1
        self._pastes[number] = text
        self.buffer.insert_text(f"[Pasted text #{number}, {lines} line{'s' if lines != 1 else ''}]")

    def rub_out(self) -> bool:
        """Delete the chip that the cursor is in or behind; False where there is none."""
        document = self.buffer.document
        for chip in _CHIP.finditer(document.text):
            if chip.start() < document.cursor_position <= chip.end() and int(chip[1]) in self._pastes:
                text = document.text[: chip.start()] + document.text[chip.end() :]
                self.buffer.document = Document(text, chip.start())
                return True
        return False

    def take(self) -> str:
        """The words, which are no longer in the line; they are remembered."""
        words = self.whole
        self.remember(words)
        self.buffer.reset()
        return words

    def remember(self, words: str) -> None:
        """Put words into the history, unless they came last."""
        strings = self._history.get_strings()
        if words.strip() and (not strings or strings[-1] != words):
            self._history.append_string(words)

    def give_back(self, text: str) -> None:
        """Put words before the draft; neither is lost."""
        draft = self.buffer.text
        joined = f"{text}\n{draft}" if draft else text
        self.buffer.document = Document(joined, len(joined))

    def replace(self, text: str) -> None:
        """Another draft in place of the present one."""
        self.buffer.document = Document(text, len(text))


def _entry(line: str) -> str:
    try:
        value = json.loads(line)
    except ValueError:
        return ""
    return value if isinstance(value, str) else ""
