"""Runs one git hook within its time; whatever keeps it from its work lets git go on, unless it is strict."""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from types import FrameType

from loomkin.config.load import load
from loomkin.errors import LoomkinError, UsageError
from loomkin.githooks.hook import STOP, Call, Hook, HookError, Verdict
from loomkin.githooks.listing import module_of, names
from loomkin.project.root import Root, find_root
from loomkin.project.trust import is_trusted

GRACE = 1.0
"""Seconds from the end of its time until a hook is ended wherever it is."""


def run_hook(
    name: str,
    arguments: Sequence[str],
    cwd: Path,
    environ: Mapping[str, str],
    read: Callable[[], str] = str,
) -> Verdict:
    """Run a hook; raises UsageError for one that there is not, and nothing else that a person can cause.

    `read` is asked for what git wrote to standard input, where the hook gets something.
    """
    if name not in names():
        raise UsageError(f"There is no hook {name!r}.", hint=f"There are: {', '.join(names())}.")
    if environ.get("LOOMKIN_HOOKS") == "0":
        return Verdict()
    strict = False
    try:
        root = meant_root(cwd, environ)
        trusted = is_trusted(root.path, environ)
        loaded = load(root.path, environ, trusted=trusted)
        strict = loaded.settings.githooks.strict
        hook: Hook = module_of(name).HOOK
        if not hook.wanted(loaded):
            return Verdict()
        with limited(hook.limit(loaded.settings.githooks), name, strict):
            said = read() if hook.reads else ""
            return hook.run(Call(name, tuple(arguments), root, environ, loaded, trusted, said))
    except LoomkinError as error:
        return Verdict((failed(name, error.message, strict),), strict)
    except OSError as error:
        return Verdict((failed(name, f"{error}.", strict),), strict)
    except Exception as error:
        if environ.get("LOOMKIN_DEBUG"):
            raise
        defect = f"this is a defect in loomkin: {type(error).__name__}: {error}."
        return Verdict((failed(name, defect, strict),), strict)


def failed(name: str, why: str, strict: bool) -> str:
    """The one line about a hook that could not do its work."""
    if strict:
        return f"{name}: {why} It stops git, as `githooks.strict` says."
    return f"{name}: {' '.join(why.split())} Passed over: git goes on."


@contextmanager
def limited(seconds: float, name: str, strict: bool) -> Iterator[None]:
    """Raise HookError here after so many seconds; end the process soon after, where nobody hears that."""
    words = f"no end after {seconds:g} s (`githooks.timeout`)."

    def ring(number: int, frame: FrameType | None) -> None:
        raise HookError(words)

    def end() -> None:
        # a call that never comes back to Python hears no signal
        sys.stderr.write(f"loomkin: {failed(name, words, strict)}\n")
        sys.stderr.flush()
        os._exit(STOP if strict else 0)

    before = signal.signal(signal.SIGALRM, ring)
    watch = Timer(seconds + GRACE, end)
    watch.daemon = True
    watch.start()
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        watch.cancel()


def meant_root(cwd: Path, environ: Mapping[str, str]) -> Root:
    """The work tree that git means: hooks are started in its top folder, which `GIT_DIR` need not be in."""
    found = find_root(cwd)
    named = environ.get("GIT_DIR")
    if found.git_dir is None and named:
        git_dir = (cwd / named).resolve()
        return Root(cwd.resolve(), git_dir, git_dir)
    return found
