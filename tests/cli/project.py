"""A repository on disk, and the command line run in it."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from loomkin.cli.main import run
from loomkin.project.root import ensure_state_dir
from loomkin.store.database import FILE_NAME, Database


@dataclass(frozen=True, slots=True)
class Result:
    """What a command line gave back."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its stdout, read."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        """Its stdout in lines."""
        return self.out.splitlines()


def loomkin(*words: object) -> Result:
    """Run `loomkin WORDS` in this process."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run([str(word) for word in words])
    assert "defect" not in err.getvalue(), err.getvalue()
    return Result(code, out.getvalue(), err.getvalue())


def repository(path: Path) -> Path:
    """A new git repository."""
    path.mkdir(exist_ok=True)
    subprocess.run(["git", "init", "-q", str(path)], check=True, capture_output=True)
    return path


@contextmanager
def database(root: Path) -> Iterator[Database]:
    """The repository's database, made if need be."""
    opened = Database(ensure_state_dir(root) / FILE_NAME)
    try:
        yield opened
    finally:
        opened.close()
