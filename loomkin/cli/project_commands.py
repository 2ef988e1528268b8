"""Finds how a project is built, tested and linted, from the files that its tools leave in the root."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from loomkin.config.source import read_tree
from loomkin.errors import ConfigError
from loomkin.records.dataclass import dataclass

LARGEST = 1 << 20
MOST_TESTS = 20
PURPOSES = ("Build", "Test", "Lint", "Format", "Type check")


@dataclass(frozen=True, slots=True)
class Found:
    """One command, what it is for, and the file that tells of it."""

    purpose: str
    command: str
    source: str


def find_commands(root: Path) -> list[Found]:
    """One command for each purpose, in the order of `PURPOSES`; an unreadable file counts as missing."""
    found: dict[str, Found] = {}
    for finder in _FINDERS:
        for one in finder(root):
            found.setdefault(one.purpose, one)
    return [found[purpose] for purpose in PURPOSES if purpose in found]


_TARGETS = {
    "Build": ("build", "all", "compile"),
    "Test": ("test", "tests", "check"),
    "Lint": ("lint",),
    "Format": ("format", "fmt"),
    "Type check": ("typecheck", "type-check", "types", "mypy", "tsc"),
}


def _named(names: set[str], run: str, source: str) -> Iterator[Found]:
    for purpose, usual in _TARGETS.items():
        name = next((name for name in usual if name in names), "")
        if name:
            yield Found(purpose, f"{run} {name}", source)


def _make(root: Path) -> Iterator[Found]:
    for name in ("GNUmakefile", "makefile", "Makefile"):
        targets = set(re.findall(r"^([A-Za-z][\w.-]*)\s*:(?![:=])", _text(root / name), re.M))
        yield from _named(targets, "make", name)


def _just(root: Path) -> Iterator[Found]:
    for name in ("justfile", "Justfile", ".justfile"):
        recipes = set(re.findall(r"^@?([A-Za-z][\w-]*)(?:\s[^:\n]*)?:(?!=)", _text(root / name), re.M))
        yield from _named(recipes, "just", name)


def _node(root: Path) -> Iterator[Found]:
    try:
        package = json.loads(_text(root / "package.json") or "{}")
    except (ValueError, RecursionError):
        return
    scripts = package.get("scripts") if isinstance(package, dict) else None
    if not isinstance(scripts, dict):
        return
    locks = {"pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn", "bun.lock": "bun", "bun.lockb": "bun"}
    runner = next((runner for lock, runner in locks.items() if (root / lock).exists()), "npm")
    names = {name for name, body in scripts.items() if "no test specified" not in str(body)}
    yield from _named(names, f"{runner} run", "package.json")


def _python(root: Path) -> Iterator[Found]:
    try:
        tree = read_tree(root / "pyproject.toml", "pyproject.toml")
    except ConfigError:
        return
    if tree is None:
        return
    text = _text(root / "pyproject.toml")
    tools = tree.table.get("tool")
    tools = tools if isinstance(tools, dict) else {}
    locks = {"uv.lock": "uv run ", "poetry.lock": "poetry run ", "pdm.lock": "pdm run "}
    run = next((run for lock, run in locks.items() if (root / lock).exists()), "")
    programs = (
        ("Test", "pytest", "pytest", "pytest"),
        ("Lint", "ruff", "ruff", "ruff check ."),
        ("Format", "ruff", "ruff", "ruff format ."),
        ("Format", "black", "black", "black ."),
        ("Type check", "mypy", "mypy", "mypy ."),
        ("Type check", "pyright", "pyright", "pyright"),
    )
    for purpose, section, word, command in programs:
        if section in tools or re.search(rf"""["']{word}\b""", text):
            yield Found(purpose, run + command, "pyproject.toml")
    if "build-system" in tree.table:
        yield Found("Build", "uv build" if run.startswith("uv") else "python -m build", "pyproject.toml")


def _fixed(file: str, **commands: str) -> Callable[[Path], Iterator[Found]]:
    def find(root: Path) -> Iterator[Found]:
        if (root / file).is_file():
            for purpose, command in commands.items():
                yield Found(purpose.capitalize().replace("_", " "), command, file)

    return find


def _lone_tests(root: Path) -> Iterator[Found]:
    """Tests without any settings: pytest where a file says it, else what Python brings along itself."""
    for pattern, run in (
        ("test_*.py", "python3 -m unittest"),
        ("tests/test_*.py", "python3 -m unittest discover tests"),
    ):
        files = sorted(root.glob(pattern))[:MOST_TESTS]
        if files:
            texts = [_text(file) for file in files]
            plain = any(re.search(r"^(?:import|from) unittest\b", text, re.M) for text in texts)
            pytest = any(
                re.search(r"^(?:import|from) pytest\b|^(?:async )?def test", text, re.M) for text in texts
            )
            yield Found(
                "Test",
                run if plain and not pytest else "python3 -m pytest",
                files[0].relative_to(root).as_posix(),
            )


def _text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(LARGEST)
    except OSError:
        return ""


_FINDERS: tuple[Callable[[Path], Iterator[Found]], ...] = (
    _make,
    _just,
    _node,
    _python,
    _fixed(
        "Cargo.toml",
        build="cargo build",
        test="cargo test",
        lint="cargo clippy --all-targets",
        format="cargo fmt",
    ),
    _fixed("go.mod", build="go build ./...", test="go test ./...", lint="go vet ./...", format="gofmt -w ."),
    _fixed("gradlew", build="./gradlew build", test="./gradlew test"),
    _fixed("pom.xml", build="mvn -q package", test="mvn -q test"),
    _fixed("mix.exs", build="mix compile", test="mix test", format="mix format"),
    _fixed("CMakeLists.txt", build="cmake -B build && cmake --build build", test="ctest --test-dir build"),
    _fixed("tox.ini", test="tox"),
    _lone_tests,
)
