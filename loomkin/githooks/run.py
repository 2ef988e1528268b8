"""Runs one git hook within its time; whatever keeps it from its work lets git go on, unless it is strict."""

import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from loomkin.config.load import load
from loomkin.errors import LoomkinError, UsageError
from loomkin.githooks.hook import STOP, Call, Hook, HookError, Verdict
from loomkin.githooks.listing import module_of, names
from loomkin.project.root import Root, find_root
from loomkin.project.trust import is_trusted

AGAIN, TIMES = 0.2, 5
"""Seconds between signals once time is up, and after how many the process ends wherever it is."""


def run_hook(
    name: str, arguments: Sequence[str], cwd: Path, environ: Mapping[str, str], stdin: str = ""
) -> Verdict:
    """Run a hook; raises UsageError for one that there is not, and nothing else that a person can cause."""
    if name not in names():
        raise UsageError(f"There is no hook {name!r}.", hint=f"There are: {', '.join(names())}.")
    if environ.get("LOOMKIN_HOOKS") == "0":
        return Verdict()
    strict = False
    try:
        root = _root(cwd, environ)
        trusted = is_trusted(root.path, environ)
        loaded = load(root.path, environ, trusted=trusted)
        strict = loaded.settings.githooks.strict
        hook: Hook = module_of(name).HOOK
        if not hook.wanted(loaded):
            return Verdict()
        call = Call(name, tuple(arguments), root, environ, loaded, trusted, stdin)
        with limited(hook.limit(loaded.settings.githooks), name, strict):
            return hook.run(call)
    except LoomkinError as error:
        return Verdict((failed(name, error.message, strict),), strict)
    except OSError as error:
        return Verdict((failed(name, f"{error}.", strict),), strict)
    except Exception as error:
        if environ.get("LOOMKIN_DEBUG"):
            raise
        said = f"this is a defect in loomkin: {type(error).__name__}: {error}."
        return Verdict((failed(name, said, strict),), strict)


def failed(name: str, why: str, strict: bool) -> str:
    """The one line about a hook that could not do its work."""
    if strict:
        return f"{name}: {why} It stops git, as `githooks.strict` says."
    return f"{name}: {' '.join(why.split())} Passed over: git goes on."


@contextmanager
def limited(seconds: float, name: str, strict: bool) -> Iterator[None]:
    """Raise HookError here after so many seconds; end the process where nobody takes notice of that."""
    heard = 0
    words = f"no end after {seconds:g} s (`githooks.timeout`)."

    def ring(number: int, frame: FrameType | None) -> None:
        nonlocal heard
        heard += 1
        if heard > TIMES:
            sys.stderr.write(f"loomkin: {failed(name, words, strict)}\n")
            sys.stderr.flush()
            os._exit(STOP if strict else 0)
        raise HookError(words)

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _root(cwd: Path, environ: Mapping[str, str]) -> Root:
    """The work tree that git means: hooks are started in its top folder."""
    found = find_root(cwd)
    named = environ.get("GIT_DIR")
    if found.git_dir is None and named:
        git_dir = (cwd / named).resolve()
        return Root(cwd.resolve(), git_dir, git_dir)
    return found
