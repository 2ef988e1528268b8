"""The person's own editor, on a draft."""

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping

from loomkin.errors import LoomkinError

FALLBACKS = ("nano", "vim", "vi")


def editor_command(environ: Mapping[str, str]) -> list[str]:
    """The words that start the editor: $VISUAL, $EDITOR, or one that is there; raises LoomkinError."""
    for name in ("VISUAL", "EDITOR"):
        if environ.get(name, "").strip():
            try:
                return shlex.split(environ[name])
            except ValueError as error:
                raise LoomkinError(f"${name} cannot be read: {error}.", hint=f"Set {name}=nano.") from error
    for name in FALLBACKS:
        if shutil.which(name, path=environ.get("PATH")):
            return [name]
    raise LoomkinError("No editor was found.", hint="Set EDITOR to the one you want.")


def edit(draft: str, environ: Mapping[str, str]) -> str:
    """Open the editor on the terminal and wait; the text as it was left. Blocks; raises LoomkinError.

    An editor that ends with an error, as after `:cq`, leaves the draft as it was.
    """
    command = editor_command(environ)
    descriptor, path = tempfile.mkstemp(prefix="loomkin-", suffix=".md")
    try:
        with open(descriptor, "w", encoding="utf-8") as out:
            out.write(draft)
        code = subprocess.call([*command, path], env=dict(environ))
        if code != 0:
            return draft
        with open(path, encoding="utf-8", errors="replace") as back:
            return back.read().removesuffix("\n")
    except OSError as error:
        raise LoomkinError(
            f"{command[0]} cannot be started: {error.strerror}.", hint="Set EDITOR."
        ) from error
    finally:
        os.unlink(path)
