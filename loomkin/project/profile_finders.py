"""How a project is built, tested and linted, as the files tell that its tools leave in the root."""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from loomkin.config.source import read_tree
from loomkin.errors import ConfigError
from loomkin.records.dataclass import dataclass

LARGEST = 1 << 20
MOST_TESTS = 20
PURPOSES = ("Build", "Test", "Lint", "Format", "Type check")


@dataclass(frozen=True, slots=True)
class Found:
    """One command, what it is for, and the file that tells of it; `writes` where it mends what it finds."""

    purpose: str
    command: str
    source: str
    writes: bool = False


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
        targets = set(re.findall(r"^([A-Za-z][\w.-]*)\s*:(?![:=])", text_of(root / name), re.M))
        yield from _named(targets, "make", name)


def _just(root: Path) -> Iterator[Found]:
    for name in ("justfile", "Justfile", ".justfile"):
        recipes = set(re.findall(r"^@?([A-Za-z][\w-]*)(?:\s[^:\n]*)?:(?!=)", text_of(root / name), re.M))
        yield from _named(recipes, "just", name)


def _node(root: Path) -> Iterator[Found]:
    try:
        package = json.loads(text_of(root / "package.json") or "{}")
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
    text = text_of(root / "pyproject.toml")
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


def ruff_fixes(root: Path) -> bool:
    """Whether ruff's own settings have it mend what it finds."""
    for name, keys in (("ruff.toml", ()), (".ruff.toml", ()), ("pyproject.toml", ("tool", "ruff"))):
        try:
            tree = read_tree(root / name, name)
        except ConfigError:
            continue
        table: object = tree.table if tree else {}
        for key in keys:
            table = table.get(key) if isinstance(table, dict) else None
        if isinstance(table, dict) and table.get("fix") is True:
            return True
    return False


def _fixed(file: str, **commands: str) -> Callable[[Path], Iterator[Found]]:
    def find(root: Path) -> Iterator[Found]:
        if (root / file).is_file():
            for purpose, command in commands.items():
                yield Found(purpose.capitalize().replace("_", " "), command, file)

    return find


def text_of(path: Path) -> str:
    """The beginning of a file, empty where it cannot be read."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(LARGEST)
    except OSError:
        return ""


def _setup_cfg(root: Path) -> Iterator[Found]:
    for name in ("setup.cfg", "tox.ini", "pytest.ini"):
        sections = set(re.findall(r"^\[([\w:. -]+)\]", text_of(root / name), re.M))
        if sections & {"tool:pytest", "pytest"}:
            yield Found("Test", "pytest", name)
        if "flake8" in sections:
            yield Found("Lint", "flake8", name)
        if "mypy" in sections:
            yield Found("Type check", "mypy .", name)
        if "testenv" in sections:
            yield Found("Test", "tox", name)


def _ruby(root: Path) -> Iterator[Found]:
    text, rake = text_of(root / "Gemfile"), text_of(root / "Rakefile")
    if re.search(r"""gem\s+["']rspec""", text) or (root / ".rspec").exists():
        yield Found("Test", "bundle exec rspec", "Gemfile")
    elif re.search(r"TestTask|task\s+:?\[?['\":]?test", rake):
        yield Found("Test", "bundle exec rake test" if text else "rake test", "Rakefile")
    elif "rails" in text:
        yield Found("Test", "bin/rails test", "Gemfile")
    if "rubocop" in text:
        yield Found("Lint", "bundle exec rubocop", "Gemfile")


def _php(root: Path) -> Iterator[Found]:
    try:
        package = json.loads(text_of(root / "composer.json") or "{}")
    except (ValueError, RecursionError):
        return
    scripts = package.get("scripts") if isinstance(package, dict) else None
    if isinstance(scripts, dict):
        yield from _named(set(scripts), "composer run", "composer.json")
    if (root / "phpunit.xml").exists() or (root / "phpunit.xml.dist").exists():
        yield Found("Test", "vendor/bin/phpunit", "phpunit.xml")


def _dotnet(root: Path) -> Iterator[Found]:
    name = next((name for name in _listed(root) if name.endswith((".sln", ".csproj", ".fsproj"))), "")
    if name:
        yield Found("Build", "dotnet build", name)
        yield Found("Test", "dotnet test", name)


def _python_tests(root: Path) -> Iterator[Found]:
    """Tests without any settings: pytest where a file says it, else what Python brings along itself."""
    for folder, alone in (("", ""), ("tests", " discover tests"), ("test", " discover test")):
        names = [name for name in _listed(root / folder) if re.fullmatch(r"test_\w+\.py|\w+_test\.py", name)]
        if names:
            texts = [text_of(root / folder / name) for name in names[:MOST_TESTS]]
            plain = any(re.search(r"^(?:import|from) unittest\b", text, re.M) for text in texts)
            pytest = r"^(?:import|from) pytest\b|^(?:async )?def test"
            bare = plain and not any(re.search(pytest, text, re.M) for text in texts)
            run = f"python3 -m unittest{alone}" if bare else "python3 -m pytest"
            yield Found("Test", run, f"{folder}/{names[0]}".lstrip("/"))
            return


