"""Which folders the person trusts; the list is kept in their state folder, never in a repository."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from loomkin.config.paths import state_home
from loomkin.errors import StoreError


def is_trusted(root: Path, environ: Mapping[str, str]) -> bool:
    """Whether exactly this folder was trusted; one above or below it does not count."""
    return os.path.realpath(root) in _read(_file(environ))


def trust(root: Path, environ: Mapping[str, str]) -> None:
    """Remembers the folder; StoreError when the list cannot be written."""
    _write(_file(environ), _read(_file(environ)) | {os.path.realpath(root)})


def untrust(root: Path, environ: Mapping[str, str]) -> None:
    """Forgets the folder; StoreError when the list cannot be written."""
    before = _read(_file(environ))
    after = before - {os.path.realpath(root)}
    if after != before:
        _write(_file(environ), after)


def _file(environ: Mapping[str, str]) -> Path:
    return state_home(environ) / "trust.json"


def _read(path: Path) -> frozenset[str]:
    try:
        folders = json.loads(path.read_text(encoding="utf-8"))["folders"]
        return frozenset(folder for folder in folders if isinstance(folder, str))
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return frozenset()  # a list that cannot be read trusts nothing


def _write(path: Path, folders: frozenset[str]) -> None:
    spare = path.with_name(f"trust.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        spare.unlink(missing_ok=True)
        with open(os.open(spare, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            json.dump({"folders": sorted(folders)}, out, indent=2)
        os.replace(spare, path)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error}.", hint="Check the folder's owner.") from error
