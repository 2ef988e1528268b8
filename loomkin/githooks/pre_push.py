"""pre-push: runs the project's own tests before commits leave the machine, where the person asks for that."""

import os
import signal
import subprocess
from contextlib import suppress

from loomkin.githooks.hook import Call, Hook, HookError, Verdict
from loomkin.project.git_safety import git_environment
from loomkin.project.profile import find_profile
from loomkin.records.regex import pattern

MOST = 30
"""Lines of a failure that are shown."""
MORE = 5.0
"""Seconds beyond the tests' own time until the whole hook ends."""
_NOTHING = pattern(r"0+")


def run(call: Call) -> Verdict:
    """Whether the tests pass; a push that only deletes needs none."""
    if not _brings_commits(call):
        return Verdict()
    if not call.trusted:
        return Verdict(("pre-push: no tests: this folder is not trusted (`loomkin trust`).",))
    command = find_profile(call.root.path).command("Test")
    if not command:
        return Verdict(("pre-push: no tests: none are known; LOOMKIN.md can say `- Test: \\`command\\``.",))
    code, output = _ran(call, command)
    if code == 0:
        return Verdict((f"pre-push: `{command}` passes.",))
    tail = [line for line in output.splitlines() if line.strip()][-MOST:]
    lines = (
        f"pre-push: `{command}` fails (exit {code}):",
        *(f"  {one}" for one in tail),
    )
    return Verdict((*lines, "pre-push: nothing was pushed; `git push --no-verify` would do it."), True)


def _brings_commits(call: Call) -> bool:
    """Whether a line of git's, `local-ref commit remote-ref commit`, names a commit to be pushed."""
    rows = [line.split() for line in call.stdin.splitlines()]
    if not rows:
        # the pre-commit framework reads the lines itself and names the commit
        return bool(call.environ.get("PRE_COMMIT_TO_REF") or call.environ.get("PRE_COMMIT_REMOTE_NAME"))
    return any(len(row) == 4 and not _NOTHING.fullmatch(row[1]) for row in rows)


def _ran(call: Call, command: str) -> tuple[int, str]:
    """How the command ended and what it printed; all its processes are ended when time is up."""
    # tests that use git must not meet the repository that is being pushed
    environ = git_environment(base=call.environ)
    seconds = call.settings.test_timeout
    with subprocess.Popen(
        ["sh", "-c", command], cwd=call.root.path, env=environ, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            output, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise HookError(f"`{command}` did not end in {seconds:g} s (`githooks.test_timeout`).") from None
        finally:
            if process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
    return process.returncode, output.decode("utf-8", "replace")


HOOK = Hook(
    "pre-push",
    "runs the project's tests",
    lambda loaded: loaded.settings.githooks.tests,
    "`githooks.tests` is off",
    run,
    reads=True,
    limit=lambda settings: settings.test_timeout + MORE,
)