def _ci(root: Path) -> Iterator[Found]:
    """Commands that the project's continuous integration runs, where nothing else tells."""
    flows = [f".github/workflows/{name}" for name in _listed(root / ".github" / "workflows")]
    for file in (*flows, ".gitlab-ci.yml", ".circleci/config.yml", ".travis.yml"):
        if not file.endswith((".yml", ".yaml")):
            continue
        for line in text_of(root / file).splitlines():
            command = re.sub(r"^\s*(?:-\s+)?(?:(?:run|script):\s*)?", "", line).strip()
            purpose = next((name for name, words in _CI.items() if re.match(words, command)), "")
            if purpose and "$" not in command and len(command) < 160:
                yield Found(purpose, command, file)


_RUN = r"(?:(?:uv|poetry|pdm|pipenv|hatch) run |bundle exec |python3? -m )?"
_CI = {
    "Test": rf"{_RUN}(?:pytest|tox|nox|unittest|rspec|rake test|npm (?:run )?test|yarn (?:run )?test"
    r"|pnpm (?:run )?test|go test|cargo test|mix test|phpunit|vendor/bin/phpunit|mvn\b.*\b(?:test|verify)"
    r"|\./gradlew\b.*\b(?:test|check)|make (?:test|check)|ctest|dotnet test|swift test|deno test|bats"
    r"|sbt test|stack test|cabal test)\b",
    "Lint": rf"{_RUN}(?:ruff check|flake8|pylint|eslint|npm run lint|yarn lint|golangci-lint|cargo clippy"
    r"|rubocop|mix credo|shellcheck|make lint)\b",
    "Type check": rf"{_RUN}(?:mypy|pyright|tsc)\b",
    "Build": r"(?:make build|cargo build|go build|npm run build|mvn\b.*\bpackage"
    r"|\./gradlew\b.*\b(?:build|assemble))\b",
}


def _listed(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


FINDERS: tuple[Callable[[Path], Iterator[Found]], ...] = (
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
    _setup_cfg,
    _fixed("gradlew", build="./gradlew build", test="./gradlew test"),
    _fixed("build.gradle", build="gradle build", test="gradle test"),
    _fixed("build.gradle.kts", build="gradle build", test="gradle test"),
    _fixed("pom.xml", build="mvn -q package", test="mvn -q test"),
    _fixed("mix.exs", build="mix compile", test="mix test", format="mix format"),
    _fixed("CMakeLists.txt", build="cmake -B build && cmake --build build", test="ctest --test-dir build"),
    _ruby,
    _php,
    _fixed("deno.json", test="deno test", lint="deno lint", format="deno fmt"),
    _fixed("Package.swift", build="swift build", test="swift test"),
    _fixed("pubspec.yaml", test="dart test", lint="dart analyze", format="dart format ."),
    _fixed("build.sbt", build="sbt compile", test="sbt test"),
    _fixed("stack.yaml", build="stack build", test="stack test"),
    _fixed("build.zig", build="zig build", test="zig build test"),
    _dotnet,
    _ci,
    _python_tests,
)

MARKS: Mapping[str, str] = {
    "pyproject.toml": "Python", "setup.py": "Python", "setup.cfg": "Python", "tox.ini": "Python",
    "pytest.ini": "Python", "tsconfig.json": "TypeScript", "package.json": "JavaScript", "Cargo.toml": "Rust",
    "go.mod": "Go", "mix.exs": "Elixir", "Gemfile": "Ruby", "Rakefile": "Ruby", "composer.json": "PHP",
    "phpunit.xml": "PHP", "pom.xml": "Java", "build.gradle": "Java", "build.gradle.kts": "Kotlin",
    "CMakeLists.txt": "C++", "Package.swift": "Swift", "pubspec.yaml": "Dart", "build.sbt": "Scala",
    "stack.yaml": "Haskell", "build.zig": "Zig", "deno.json": "TypeScript",
    "gradlew": "", "Makefile": "", "makefile": "", "GNUmakefile": "", "justfile": "", "Justfile": "",
    ".justfile": "", "uv.lock": "", "poetry.lock": "", "pdm.lock": "", "pnpm-lock.yaml": "", "yarn.lock": "",
    "bun.lock": "", "bun.lockb": "", "phpunit.xml.dist": "", ".rspec": "", ".gitlab-ci.yml": "",
    ".travis.yml": "", ".circleci/config.yml": "", ".github/workflows": "", "tests": "", "test": "", ".": "",
}  # fmt: skip
"""The files and folders that tell, with the language that each of them stands for."""
