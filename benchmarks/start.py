"""From nothing to an answer: processor time, memory, what is imported, and how soon it ends."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.figures import Figure, middle, times_floor
from benchmarks.model import ANSWER, QUESTION, Place, place
from benchmarks.process import CommandFailed, Floor, Run, run

ROUNDS = 15
NEVER = (
    "litellm", "openai", "anthropic", "pydantic", "rich", "prompt_toolkit", "tree_sitter",
    "charset_normalizer", "pathspec", "tomlkit", "jsonschema",
)  # fmt: skip
WATCHED = (
    "ssl",
    "typer",
    "click",
    "sqlite3",
    "asyncio",
    "tomllib",
    "difflib",
    "inspect",
    "importlib.metadata",
)
FILES = {"README.md": "A sample.\n", "calc.py": "def double(value):\n    return value * 2\n"}
_IMPORTED = """
import json, sys
from loomkin.cli.main import run
code = run(sys.argv[1:])
sys.stderr.write("\\n" + json.dumps(sorted(sys.modules)))
sys.exit(code)
"""


def command() -> list[str]:
    """The installed `loomkin`, else the module."""
    installed = Path(sys.executable).with_name("loomkin")
    return [str(installed)] if installed.exists() else [sys.executable, "-m", "loomkin"]


def measure(floor: Floor) -> Iterator[Figure]:
    """Floor, `--version`, `--help` and `ask` take turns."""
    with place([ANSWER], FILES) as here:
        cases = {"--version": ["--version"], "--help": ["--help"], "ask": ["ask", QUESTION]}
        runs: dict[str, list[Run]] = {name: [] for name in cases}
        exits = []
        _loomkin(here, cases["ask"])
        for _ in range(ROUNDS):
            floor.sample()
            for name, words in cases.items():
                runs[name].append(_loomkin(here, words))
            exits.append(runs["ask"][-1].ended - here.calls()[-1]["ended"])
        begun = [call["started"] for call in here.calls()[1:]]
        modules = _modules(here, cases["ask"])
    answers = runs["ask"]
    cpu = {name: [one.cpu for one in taken] for name, taken in runs.items()}
    yield times_floor("--version, CPU", cpu["--version"], floor, "<= 2")
    yield times_floor("--help, CPU", cpu["--help"], floor, "<= 5")
    yield times_floor("ask, CPU", cpu["ask"], floor, "<= 18")
    yield middle("ask, wall", [one.wall for one in answers])
    sent = [start - one.began for start, one in zip(begun, answers, strict=True)]
    yield middle("ask, start to request", sent)
    yield middle("ask, end of the answer to exit", exits, "<= 50")
    resident = max(one.resident for one in answers) / 1e6
    yield Figure("ask, peak memory", resident, "MB", "<= 60", note=f"floor {floor.resident / 1e6:.1f} MB")
    found = [name for name in NEVER if name in modules]
    note = ", ".join(found) if found else f"none of {', '.join(NEVER)}"
    yield Figure("ask, modules that it should not load", len(found), "modules", "0", note=note)
    watched = ", ".join(name for name in WATCHED if name in modules)
    yield Figure("ask, modules loaded in all", len(modules), "modules", note=f"with {watched}")


def _loomkin(here: Place, words: Sequence[str]) -> Run:
    return run([*command(), *words], environ=here.environ, cwd=here.project)


def _modules(here: Place, words: Sequence[str]) -> set[str]:
    done = run([sys.executable, "-c", _IMPORTED, *words], environ=here.environ, cwd=here.project)
    try:
        return set(json.loads(done.err.strip().splitlines()[-1]))
    except (ValueError, IndexError) as error:
        raise CommandFailed(f"no list of modules came back: {done.err[-300:]}") from error
