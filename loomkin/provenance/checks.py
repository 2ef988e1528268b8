"""Which commands prove something by their exit code: test runs, type checks, linters."""

from collections.abc import Iterable

from loomkin.records.regex import pattern

_START = r"(?:^|&&|;|\()\s*(?:[A-Za-z_]\w*=\S*\s+)*"
"""Where a program's name stands: at the beginning, behind variables, or behind another command."""
_WRAP = r"(?:(?:uv|poetry|pdm|hatch|pipenv|bundle|rye|npx|pnpm|bunx|time|env|exec|run|timeout\s+\S+)\s+)*"
_RUNNERS = pattern(
    _START + _WRAP + r"(?:\S*/)?(?:python[\d.]*\s+(?:-[A-Za-ln-z]\s+)*-m\s+)?"
    r"(?:(?:pytest|py\.test|unittest|tox|nox|jest|vitest|mocha|ava|rspec|phpunit|ctest|bats|busted"
    r"|mypy|pyright|tsc|eslint|flake8|pylint|golangci-lint|shellcheck)(?=\s|$|\))"
    r"|ruff\s+check\b|(?:npm|pnpm|yarn|bun|deno)\s+(?:run\s+)?(?:test|check|lint|typecheck)\b"
    r"|(?:go|cargo|mix|dotnet|swift|zig|sbt|gradle|gradlew|mvn|rake|dune|stack|cabal)\s+(?:[^;&|]*\s)?"
    r"(?:test|check|vet|clippy|verify)\b"
    r"|(?:make|just|task|ninja)\s+(?:[^;&|]*\s)?(?:tests?|check|unit|lint)\b)"
)
_HIDDEN = pattern(r"\|(?!\|)|\|\||;\s*\S|&\s*$")


def is_check(command: str, known: Iterable[str] = ()) -> bool:
    """Whether a command proves something and its exit code is the proof's own.

    `known` are the project's own commands. What a pipe, `||` or `;` follows hides the code.
    """
    if _HIDDEN.search(command):
        return False
    return any(one and one in command for one in known) or _RUNNERS.search(command) is not None
