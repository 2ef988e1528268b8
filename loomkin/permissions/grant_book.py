"""Which grants the person gave on this machine: a file each in their state folder, never in a repository."""

import json
import os
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path

from loomkin.config.paths import state_home
from loomkin.errors import StoreError


class GrantBook:
    """The grants of one project by its real path; what only a project's database says is nobody's word.

    A database can come with a clone or a pull, so a grant in it counts only if it stands here too.
    """

    def __init__(self, root: Path, environ: Mapping[str, str]) -> None:
        self._root = os.path.realpath(root)
        self._folder = state_home(environ) / "grants"

    def add(self, rule: str, scope: str, session: str) -> None:
        """Write a grant down, as given in `session`; blocks. StoreError where it cannot be written."""
        path = self._path(rule, scope, session)
        said = {"project": self._root, "session": session, "scope": scope, "rule": rule}
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
                json.dump(said, out)
        except OSError as error:
            raise StoreError(
                f"{path} cannot be written: {error.strerror}.", hint="Check the folder's owner, and the disk."
            ) from error

    def has(self, rule: str, scope: str, session: str) -> bool:
        """Whether the person gave exactly this grant here; blocks for one look at the disk."""
        return self._path(rule, scope, session).is_file()

    def drop(self, rule: str, scope: str, session: str) -> None:
        """Take a grant out, if it is there; blocks. StoreError where that cannot be."""
        path = self._path(rule, scope, session)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(
                f"{path} cannot be removed: {error.strerror}.", hint="Check the folder's owner."
            ) from error

    def _path(self, rule: str, scope: str, session: str) -> Path:
        words = json.dumps([self._root, session, scope, rule])
        return self._folder / f"{blake2b(words.encode(), digest_size=16).hexdigest()}.json"
