"""`loomkin demo`: the whole job on a sample repository, offline, with recorded model answers."""

import subprocess
import sys
import tempfile
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from loomkin.cli.main import run

app = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode=None, add_completion=False)

PROMPT = "A test fails. Find out why, mend it and run the tests."
ABOUT = """\
loomkin demo: the model's answers are recorded (no model and no network are used).
Everything else is real: the files, the edit, the permission checks, the test runs, the session on disk.
"""


@app.command()
def demo(
    folder: Annotated[
        str, typer.Argument(help="where to put the sample repository; default: a new temporary folder")
    ] = "",
) -> int:
    """Watch an agent find the bug behind a failing test, mend it, run the tests and report."""
    place = Path(folder or tempfile.mkdtemp(prefix="loomkin-demo-"))
    make_sample(place)
    sys.stdout.write(f"{ABOUT}\nSample repository: {place}\n\n$ python3 -m unittest\n")
    sys.stdout.flush()
    _tests(place)
    sys.stdout.write(
        f'\n$ loomkin ask --permission-mode edits --allowed-tools "shell(python3 -m unittest *)" "{PROMPT}"\n'
    )
    sys.stdout.flush()
    with resources.as_file(resources.files("loomkin").joinpath("demo", "answers.cassette")) as answers:
        code = run(
            ["ask", "-v", "-C", str(place), "--permission-mode", "edits", "--allowed-tools"]
            + ["shell(python3 -m unittest *)", "--replay-loosely", str(answers), PROMPT]
        )
    if code:
        return code
    sys.stdout.write("\n$ git diff\n")
    sys.stdout.flush()
    subprocess.run(["git", "--no-pager", "diff", "--no-color"], cwd=place, check=False)
    sys.stdout.write("\n$ python3 -m unittest\n")
    sys.stdout.flush()
    passed = _tests(place)
    sys.stdout.write(f"\nTry it yourself: cd {place} && loomkin sessions show\n")
    return 0 if passed else 1


def make_sample(place: Path) -> None:
    """Write the sample repository and commit it."""
    place.mkdir(parents=True, exist_ok=True)
    for entry in resources.files("loomkin").joinpath("demo", "sample").iterdir():
        (place / entry.name.removesuffix(".txt")).write_text(
            entry.read_text(encoding="utf-8"), encoding="utf-8"
        )
    person = ["-c", "user.name=Demo", "-c", "user.email=demo@example.org", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["add", "."], [*person, "commit", "-q", "-m", "A small shop"]):
        subprocess.run(["git", *words], cwd=place, check=True)


def _tests(place: Path) -> bool:
    return subprocess.run([sys.executable, "-m", "unittest"], cwd=place, check=False).returncode == 0
