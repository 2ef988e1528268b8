"""The line in a commit's message that names a decision."""

import pytest

from loomkin.provenance.checks import is_check
from loomkin.provenance.trailers import Named, named, without

CHANGE = "n_1k0sp6svhxqrsrk"


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("Subject only", []),
        (f"Subject\n\nLoomkin-Decision: d1 {CHANGE}\n", [Named("d1", CHANGE)]),
        ("Subject\n\nloomkin-decision:d12", [Named("d12", "")]),
        (f"Subject\n\nLoomkin-Decision: {CHANGE}", [Named("", CHANGE)]),
        (f"A\n\nLoomkin-Decision: d1 {CHANGE}\n\nB\n\nLoomkin-Decision: d2\nLoomkin-Decision: d2",
         [Named("d1", CHANGE), Named("d2", "")]),
        ("We say Loomkin-Decision: d1 in a sentence", []),
        ("Subject\n\nLoomkin-Decision: nothing here", []),
    ],
)  # fmt: skip
def test_decisions_are_read_wherever_their_lines_stand(message: str, found: list[Named]) -> None:
    assert named(message) == found


def test_the_message_is_shown_without_them() -> None:
    assert without(f"Subject\n\nBody\n\nLoomkin-Decision: d1 {CHANGE}\n") == "Subject\n\nBody"


@pytest.mark.parametrize(
    ("command", "proves"),
    [
        ("pytest -q", True),
        ("cd src && .venv/bin/python -m pytest tests/x.py", True),
        ("npm test", True),
        ("CI=1 uv run pytest -x", True),
        ("/usr/bin/python3 -B -m unittest -q x", True),
        ("./gradlew test", True),
        ("npx jest --ci", True),
        ("echo pytest", False),
        ("grep -rn mypy .", False),
        ("npm run lint", True),
        ("go test ./...", True),
        ("cargo clippy --all", True),
        ("make check", True),
        ("ruff check .", True),
        ("pytest -q | tail -3", False),
        ("pytest || true", False),
        ("pytest; echo done", False),
        ("cat pytest.ini.txt", False),
        ("git log -3", False),
        ("pip install pytest-cov-none", False),
        ("ls tests", False),
        ("npm install", False),
        ("go build ./...", False),
    ],
)
def test_a_check_is_a_command_whose_own_exit_code_proves_something(command: str, proves: bool) -> None:
    assert is_check(command) is proves
