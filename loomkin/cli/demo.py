"""`loomkin demo`: the whole job on a sample repository, offline, with recorded model answers."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from loomkin.cli.ask_run import Run, Shape, one
from loomkin.cli.place import single
from loomkin.errors import LoomkinError, UsageError
from loomkin.project.environment import child_environment
from loomkin.ui.plain import Detail
from loomkin.ui.terminal import Writer, hold_standard_streams
from loomkin.workspace.options import Options

app = single("Watch an agent find the bug behind a failing test, mend it, run the tests and report.")

PROMPT = "A test fails. Find out why, mend it and run the tests."
ALLOWED = "shell(python3 -m unittest *)"
TESTS = ("python3", "-m", "unittest")
ABOUT = """\
loomkin demo: no model and no network are used.
  Recorded: the model's answers, written for this demo and the same in every one.
  Real: the files, the searching and editing, the permission checks, the test runs, the session on disk.
"""


@app.command()
def demo(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="A new or empty folder for the sample; else a temporary one."),
    ] = None,
) -> int:
    """Watch an agent find the bug behind a failing test, mend it, run the tests and report."""
    hold_standard_streams()
    environ = _environment()
    place = (
        folder.expanduser() if folder else Path(tempfile.mkdtemp(prefix="loomkin-demo-"), "shop")
    ).absolute()
    make_sample(place, environ)
    _tell(f"{ABOUT}\nThe sample repository is {place}. Its tests, before:\n")
    _show(place, environ, *TESTS)
    _tell(
        f'\n$ loomkin ask -v --permission-mode edits \\\n    --allowed-tools "{ALLOWED}" \\\n    "{PROMPT}"'
    )
    with resources.as_file(resources.files("loomkin").joinpath("demo", "answers.cassette")) as answers:
        code = asyncio.run(_run(_options(place, environ, answers)))
    if code:
        return code
    _tell("\nWhat it changed, and the tests afterwards:\n")
    _show(place, environ, "git", "diff")
    failed = _show(place, environ, *TESTS)
    own = "loomkin" if shutil.which("loomkin") else Path(sys.argv[0]).absolute()
    _tell(
        f"\nLook around in the sample repository:\n  cd {place}\n"
        f"  {own} sessions list\n  {own} audit\n"
        f'In your own repository, with a model:\n  {own} ask "fix the failing test"'
    )
    return 1 if failed else 0


def make_sample(place: Path, environ: Mapping[str, str]) -> None:
    """Write the sample repository and commit it; raises UsageError where the folder holds something."""
    try:
        place.mkdir(parents=True, exist_ok=True)
        if any(place.iterdir()):
            raise UsageError(f"{place} is not empty.", hint="Name a new folder, or none for a temporary one.")
        for entry in resources.files("loomkin").joinpath("demo", "sample").iterdir():
            text = entry.read_text(encoding="utf-8")
            (place / entry.name.removesuffix(".txt")).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"Cannot write the sample to {place}: {error.strerror}.") from error
    plain = ["-c", "user.name=Demo", "-c", "user.email=demo@example.org", "-c", "commit.gpgsign=false"]
    plain += ["-c", "core.hooksPath=/dev/null", "-c", "init.defaultBranch=main", "-c", "core.autocrlf=false"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "A small shop"]):
        done = subprocess.run(
            ["git", *plain, *words], cwd=place, env=environ, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise LoomkinError(f"git {words[0]} failed in {place}: {done.stderr.strip()}")


async def _run(options: Options) -> int:
    run = Run(Shape(detail=Detail.ACTIVITY), Writer(1), Writer(1))
    return await run(options, lambda opened: one(PROMPT), several=False)


def _options(place: Path, environ: Mapping[str, str], answers: Path) -> Options:
    """A run of the recorded answers: another Python's traceback may differ from the recording's."""
    return Options(
        cwd=place,
        environ=environ,
        flags={"permissions.mode": "edits", "permissions.allow": [ALLOWED], "model.default": ""},
        replay=answers,
        strict_replay=False,
        bare=True,
        trust=True,
    )


def _environment() -> dict[str, str]:
    """What the sample's commands run in: `python3` is found, no keys, no compiled files left behind."""
    environ = {**child_environment(), "PYTHONDONTWRITEBYTECODE": "1"}
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        environ.pop(name, None)
    if shutil.which("git") is None:
        raise LoomkinError("The demo needs git, and there is none.", hint="Install git.")
    if shutil.which("python3") is None:
        own = Path(sys.executable).with_name("python3")
        if getattr(sys, "frozen", False) or not own.exists():
            raise LoomkinError("The sample's tests need python3, and there is none.", hint="Install Python.")
        environ["PATH"] = f"{own.parent}{os.pathsep}{environ.get('PATH', os.defpath)}"
    return environ


def _show(place: Path, environ: Mapping[str, str], *words: str) -> int:
    """Run a command before the reader's eyes, its output and its errors on standard output."""
    _tell(f"$ {' '.join(words)}")
    return subprocess.run(words, cwd=place, env=environ, stderr=1, check=False).returncode


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
