"""The file in which git keeps a commit's message while it is written: its text, git's comments, trailers."""

from collections.abc import Sequence
from pathlib import Path

from loomkin.githooks.hook import Git, HookError
from loomkin.project.commit_text import cleaned
from loomkin.records.dataclass import dataclass, replace
from loomkin.records.regex import pattern

_SIGNS = "#;@!$%^&|:"
_TRAILER = pattern(r"[A-Za-z][A-Za-z0-9-]*: \S|\(cherry picked from commit |[ \t]+\S")
_SCISSORS = "------------------------ >8 ------------------------"


@dataclass(frozen=True, slots=True)
class MessageFile:
    """The whole of it; `comment` is what git's own lines begin with."""

    path: Path
    whole: str
    comment: str

    @property
    def text(self) -> str:
        """What git would keep of it."""
        return cleaned(self.whole, self.comment)

    def begun(self, message: str) -> "MessageFile":
        """With a message before all that is there; no line of it is taken for a comment."""
        lines = [f" {line}" if line.startswith(self.comment) else line for line in message.split("\n")]
        apart = "" if self.whole.startswith("\n") else "\n"
        return replace(self, whole="\n".join(lines).rstrip() + "\n" + apart + self.whole)

    def ended(self, trailers: Sequence[str]) -> "MessageFile":
        """With trailers behind the text and before git's comments; none twice, nor a second helper."""
        lines = self.whole.split("\n")
        end = self._end(lines)
        present = {line.strip().lower() for line in lines[:end]}
        named = {line.partition(":")[0].strip().lower() for line in lines[:end]}
        fresh = [
            line
            for line in trailers
            if line.lower() not in present
            and not (line.startswith("Assisted-by:") and "assisted-by" in named)
        ]
        if not fresh or end == 0:
            return self
        apart = [] if self._ends_in_trailers(lines[:end]) else [""]
        # what follows keeps its distance
        return replace(self, whole="\n".join([*lines[:end], *apart, *fresh, *lines[end:]]))

    def _end(self, lines: Sequence[str]) -> int:
        """How many lines there are up to the last one of the text."""
        last = 0
        for number, line in enumerate(lines, 1):
            if line.startswith(self.comment):
                if _SCISSORS in line:
                    break
                continue
            if line.strip():
                last = number
        return last

    def _ends_in_trailers(self, lines: Sequence[str]) -> bool:
        """Whether the last paragraph, which is not the first, holds trailers alone."""
        own = [line for line in lines if not line.startswith(self.comment)]
        at = next((number for number in range(len(own) - 1, -1, -1) if not own[number].strip()), -1)
        return any(line.strip() for line in own[: max(at, 0)]) and all(map(_TRAILER.match, own[at + 1 :]))

    def save(self) -> None:
        """Write it back; raises HookError where that cannot be."""
        try:
            self.path.write_bytes(self.whole.encode("utf-8", "surrogateescape"))
        except OSError as error:
            raise HookError(f"{self.path} cannot be written: {error.strerror}.") from error


def read_message(path: Path, git: Git) -> MessageFile:
    """The file as it is; raises HookError where it cannot be read."""
    try:
        whole = path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise HookError(f"{path} cannot be read: {error.strerror}.") from error
    return MessageFile(path, whole, comment_sign(git, whole))


def comment_sign(git: Git, whole: str) -> str:
    """What git's own lines begin with; where git chose it itself, it is seen on the last line."""
    asked = git.text("config", "--get-regexp", r"^core\.comment(char|string)$", codes=(0, 1))
    values = [line.split(" ", 1)[1] for line in asked.splitlines() if " " in line]
    sign = values[-1] if values else "#"
    if sign != "auto":
        return sign or "#"
    last = next((line for line in reversed(whole.splitlines()) if line.strip()), "")
    return last[0] if last and last[0] in _SIGNS else "#"
