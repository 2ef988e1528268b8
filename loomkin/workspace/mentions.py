"""`@path` in a prompt: the file's text goes along with the words."""

from collections.abc import Callable
from pathlib import Path

from loomkin.project.listing import list_tree
from loomkin.project.root import inside
from loomkin.project.secrets import is_secret_path
from loomkin.project.text import NotText, decode
from loomkin.project.workplace import Workplace
from loomkin.records.regex import pattern

MOST_BYTES = 100_000
_MENTION = pattern(r"""(?:^|(?<=[\s(]))@(?:"([^"\n]+)"|([^\s"'`,;]+))""")


class Mentions:
    """Finds mentions and shows what they mean; what is no file stays plain text."""

    def __init__(self, workplace: Workplace, cwd: Path, saw: Callable[[Path, str], None]) -> None:
        self._workplace = workplace
        self._cwd = cwd
        self._saw = saw

    def __call__(self, text: str) -> str:
        """The attachments of a prompt, or nothing."""
        found = dict.fromkeys(match[1] or match[2].rstrip(".:)?!") for match in _MENTION.finditer(text))
        return "".join(self._attach(name) for name in found)

    def _attach(self, name: str) -> str:
        path = self._workplace.resolve(self._cwd, name)
        if is_secret_path(path) or not inside(path, self._workplace.roots):
            return ""
        shown = self._workplace.shown(path)
        try:
            if path.is_dir():
                return f'\n\n<folder path="{shown}">\n{list_tree(path, depth=1)}\n</folder>'
            if not path.is_file() or path.stat().st_size > MOST_BYTES:
                return ""
            decoded = decode(path.read_bytes())
        except OSError:
            return ""
        if isinstance(decoded, NotText):
            return ""
        self._saw(path, decoded.sha)
        return f'\n\n<file path="{shown}" hash="{decoded.sha}">\n{decoded.text}\n</file>'
