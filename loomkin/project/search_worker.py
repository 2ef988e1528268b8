"""A search in a process of its own, so that a pattern that never ends can be ended."""

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Sequence

from loomkin.project.problem import Problem
from loomkin.project.search_fallback import Hits, search_in_python
from loomkin.project.search_pattern import Pattern


def search_in_worker(
    pattern: Pattern, top: str, files: Sequence[str], limit: int, seconds: float
) -> Hits | Problem:
    """The same as `search_in_python`, ended after `seconds`."""
    if getattr(sys, "frozen", False):
        return Problem(
            "This pattern could run without end, and this build of loomkin cannot guard against that.",
            "Write it without repetitions inside repetitions, or install ripgrep (rg).",
        )
    request = json.dumps([dataclasses.asdict(pattern), os.path.abspath(top), list(files), limit])
    paths = os.pathsep.join(os.path.abspath(path) for path in sys.path if path)
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", __name__],
            input=request.encode(),
            capture_output=True,
            timeout=seconds,
            cwd="/",
            env={**os.environ, "PYTHONPATH": paths},
        )
    except subprocess.TimeoutExpired:
        return Problem(
            f"The search was stopped after {seconds:g} s: the pattern backtracks without end on some line.",
            "Write it without repetitions inside repetitions such as (a+)+, or narrow it with `path`.",
        )
    except OSError as error:
        return Problem(
            f"The search process could not be started: {error.strerror}.", "Write a simpler pattern."
        )
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().rsplit("\n", 1)[-1]
        return Problem(f"The search process failed: {reason}.", "Write a simpler pattern.")
    return Hits(**json.loads(done.stdout))


def main() -> None:
    """Answer the one request on standard input."""
    pattern, top, files, limit = json.loads(sys.stdin.buffer.read())
    hits = search_in_python(Pattern(**pattern), top, files, limit)
    sys.stdout.write(json.dumps(dataclasses.asdict(hits)))


if __name__ == "__main__":
    main()
