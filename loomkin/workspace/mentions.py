"""`@path` in a prompt: the file's text goes along with the words."""

from collections.abc import Callable
from errno import EACCES, EFBIG, EINVAL, ENOENT
from pathlib import Path

from loomkin.errors import NotFoundError
from loomkin.project.listing import list_tree
from loomkin.project.root import inside
from loomkin.project.secrets import is_secret_path
from loomkin.project.text import NotText, decode
from loomkin.project.workplace import Workplace
from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern

MOST_BYTES = 100_000
_PATH_LIKE = pattern(r"[/\s]|\.\w{1,8}$")
_MENTION = pattern(r"""(?:^|(?<=[\s(]))@(?:"([^"\n]+)"|([^\s"'`,;]+))""")


@dataclass(frozen=True, slots=True)
class Attached:
    """What goes along with a prompt, and what could not, a sentence each for the person."""

    text: str
    problems: tuple[str, ...] = ()


class Mentions:
    """Finds mentions and shows what they mean; a word that no file could be named by stays plain text."""

    def __init__(self, workplace: Workplace, cwd: Path, saw: Callable[[Path, str, str], None]) -> None:
        self._workplace = workplace
        self._cwd = cwd
        self._saw = saw

    def __call__(self, text: str) -> Attached:
        """The attachments of a prompt, which also tell the model what is missing."""
        found = dict.fromkeys(match[1] or match[2].rstrip(".:)?!") for match in _MENTION.finditer(text))
        texts: list[str] = []
        problems: list[str] = []
        for name in found:
            try:
                texts.append(self._attach(name))
            except NotFoundError as error:
                problems.append(error.message)
            except OSError as error:
                why = error.strerror or str(error)
                if isinstance(error, FileNotFoundError) and not _PATH_LIKE.search(name):
                    continue
                problems.append(f"@{name} was not put along: {why}.")
        missing = f"\n\n({' '.join(problems)})" if problems else ""
        return Attached("".join(texts) + missing, tuple(problems))

    def _attach(self, name: str) -> str:
        """The text of a file or folder; raises OSError with the reason where there is none to give."""
        path = self._workplace.resolve(self._cwd, name)
        if is_secret_path(path):
            raise PermissionError(EACCES, "by its name it may hold secrets")
        if not inside(path, self._workplace.roots):
            raise PermissionError(EACCES, "it lies outside the project (--add-dir adds a folder)")
        shown = self._workplace.shown(path)
        if path.is_dir():
            return f'\n\n<folder path="{shown}">\n{list_tree(path, depth=1)}\n</folder>'
        if not path.exists():
            raise FileNotFoundError(ENOENT, "there is no such file")
        if not path.is_file():
            raise OSError(EINVAL, "it is no regular file")
        if path.stat().st_size > MOST_BYTES:
            raise OSError(EFBIG, f"it is larger than {MOST_BYTES // 1000} kB; ask for the part that matters")
        decoded = decode(path.read_bytes())
        if isinstance(decoded, NotText):
            raise OSError(EINVAL, "it is binary")
        self._saw(path, decoded.sha, decoded.text)
        return f'\n\n<file path="{shown}" hash="{decoded.sha}">\n{decoded.text}\n</file>'
